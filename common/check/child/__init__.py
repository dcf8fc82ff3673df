"""What runs in a port's own interpreter: files started and loaded by path, not imported."""
