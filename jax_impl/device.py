"""Where and how precisely this process computes."""

import os
from importlib.metadata import entry_points

import flax
import jax
import jaxlib
import optax

from common import UsageError
from common.backends.cuda import no_cuda_message
from common.processes.memory import process_peak

_INSTALL = "make setup-gpu, or pip install -c .constraints/cuda12.txt 'jax[cuda12]'"
# XLA reads its flags once, when the first backend starts: after that they change nothing.
_EXACT_FLAGS = ("--xla_gpu_deterministic_ops=true", "--xla_allow_excess_precision=false")


def available_devices() -> list[str]:
    """The devices this framework can compute on here, by name, CPU first."""
    return ["cpu", *(f"cuda: {card.device_kind}" for card in _cards())]


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
    # Otherwise the first use of a card takes three quarters of its memory.
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    if exact:
        flags = os.environ.get("XLA_FLAGS", "").split()
        missing = [flag for flag in _EXACT_FLAGS if flag not in flags]
        os.environ["XLA_FLAGS"] = " ".join(flags + missing)
    if device == "cuda" and not _cards():
        # jaxlib computes on the CPU; cards are a plugin's.
        built = any("cuda" in plugin.name for plugin in entry_points(group="jax_plugins"))
        raise UsageError(no_cuda_message("JAX", built=built, install=_INSTALL))
    jax.config.update("jax_default_device", jax.devices(device)[0])
    # Without x64, JAX turns every float64 array into float32.
    jax.config.update("jax_enable_x64", dtype == "float64")
    # None lets cards round the factors of matrix products and convolutions to TF32.
    jax.config.update("jax_default_matmul_precision", "highest" if exact else None)
    jax.config.update("jax_disable_jit", compiled is False)


def is_compiled() -> bool:
    """Whether steps are compiled whole, or run operation by operation."""
    return not jax.config.jax_disable_jit


def chosen_device() -> jax.Device:
    """The device that `configure` chose."""
    return jax.config.jax_default_device or jax.devices("cpu")[0]


def synchronise() -> None:
    """Return once every pending computation has finished, also those nobody has read."""
    # Unless a platform is named, these are the arrays of the default one: with a card, its own.
    jax.block_until_ready(jax.live_arrays(chosen_device().platform))


def peak_memory() -> int | None:
    """The most bytes allocated at once: on a card by this framework, on the CPU by this process."""
    if chosen_device().platform == "cpu":
        return process_peak()
    # A platform need not count.
    return (chosen_device().memory_stats() or {}).get("peak_bytes_in_use")


def environment() -> dict[str, str]:
    """Versions, device and precision, as a report's fingerprint."""
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
    }


def _cards() -> list[jax.Device]:
    try:
        return jax.devices("cuda")
    except RuntimeError:
        return []
