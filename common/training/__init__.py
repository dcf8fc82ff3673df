"""Training runs: a folder with checkpoints, metrics and pictures; any framework can resume one."""
