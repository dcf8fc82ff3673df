"""The device and the precision of this process."""

import os

import torch

from common import UsageError
from common.backends.cuda import no_cuda_message
from common.processes.memory import process_peak

# If an index has both, pip prefers torch's CPU builds, such as 2.10.0+cpu.
_INSTALL = "make setup-gpu, or pip install --force-reinstall -c .constraints/cuda12.txt torch"

# torch.set_default_device would do, but costs a Python call on every operation.
_chosen = torch.device("cpu")
_compiled = False
_mixed = False


def available_devices() -> list[str]:
    """The names of the devices that this framework can use here, CPU first."""
    gpus = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    return ["cpu", *(f"cuda: {gpu}" for gpu in gpus)]


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
    if device == "cuda":
        # cuBLAS reads this when its first handle is made; determinism requires it.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        if not torch.cuda.is_available():
            cuda = torch.version.cuda or ""
            raise UsageError(
                no_cuda_message("PyTorch", built=bool(cuda), install=_INSTALL, built_for=cuda)
            )
    global _chosen, _compiled, _mixed
    _chosen = torch.device(device)
    torch.set_default_dtype(getattr(torch, dtype))
    torch.use_deterministic_algorithms(exact)
    torch.backends.cuda.matmul.allow_tf32 = not exact
    # cuDNN rounds convolutions to TF32 by default, unlike matrix products.
    torch.backends.cudnn.allow_tf32 = not exact
    # cuDNN then times its algorithms for each new shape, and keeps the fastest.
    torch.backends.cudnn.benchmark = not exact
    # Compiling takes longer than a short run, so it is off by default.
    _compiled = bool(compiled)
    _mixed = mixed


def is_compiled() -> bool:
    """Whether whole steps are compiled, or run operation by operation."""
    return _compiled


def is_mixed() -> bool:
    """Whether matrix products and convolutions compute in bfloat16."""
    return _mixed


def chosen_device() -> torch.device:
    """The device that `configure` chose."""
    return _chosen


def synchronise() -> None:
    """Wait for every pending computation, even if its result has not been read."""
    if _chosen.type == "cuda":
        torch.cuda.synchronize(_chosen)


def peak_memory() -> int | None:
    """The peak memory in bytes: of this framework on a GPU, of this process on the CPU."""
    if _chosen.type == "cuda":
        return torch.cuda.max_memory_allocated(_chosen)
    return process_peak()


def environment() -> dict[str, str]:
    """The versions, device and precision, for reports."""
    cuda = _chosen.type == "cuda"
    return {
        "torch": torch.__version__,
        "device": torch.cuda.get_device_name() if cuda else "cpu",
        "cuda": str(torch.version.cuda) if cuda else "",
        "tf32": str(torch.backends.cuda.matmul.allow_tf32 or torch.backends.cudnn.allow_tf32),
        "deterministic": str(torch.are_deterministic_algorithms_enabled()),
        "threads": str(torch.get_num_threads()),
        "compiled": str(is_compiled()),
        "mixed": str(is_mixed()),
    }
