"""What Jittor needs for several devices: Open MPI, whose mpirun starts one process for each."""

import os
import shutil
from functools import cache

SIZE = "OMPI_COMM_WORLD_SIZE"  # set by mpirun, and read by Jittor
LOCAL_RANK, LOCAL_SIZE = "OMPI_COMM_WORLD_LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_SIZE"
COMPILER, SWITCH = "mpicc_path", "use_mpi"  # read by Jittor
VISIBLE = "CUDA_VISIBLE_DEVICES"
INSTALL = "install it with: apt-get install openmpi-bin libopenmpi-dev"


def variables(devices: int) -> dict[str, str]:
    """The environment variables with which Jittor uses MPI, or leaves it alone on one device."""
    if devices == 1:
        return {SWITCH: "0"}
    # Its compiler threads share a lock with the other processes, which a signal may break.
    return {SWITCH: "1", "use_parallel_op_compiler": "0"}


def problem(devices: int) -> str | None:
    """Why Jittor cannot compute on that many devices in this process, and the remedy; or None."""
    started = os.environ.get(SIZE)
    if devices == 1:
        # Inside mpirun, Jittor's import fails without MPI.
        wanted = f"add --devices {started}, or " if started != "1" else ""
        return started and f"mpirun started this process: {wanted}run the command without mpirun"
    if not os.environ.get(COMPILER) and shutil.which("mpicc") is None:
        return f"Jittor computes on {devices} devices through Open MPI; {INSTALL}"
    if os.environ.get(SWITCH) == "0":
        return f"use_mpi=0 forbids Jittor to use {devices} devices; unset it"
    if started is None:
        return f"{devices} devices need as many processes; start them with: mpirun -np {devices}"
    if int(started) != devices:
        return f"{devices} devices need as many processes; mpirun started {started}"
    return None


@cache
def own_gpu() -> dict[str, str]:
    """The environment variable that shows this process one GPU of its host, or none if it has
    fewer GPUs than processes."""
    rank = int(os.environ.get(LOCAL_RANK, "0"))
    if VISIBLE not in os.environ:
        return {VISIBLE: str(rank)}
    visible = [name for name in os.environ[VISIBLE].split(",") if name]
    return {VISIBLE: visible[rank] if rank < len(visible) else ""}
