"""Training runs: a folder with checkpoints, metrics and pictures, resumable in any framework."""
