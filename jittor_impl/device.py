"""Where and how precisely this process computes."""

import os
import signal
from functools import cache
from pathlib import Path

import jittor as jt
from jittor_utils.lock import lock_path

from common import UsageError
from common.backends.cuda import no_cuda_message
from common.backends.jittor_kernels import quick_kernels
from common.processes.memory import process_peak

_CACHE = Path(jt.flags.cache_path)
# Jittor compiles for cards where it finds nvcc, which no package of pip's brings.
_INSTALL = "install the CUDA toolkit and put its nvcc on the PATH"


def available_devices() -> list[str]:
    """The devices this framework can compute on here, by name, CPU first."""
    # Jittor counts the cards and does not know their names.
    cards = jt.core.get_device_count() if jt.has_cuda else 0
    return ["cpu", *(f"cuda: device {card}" for card in range(cards))]


def configure(*, device: str, dtype: str, exact: bool, compiled: bool | None = None) -> None:
    """Choose the device and the floating-point type of everything that follows.

    Args:
        device: "cpu" or "cuda".
        dtype: "float32" or "float64".
        exact: full-precision multiplications and deterministic algorithms, at some cost in speed.
        compiled: whether steps are compiled whole; None leaves the framework its habit.

    Raises:
        UsageError: CUDA is requested and this framework sees no CUDA device.
    """
    if device == "cuda" and not jt.has_cuda:
        raise UsageError(no_cuda_message("Jittor", built=False, install=_INSTALL))
    jt.flags.use_cuda = int(device == "cuda")
    # Unless this is 0, every float64 array becomes float32 on its way in.
    jt.flags.auto_convert_64_to_32 = int(dtype == "float32")
    jt.flags.use_tensorcore = int(not exact)
    # Jittor compiles in any case; lazily, it fuses what was not read yet into one kernel.
    jt.flags.lazy_execution = int(compiled is not False)
    _compile_quickly()
    _keep_kernels_apart(dtype)
    # A child that ends or is stopped, as by Ctrl-Z, means lack of memory to Jittor: it would exit.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)


def is_compiled() -> bool:
    """Whether steps are compiled whole, or run operation by operation."""
    return bool(jt.flags.lazy_execution)


def chosen_device() -> str:
    """The device that `configure` chose."""
    return "cuda" if jt.flags.use_cuda else "cpu"


def synchronise() -> None:
    """Return once every pending computation has finished, also those nobody has read."""
    jt.sync_all(True)


def peak_memory() -> int | None:
    """The most bytes allocated at once: on a card by this framework, on the CPU by this process."""
    # On a card it counts its memory's peak only while it also keeps a stack for every array.
    return None if jt.flags.use_cuda else process_peak()


def environment() -> dict[str, str]:
    """Versions, device and precision, as a report's fingerprint."""
    return {
        "jittor": jt.__version__,
        "device": chosen_device(),
        "dtype": chosen_dtype(),
        "onednn": str(jt.compile_extern.mkl_ops is not None),
        "tensor cores": str(bool(jt.flags.use_tensorcore)),
        "compiler": jt.flags.cc_path,
        "threads": os.environ.get("OMP_NUM_THREADS") or str(os.cpu_count()),
        "compiled": str(is_compiled()),
    }


@cache
def _compile_quickly() -> None:
    """Compile what every kernel includes once, instead of once for every kernel."""
    settings = quick_kernels(
        _CACHE,
        compiler=jt.flags.cc_path,
        kind=jt.flags.cc_type,
        flags=jt.flags.cc_flags,
        version=jt.__version__,
    )
    if settings is not None:
        flags, python = settings
        jt.flags.cc_flags += flags
        jt.flags.python_path = python


def _keep_kernels_apart(dtype: str) -> None:
    """Kernels of each type in a folder of their own, below a lock of their own.

    One process compiles at a time: those of one type need not wait for those of the other, with
    which they share next to nothing.
    """
    folder = _CACHE if dtype == "float32" else _CACHE / dtype
    if folder == Path(jt.flags.cache_path):
        return
    for part in ("jit", "obj_files", "tmp"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    jt.flags.cache_path = str(folder)
    # Processes that never leave float32 hold Jittor's own lock.
    lock = Path(lock_path) if folder == _CACHE else folder / "lock"
    lock.touch()
    jt.core.set_lock_path(str(lock))


def chosen_dtype() -> str:
    """The type that `configure` chose: "float32" or "float64"."""
    return "float32" if jt.flags.auto_convert_64_to_32 else "float64"
