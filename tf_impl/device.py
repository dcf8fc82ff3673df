"""The device and the precision of this process."""

import os

import keras
import tensorflow as tf

from common import UsageError
from common.backends.cuda import has_cudnn, no_cuda_message
from common.processes.memory import process_peak

# Both packages install the same folder: the CPU one must be removed first.
_INSTALL = (
    "make setup-gpu, or pip uninstall tensorflow-cpu tensorflow && "
    "pip install -c .constraints/cuda12.txt 'tensorflow[and-cuda]'"
)
_chosen = "/CPU:0"
_deterministic = False
_mixed = False


def available_devices() -> list[str]:
    """The names of the devices that this framework can use here, CPU first."""
    return ["cpu", *(f"cuda: {_gpu_name(gpu)}" for gpu in tf.config.list_physical_devices("GPU"))]


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
    gpus = tf.config.list_physical_devices("GPU")
    if device == "cuda" and not gpus:
        built = tf.test.is_built_with_cuda()
        cuda = str(tf.sysconfig.get_build_info().get("cuda_version", ""))
        # The package `tensorflow` is built for CUDA, but brings its libraries only with `and-cuda`.
        raise UsageError(
            no_cuda_message(
                "TensorFlow", built=built, install=_INSTALL, built_for=cuda, libraries=has_cudnn()
            )
        )
    grow_memory()
    global _chosen, _deterministic, _mixed
    _chosen = "/GPU:0" if device == "cuda" else "/CPU:0"
    keras.config.set_floatx(dtype)
    # Layers take their type from the policy, which ignores floatx once it has been read.
    keras.config.set_dtype_policy("mixed_bfloat16" if mixed else dtype)
    _mixed = mixed
    tf.config.experimental.enable_tensor_float_32_execution(not exact)
    if exact:
        # This cannot be undone: a process that was once exact stays deterministic.
        tf.config.experimental.enable_op_determinism()
        _deterministic = True
    # Each GAN traces its own steps once; TensorFlow would warn from the fifth on.
    tf.get_logger().setLevel("ERROR")
    tf.config.run_functions_eagerly(compiled is False)


def grow_memory() -> None:
    """Let TensorFlow take the memory of GPUs as it needs it."""
    for gpu in tf.config.list_physical_devices("GPU"):
        # Otherwise TensorFlow reserves the whole memory of every GPU, even to compute on the CPU.
        if not tf.config.experimental.get_memory_growth(gpu):
            tf.config.experimental.set_memory_growth(gpu, True)


def is_compiled() -> bool:
    """Whether whole steps are compiled, or run operation by operation."""
    return not tf.config.functions_run_eagerly()


def is_mixed() -> bool:
    """Whether matrix products and convolutions compute in bfloat16."""
    return _mixed


def chosen_device() -> str:
    """The device that `configure` chose."""
    replica = tf.distribute.get_replica_context()
    # One of several replicas has a device of its own, which an empty name leaves as it is.
    return "" if replica is not None and replica.num_replicas_in_sync > 1 else _chosen


def synchronise() -> None:
    """Wait for every pending computation, even if its result has not been read."""
    tf.test.experimental.sync_devices()


def peak_memory() -> int | None:
    """The peak memory in bytes: of this framework on a GPU, of this process on the CPU."""
    if _chosen == "/GPU:0":
        return int(tf.config.experimental.get_memory_info("GPU:0")["peak"])
    return process_peak()


def environment() -> dict[str, str]:
    """The versions, device and precision, for reports."""
    cuda = _chosen == "/GPU:0"
    # Zero means that TensorFlow reads the variable, and uses every core if it is not set.
    set_here = tf.config.threading.get_intra_op_parallelism_threads()
    threads = set_here or os.environ.get("TF_NUM_INTRAOP_THREADS") or os.cpu_count()
    return {
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "device": _gpu_name(tf.config.list_physical_devices("GPU")[0]) if cuda else "cpu",
        "cuda": str(tf.sysconfig.get_build_info().get("cuda_version", "")) if cuda else "",
        "tf32": str(tf.config.experimental.tensor_float_32_execution_enabled()),
        "deterministic": str(_deterministic),
        "threads": str(threads),
        "compiled": str(is_compiled()),
        "mixed": str(is_mixed()),
    }


def _gpu_name(gpu: tf.config.PhysicalDevice) -> str:
    return str(tf.config.experimental.get_device_details(gpu).get("device_name", gpu.name))
