"""The device and the precision of this process."""

import os
import signal
from functools import cache
from pathlib import Path

import jittor as jt
from jittor_utils.lock import lock_path

from common import UsageError
from common.backends.cuda import no_cuda_message
from common.backends.jittor_cuda import INSTALL, find_toolkit
from common.backends.jittor_kernels import quick_kernels
from common.processes.memory import process_peak

_CACHE = Path(jt.flags.cache_path)


def available_devices() -> list[str]:
    """The names of the devices that this framework can use here, CPU first."""
    # Jittor reports the number of GPUs but not their names.
    gpus = jt.core.get_device_count() if jt.has_cuda else 0
    return ["cpu", *(f"cuda: device {gpu}" for gpu in range(gpus))]


def configure(
    *, device: str, dtype: str, exact: bool, mixed: bool = False, compiled: bool | None = None
) -> None:
    """Choose the device and the floating-point type of everything that follows.

    Args:
        device: "cpu" or "cuda".
        dtype: "float32" or "float64".
        exact: full-precision multiplications and deterministic algorithms, at some cost in speed.
        mixed: matrix products and convolutions in bfloat16; parameters, batch statistics and losses
            in float32.
        compiled: whether whole steps are compiled; None means the framework's own default.

    Raises:
        UsageError: this framework sees no CUDA device, or has no bfloat16 on the chosen one.
    """
    if mixed and device == "cpu":
        # Sums of products of bfloat16 arrays would themselves be rounded to bfloat16 there.
        raise UsageError(
            "Jittor has no usable bfloat16 on a CPU: leave out --precision fast, or add "
            "--device cuda"
        )
    if device == "cuda" and len(available_devices()) == 1:
        raise UsageError(no_cuda_message("Jittor", built=bool(jt.has_cuda), install=INSTALL))
    jt.flags.use_cuda = int(device == "cuda")
    # Unless this is 0, every float64 array is converted to float32 when it is passed in.
    jt.flags.auto_convert_64_to_32 = int(dtype == "float32")
    # 1 lets cuBLAS round the factors of float32 products to TF32, 2 to bfloat16.
    jt.flags.use_tensorcore = 2 if mixed else int(not exact)
    # Jittor always compiles; in lazy mode it fuses pending operations into one kernel.
    jt.flags.lazy_execution = int(compiled is not False)
    _compile_quickly()
    _keep_kernels_apart(dtype)
    # Jittor takes a child that ends or is stopped, as by Ctrl-Z, for lack of memory and exits.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)


def is_compiled() -> bool:
    """Whether whole steps are compiled, or run operation by operation."""
    return bool(jt.flags.lazy_execution)


def is_mixed() -> bool:
    """Whether matrix products and convolutions compute in bfloat16."""
    return jt.flags.use_tensorcore == 2


def chosen_device() -> str:
    """The device that `configure` chose."""
    return "cuda" if jt.flags.use_cuda else "cpu"


def synchronise() -> None:
    """Wait for every pending computation, even if its result has not been read."""
    jt.sync_all(True)


def peak_memory() -> int | None:
    """The peak memory in bytes: of this framework on a GPU, of this process on the CPU."""
    # On a GPU it records the peak only if it also keeps a stack trace for every array.
    return None if jt.flags.use_cuda else process_peak()


def environment() -> dict[str, str]:
    """The versions, device and precision, for reports."""
    toolkit = find_toolkit() if jt.flags.use_cuda else None
    cuda = {} if toolkit is None else {"cuda toolkit": toolkit.describe()}
    return {
        "jittor": jt.__version__,
        "device": chosen_device(),
        **cuda,
        "dtype": chosen_dtype(),
        "onednn": str(jt.compile_extern.mkl_ops is not None),
        "tensor cores": str(bool(jt.flags.use_tensorcore)),
        "compiler": jt.flags.cc_path,
        "threads": os.environ.get("OMP_NUM_THREADS") or str(os.cpu_count()),
        "compiled": str(is_compiled()),
        "mixed": str(is_mixed()),
    }


@cache
def _compile_quickly() -> None:
    """Compile the headers of the kernels once, instead of once for every kernel."""
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
    """Give the kernels of each type a separate folder with a separate lock.

    Only one process compiles at a time. Processes of one type need not wait for those of the
    other, with which they share almost no kernels.
    """
    folder = _CACHE if dtype == "float32" else _CACHE / dtype
    if folder == Path(jt.flags.cache_path):
        return
    for part in ("jit", "obj_files", "tmp"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    jt.flags.cache_path = str(folder)
    # Processes that use only float32 hold Jittor's own lock.
    lock = Path(lock_path) if folder == _CACHE else folder / "lock"
    lock.touch()
    jt.core.set_lock_path(str(lock))


def chosen_dtype() -> str:
    """The type that `configure` chose: "float32" or "float64"."""
    return "float32" if jt.flags.auto_convert_64_to_32 else "float64"
