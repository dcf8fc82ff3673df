"""The four ports by name, and how one is imported."""

import os
from contextlib import nullcontext
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType

from common import UsageError, unknown
from common.backends import jittor_cuda, jittor_mpi
from common.backends.libraries import missing_library_message
from common.backends.python_headers import python_config
from common.backends.xla_cache import compilation_cache
from common.processes.quiet import without_information

BACKENDS = ("torch", "tf", "jax", "jittor")
TITLES = {"torch": "PyTorch", "tf": "TensorFlow/Keras", "jax": "JAX/Flax NNX", "jittor": "Jittor"}
DISTRIBUTIONS = {
    "torch": ("torch",),
    "tf": ("tensorflow-cpu", "tensorflow", "keras"),
    "jax": ("jax", "flax", "optax"),
    "jittor": ("jittor",),
}
# The entry of a backend's environment that holds its main version.
VERSION_KEYS = {"torch": "torch", "tf": "tensorflow", "jax": "jax", "jittor": "jittor"}
PARTS = (
    "device",
    "export",
    "gan",
    "interop",
    "parallel",
    "plain",
    "probes",
    "sampling",
    "schedule",
    "steps",
)
JITTOR_CACHE = "gan-rosetta"
TF32 = "NVIDIA_TF32_OVERRIDE"
# What `configure` is told for each precision of training.
PRECISIONS = {
    "exact": {"exact": True, "mixed": False},
    "fast": {"exact": False, "mixed": True},
}
# XLA's optimization effort: full, or less for programs that run only a few times.
FULL, LESS, LEAST = "full", "less", "least"
_LEVEL = "--xla_cpu_parallel_codegen_split_count=1 --xla_backend_optimization_level="
XLA_EFFORT = {FULL: "", LESS: f"{_LEVEL}1", LEAST: f"{_LEVEL}0"}
# An unknown flag ends the process: jaxlib 0.7.1 knows this one, 0.12.0 does not.
_JAXLIB_FLAGS = {"0.7.": " --xla_cpu_use_fusion_emitters=false"}


@dataclass(frozen=True)
class Backend:
    """The mirrored modules of one package."""

    name: str
    device: ModuleType
    export: ModuleType
    gan: ModuleType
    interop: ModuleType
    parallel: ModuleType
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
        raise unknown("backend", name, BACKENDS)
    return name


def prepare_environment(
    device: str,
    *,
    effort: str = FULL,
    keep_compiled: bool = False,
    exact: bool = False,
    devices: int = 1,
) -> dict[str, str]:
    """The environment variables that a framework reads at import, for computing on `device`.

    `effort` is that of XLA on the CPU. For a few steps of small networks, JAX spends most of the
    time compiling: the least effort cut the time of the reduced cases to a third, but makes XLA's
    float64 convolutions up to ten times slower, so large images need more effort.
    `keep_compiled` is for several processes that compile the same programs: JAX then caches
    compiled programs on disk, as Jittor always does.
    `exact` forbids NVIDIA's libraries to round to TF32.
    With several `devices`, this is for one of the processes that share each batch.
    """
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "log_silent": "1"}
    # By default Jittor has one cache per Git branch, so each branch would recompile everything.
    jittor = {"cache_name": JITTOR_CACHE, **python_config(), **jittor_mpi.variables(devices)}
    # It crashes at import if it finds nvcc but not CUDA's libraries.
    if device == "cpu":
        jittor |= {jittor_cuda.NVCC: ""}
    else:
        jittor |= jittor_cuda.variables(jittor_cuda.find_toolkit(), JITTOR_CACHE)
    memory = {"XLA_PYTHON_CLIENT_PREALLOCATE": "false", "TF_FORCE_GPU_ALLOW_GROWTH": "true"}
    given = os.environ.get("XLA_FLAGS", "")
    flags = given if "optimization_level" in given else f"{given} {xla_flags(effort)}".strip()
    compilers = {"XLA_FLAGS": flags} if flags else {}
    own = {"KERAS_BACKEND": "tensorflow", "ROSETTA_DEVICE": device}
    kept = compilation_cache() if keep_compiled else {}
    # Jittor's compiler threads share a lock with other processes, which a signal may break.
    alone = {"use_parallel_op_compiler": "0"} if keep_compiled else {}
    # Jittor's cuDNN convolutions may use TF32 despite its flag; this variable takes precedence.
    full = {TF32: "0"} if exact else {}
    return {**own, **quiet, **jittor, **memory, **compilers, **kept, **alone, **full}


def xla_flags(effort: str) -> str:
    """The flags that set this effort in the installed version of XLA."""
    if effort == FULL:
        return ""
    from importlib.metadata import PackageNotFoundError, version

    try:
        installed = version("jaxlib")
    except PackageNotFoundError:
        return ""
    known = (flags for begins, flags in _JAXLIB_FLAGS.items() if installed.startswith(begins))
    return XLA_EFFORT[effort] + "".join(known)


def load(
    name: str,
    *,
    device: str,
    dtype: str,
    exact: bool,
    mixed: bool = False,
    compiled: bool | None = None,
    effort: str = FULL,
    devices: int = 1,
) -> Backend:
    """Import one port and configure it; do so before anything else imports its framework.

    With several `devices`, this is one of the processes that share each batch.

    Raises:
        UsageError: the framework is not installed, or lacks the requested device.
    """
    check_backend(name)
    from common.backends.launching import check_started

    check_started(name, devices)
    prepared = prepare_environment(device, effort=effort, exact=exact, devices=devices)
    for key, value in prepared.items():
        os.environ.setdefault(key, value)
    if exact:
        os.environ[TF32] = "0"
    if name == "jittor" and device == "cuda" and (problem := jittor_cuda.problem()):
        raise UsageError(problem)
    if name == "jittor" and (problem := jittor_mpi.problem(devices)):
        raise UsageError(problem)
    if name == "jittor" and device == "cuda" and devices > 1:
        os.environ |= jittor_mpi.own_gpu()
    try:
        # Only TensorFlow's: Jittor's compiler says for minutes what it does.
        with without_information() if name == "tf" else nullcontext():
            modules = {part: import_module(f"{name}_impl.{part}") for part in PARTS}
    except ImportError as error:
        fix = missing_library_message(error, besides=DISTRIBUTIONS[name]) or remedy(name)
        raise UsageError(f"{TITLES[name]} cannot be used ({error}); {fix}") from None
    except SystemExit:  # Jittor exits with status 0 after it has rebuilt its core
        raise UsageError(
            f"{TITLES[name]} recompiled its core at import and exited; run the same command again"
        ) from None
    modules["parallel"].connect(device, devices)
    modules["device"].configure(
        device=device, dtype=dtype, exact=exact, mixed=mixed, compiled=compiled
    )
    return Backend(name=name, **modules)


def remedy(name: str) -> str:
    """The instruction that installs a backend."""
    return f"install it with: pip install -c constraints.txt -e '.[{name}]'"
