"""Start the processes that train together, with the launcher that each framework has."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from common import UsageError
from common.backends import TITLES, jittor_mpi
from common.processes.child import python_path, share_of_threads

# One process for each device; TensorFlow and JAX have all devices of a host in one process.
BY_PROCESS = ("torch", "jittor")
# What a process reads of those that were started with it.
_LAUNCHED = {
    "torch": "WORLD_SIZE",
    "tf": "TF_CONFIG",
    "jax": "JAX_NUM_PROCESSES",
    "jittor": jittor_mpi.SIZE,
}
# Seconds that the processes have to save a checkpoint after Ctrl-C; torchrun gives 30.
_GRACE = "20"
LAST_LINES = 40  # of standard error, shown of processes that failed without a word of ours


def needs_launcher(backend: str, devices: int) -> bool:
    """Whether processes have to be started: several are needed, and this is not one of them."""
    return devices > 1 and backend in BY_PROCESS and _LAUNCHED[backend] not in os.environ


def check_started(backend: str, devices: int) -> None:
    """Check that processes that were started together are told to train together.

    Raises:
        UsageError: they are not: each would write the same files.
    """
    started = _started(backend)
    if devices == 1 and started > 1:
        raise UsageError(
            f"{TITLES[backend]}: {started} processes were started together; add --devices with "
            "the number of all their devices"
        )


def _started(backend: str) -> int:
    """How many processes the launcher started, by what it told this one."""
    variable = _LAUNCHED[backend]
    told = os.environ.get(variable, "")
    try:
        if backend == "tf":
            cluster = json.loads(told)["cluster"]
            return sum(len(cluster.get(kind, ())) for kind in ("chief", "worker"))
        return int(told)
    except (ValueError, KeyError, TypeError):
        return 1


def launch_command(backend: str, devices: int, arguments: Sequence[str]) -> list[str]:
    """The command that runs Python with these arguments in one process for each device.

    Raises:
        UsageError: the launcher is not installed.
    """
    if backend not in BY_PROCESS or devices == 1:
        return [sys.executable, *arguments]
    if backend == "torch":
        torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
        return [*torchrun, f"--nproc-per-node={devices}", *arguments]
    mpirun = shutil.which("mpirun")
    if mpirun is None or shutil.which("mpicc") is None:
        raise UsageError(
            f"Jittor computes on {devices} devices through Open MPI; {jittor_mpi.INSTALL}"
        )
    # Open MPI gives each process a core of its own, and does not run as root unasked.
    options = ["--oversubscribe", "--bind-to", "none", "--mca", "odls_base_sigkill_timeout", _GRACE]
    options += ["--allow-run-as-root"] if os.geteuid() == 0 else []
    return [mpirun, "-np", str(devices), *options, sys.executable, *arguments]


def launch_environment(devices: int) -> Mapping[str, str]:
    """The environment of the processes: each has its share of the cores, unless somebody chose."""
    own = {**jittor_mpi.variables(devices), "PYTHONPATH": python_path()}
    return {**share_of_threads(devices), **os.environ, **own}


def cluster(backend: str, processes: int) -> list[dict[str, str]]:
    """For TensorFlow or JAX on one host, what tells each of several processes of the others."""
    ports = _free_ports(processes)
    places = [f"127.0.0.1:{port}" for port in ports]
    if backend == "jax":
        shared = {"JAX_COORDINATOR_ADDRESS": places[0], "JAX_NUM_PROCESSES": str(processes)}
        return [shared | {"JAX_PROCESS_ID": str(index)} for index in range(processes)]
    tasks = ({"type": "worker", "index": index} for index in range(processes))
    return [{"TF_CONFIG": json.dumps({"cluster": {"worker": places}, "task": t})} for t in tasks]


def group_of(
    backend: str,
    devices: int,
    processes: int,
    arguments: Sequence[str],
    prepared: Mapping[str, str],
) -> tuple[list[list[str]], list[dict[str, str]]]:
    """The commands and environments that run Python on devices of this host.

    With several `processes`, TensorFlow and JAX share the devices as over several hosts.

    Raises:
        UsageError: the launcher is not installed.
    """
    command = launch_command(backend, devices, arguments)
    several = processes > 1 and backend not in BY_PROCESS
    own: list[dict[str, str]] = cluster(backend, processes) if several else [{}]
    shared = {**launch_environment(devices), **prepared}
    return [command] * len(own), [{**shared, **each} for each in own]


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]


def run_launched(backend: str, devices: int, arguments: Sequence[str]) -> int:
    """Run Python in one process for each device until all have ended; return the exit status.

    Of what the processes and their launcher say on standard error, each line that begins with
    "error:" is shown once; all of it, if there is no such line and they failed.

    Raises:
        UsageError: the launcher is not installed.
    """
    process = subprocess.Popen(
        launch_command(backend, devices, arguments),
        env=launch_environment(devices),
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )
    received: list[int] = []

    def forward(number: int, frame: Any) -> None:
        received.append(number)
        process.terminate()

    # The terminal tells the processes too, which save before they end; SIGTERM comes here alone.
    before = {
        signal.SIGINT: signal.signal(signal.SIGINT, lambda number, frame: received.append(number)),
        signal.SIGTERM: signal.signal(signal.SIGTERM, forward),
    }
    try:
        said, shown = _errors(process)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if received:
        return 128 + received[0]
    if process.returncode and not shown:
        sys.stderr.writelines(said[-LAST_LINES:])
        sys.stderr.write(
            f"error: a process of this run has ended (status {process.returncode}); the last "
            "checkpoint is unchanged: continue with --resume\n"
        )
    return process.returncode


def _errors(process: subprocess.Popen[str]) -> tuple[list[str], set[str]]:
    """All that the processes say on standard error, and the lines that were shown."""
    said, shown = list[str](), set[str]()
    assert process.stderr is not None
    for line in process.stderr:
        said.append(line)
        if line.startswith("error:") and line not in shown:
            shown.add(line)
            sys.stderr.write(line)
    process.wait()
    return said, shown
