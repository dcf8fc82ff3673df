"""The four ports by name, and importing one."""

import os
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType

from common import UsageError
from common.backends.python_headers import python_config
from common.backends.xla_cache import compilation_cache
from common.setup.libraries import absent

BACKENDS = ("torch", "tf", "jax", "jittor")
TITLES = {"torch": "PyTorch", "tf": "TensorFlow/Keras", "jax": "JAX/Flax NNX", "jittor": "Jittor"}
DISTRIBUTIONS = {
    "torch": ("torch",),
    "tf": ("tensorflow-cpu", "tensorflow", "keras"),
    "jax": ("jax", "flax", "optax"),
    "jittor": ("jittor",),
}
# Which entry of a backend's environment is the version that it goes by.
VERSION_KEYS = {"torch": "torch", "tf": "tensorflow", "jax": "jax", "jittor": "jittor"}
PARTS = (
    "device",
    "export",
    "gan",
    "interop",
    "plain",
    "probes",
    "sampling",
    "schedule",
    "steps",
)
JITTOR_CACHE = "gan-rosetta"
TF32 = "NVIDIA_TF32_OVERRIDE"
# How much of its work on a program XLA does: all, or less, where a program runs a few times only.
FULL, LESS, LEAST = "full", "less", "least"
_LEVEL = "--xla_cpu_parallel_codegen_split_count=1 --xla_backend_optimization_level="
XLA_EFFORT = {FULL: "", LESS: f"{_LEVEL}1", LEAST: f"{_LEVEL}0"}
# An unknown flag ends the process: 0.7.1 knows this one, 0.12.0 does not.
_OF_JAXLIB = {"0.7.": " --xla_cpu_use_fusion_emitters=false"}


@dataclass(frozen=True)
class Backend:
    """The mirrored modules of one package."""

    name: str
    device: ModuleType
    export: ModuleType
    gan: ModuleType
    interop: ModuleType
    plain: ModuleType
    probes: ModuleType
    sampling: ModuleType
    schedule: ModuleType
    steps: ModuleType


def check_backend(name: str) -> str:
    """The name itself.

    Raises:
        UsageError: there is no such backend.
    """
    if name not in BACKENDS:
        raise UsageError(f"unknown backend {name!r}; choose one of: {', '.join(BACKENDS)}")
    return name


def prepare_environment(
    device: str, *, effort: str = FULL, keep_compiled: bool = False, exact: bool = False
) -> dict[str, str]:
    """The variables that a framework reads at import, for a process that computes on `device`.

    `effort` is XLA's, on the CPU. Compiling is most of what JAX costs where small networks take a
    few steps: with the least effort reduced cases took a third of the time, but XLA's float64
    convolutions run up to ten times as long, so that large images want more of it.
    `keep_compiled` suits processes that compile the same programs beside each other: JAX keeps
    what it compiles for the next, as Jittor always does.
    `exact` forbids NVIDIA's libraries to round any factor to TF32, whoever calls them.
    """
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "log_silent": "1"}
    # Jittor names its cache after the Git branch it lies in: another branch compiles all anew.
    jittor = {"cache_name": JITTOR_CACHE, **python_config()}
    # It crashes at import where it finds nvcc without CUDA's libraries.
    jittor |= {"nvcc_path": ""} if device == "cpu" else {}
    memory = {"XLA_PYTHON_CLIENT_PREALLOCATE": "false", "TF_FORCE_GPU_ALLOW_GROWTH": "true"}
    asked = os.environ.get("XLA_FLAGS", "")
    flags = asked if "optimization_level" in asked else f"{asked} {xla_flags(effort)}".strip()
    compilers = {"XLA_FLAGS": flags} if flags else {}
    own = {"KERAS_BACKEND": "tensorflow", "ROSETTA_DEVICE": device}
    kept = compilation_cache() if keep_compiled else {}
    # Jittor's compiling threads share a lock with other processes, which a signal may break.
    alone = {"use_parallel_op_compiler": "0"} if keep_compiled else {}
    # Jittor's cuDNN convolutions may use TF32 whatever its flag says; libraries read this first.
    full = {TF32: "0"} if exact else {}
    return {**own, **quiet, **jittor, **memory, **compilers, **kept, **alone, **full}


def xla_flags(effort: str) -> str:
    """What asks the XLA that is installed for so much effort."""
    if effort == FULL:
        return ""
    from importlib.metadata import PackageNotFoundError, version

    try:
        installed = version("jaxlib")
    except PackageNotFoundError:
        return ""
    known = (flags for begins, flags in _OF_JAXLIB.items() if installed.startswith(begins))
    return XLA_EFFORT[effort] + "".join(known)


def load(
    name: str,
    *,
    device: str,
    dtype: str,
    exact: bool,
    compiled: bool | None = None,
    effort: str = FULL,
) -> Backend:
    """Import one port and configure it; do so before anything else imports its framework.

    Raises:
        UsageError: the framework is not installed, or lacks the device asked for.
    """
    check_backend(name)
    for key, value in prepare_environment(device, effort=effort, exact=exact).items():
        os.environ.setdefault(key, value)
    if exact:
        os.environ[TF32] = "0"
    try:
        modules = {part: import_module(f"{name}_impl.{part}") for part in PARTS}
    except ImportError as error:
        mended = absent(error, besides=DISTRIBUTIONS[name]) or remedy(name)
        raise UsageError(f"{TITLES[name]} cannot be used ({error}); {mended}") from None
    except SystemExit:  # Jittor's own, with status 0, once it has rebuilt its core
        said = "ended the process at its import, having compiled its core anew"
        raise UsageError(f"{TITLES[name]} {said}; run the same command again") from None
    modules["device"].configure(device=device, dtype=dtype, exact=exact, compiled=compiled)
    return Backend(name=name, **modules)


def remedy(name: str) -> str:
    """The one command that installs a backend."""
    return f"install it with: pip install -c constraints.txt -e '.[{name}]'"
