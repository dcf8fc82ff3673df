"""The device and the precision of this process."""

import os
from importlib.metadata import entry_points

import flax
import jax
import jaxlib
import optax

from common import UsageError
from common.backends.cuda import no_cuda_message
from common.processes.memory import process_peak
from jax_impl.parallel import local_device

_INSTALL = "make setup-gpu, or pip install -c .constraints/cuda12.txt 'jax[cuda12]'"
# XLA reads its flags once, when the first backend starts.
_EXACT_FLAGS = ("--xla_gpu_deterministic_ops=true", "--xla_allow_excess_precision=false")
_mixed = False


def available_devices() -> list[str]:
    """The names of the devices that this framework can use here, CPU first."""
    return ["cpu", *(f"cuda: {gpu.device_kind}" for gpu in _gpus())]


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
    # Otherwise the first use of a GPU reserves three quarters of its memory.
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    if exact:
        flags = os.environ.get("XLA_FLAGS", "").split()
        missing = [flag for flag in _EXACT_FLAGS if flag not in flags]
        os.environ["XLA_FLAGS"] = " ".join(flags + missing)
    if device == "cuda" and not _gpus():
        # jaxlib itself supports only the CPU; GPUs need a plugin.
        plugins = [plugin.name for plugin in entry_points(group="jax_plugins")]
        versions = sorted(name.partition("cuda")[2] for name in plugins if "cuda" in name)
        cuda = versions[-1] if versions else ""
        raise UsageError(
            no_cuda_message("JAX", built=bool(versions), install=_INSTALL, built_for=cuda)
        )
    jax.config.update("jax_default_device", local_device(device))
    # Without x64, JAX turns every float64 array into float32.
    jax.config.update("jax_enable_x64", dtype == "float64")
    # None lets GPUs round the factors of matrix products and convolutions to TF32.
    jax.config.update("jax_default_matmul_precision", "highest" if exact else None)
    jax.config.update("jax_disable_jit", compiled is False)
    global _mixed
    _mixed = mixed


def is_compiled() -> bool:
    """Whether whole steps are compiled, or run operation by operation."""
    return not jax.config.jax_disable_jit


def is_mixed() -> bool:
    """Whether matrix products and convolutions compute in bfloat16."""
    return _mixed


def chosen_device() -> jax.Device:
    """The device that `configure` chose."""
    return jax.config.jax_default_device or jax.devices("cpu")[0]


def synchronise() -> None:
    """Wait for every pending computation, even if its result has not been read."""
    # Without a platform, only the arrays of the default device would be listed.
    jax.block_until_ready(jax.live_arrays(chosen_device().platform))


def peak_memory() -> int | None:
    """The peak memory in bytes: of this framework on a GPU, of this process on the CPU."""
    if chosen_device().platform == "cpu":
        return process_peak()
    # Not every platform reports statistics.
    return (chosen_device().memory_stats() or {}).get("peak_bytes_in_use")


def environment() -> dict[str, str]:
    """The versions, device and precision, for reports."""
    device = chosen_device()
    return {
        "jax": jax.__version__,
        "jaxlib": jaxlib.__version__,
        "flax": flax.__version__,
        "optax": optax.__version__,
        "device": "cpu" if device.platform == "cpu" else device.device_kind,
        "precision": str(jax.config.jax_default_matmul_precision or "default"),
        "x64": str(jax.config.jax_enable_x64),
        "xla_flags": os.environ.get("XLA_FLAGS", ""),
        "deterministic": str(_EXACT_FLAGS[0] in os.environ.get("XLA_FLAGS", "").split()),
        "compiled": str(is_compiled()),
        "mixed": str(is_mixed()),
    }


def _gpus() -> list[jax.Device]:
    try:
        return jax.devices("cuda")
    except RuntimeError:
        return []
