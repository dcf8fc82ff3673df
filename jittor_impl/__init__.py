"""The GANs in Jittor: lazy modules, compiled operators and jittor.optim."""

import os

# Jittor reads these at import. The import crashes if it finds a CUDA compiler but not CUDA's
# libraries; an empty path switches CUDA off.
if os.environ.get("ROSETTA_DEVICE") != "cuda":
    os.environ.setdefault("nvcc_path", "")
# Where it finds an MPI compiler it compiles MPI's operators; inside mpirun it needs them.
if "OMPI_COMM_WORLD_SIZE" not in os.environ:
    os.environ.setdefault("use_mpi", "0")
os.environ.setdefault("log_silent", "1")
