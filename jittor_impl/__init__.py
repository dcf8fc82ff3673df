"""The GANs in Jittor: lazy modules, compiled operators and jittor.optim."""

import os

# Jittor reads these while it is imported. A CUDA compiler that it finds without CUDA's libraries
# makes the import crash; an empty path is its way of saying that no CUDA is wanted.
if os.environ.get("ROSETTA_DEVICE") != "cuda":
    os.environ.setdefault("nvcc_path", "")
os.environ.setdefault("log_silent", "1")
