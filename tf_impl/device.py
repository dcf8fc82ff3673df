"""Where and how precisely this process computes."""

import os

import keras
import tensorflow as tf

from common import UsageError
from common.backends.cuda import no_cuda_message
from common.processes.memory import process_peak

# Both packages are one folder: the one for the CPU has to go before the other comes.
_INSTALL = (
    "make setup-gpu, or pip uninstall tensorflow-cpu tensorflow && "
    "pip install -c .constraints/cuda12.txt 'tensorflow[and-cuda]'"
)
_chosen = "/CPU:0"
_deterministic = False


def available_devices() -> list[str]:
    """The devices this framework can compute on here, by name, CPU first."""
    return ["cpu", *(f"cuda: {_card(gpu)}" for gpu in tf.config.list_physical_devices("GPU"))]


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
    gpus = tf.config.list_physical_devices("GPU")
    if device == "cuda" and not gpus:
        built = tf.test.is_built_with_cuda()
        raise UsageError(no_cuda_message("TensorFlow", built=built, install=_INSTALL))
    for gpu in gpus:
        # TensorFlow otherwise takes the whole memory of every card, even to compute on the CPU.
        if not tf.config.experimental.get_memory_growth(gpu):
            tf.config.experimental.set_memory_growth(gpu, True)
    global _chosen, _deterministic
    _chosen = "/GPU:0" if device == "cuda" else "/CPU:0"
    keras.config.set_floatx(dtype)
    # Layers take their type from the policy, which no longer follows floatx once it was read.
    keras.config.set_dtype_policy(dtype)
    tf.config.experimental.enable_tensor_float_32_execution(not exact)
    if exact:
        # There is no public way back: a process that was once exact stays deterministic.
        tf.config.experimental.enable_op_determinism()
        _deterministic = True
    # Each GAN traces its own steps, once; from the fifth on, TensorFlow takes that for a mistake.
    tf.get_logger().setLevel("ERROR")
    tf.config.run_functions_eagerly(compiled is False)


def is_compiled() -> bool:
    """Whether steps are compiled whole, or run operation by operation."""
    return not tf.config.functions_run_eagerly()


def chosen_device() -> str:
    """The device that `configure` chose."""
    return _chosen


def synchronise() -> None:
    """Return once every pending computation has finished, also those nobody has read."""
    tf.test.experimental.sync_devices()


def peak_memory() -> int | None:
    """The most bytes allocated at once: on a card by this framework, on the CPU by this process."""
    if _chosen == "/GPU:0":
        return int(tf.config.experimental.get_memory_info("GPU:0")["peak"])
    return process_peak()


def environment() -> dict[str, str]:
    """Versions, device and precision, as a report's fingerprint."""
    cuda = _chosen == "/GPU:0"
    # Zero means that TensorFlow reads the variable, and takes every core if there is none.
    set_here = tf.config.threading.get_intra_op_parallelism_threads()
    threads = set_here or os.environ.get("TF_NUM_INTRAOP_THREADS") or os.cpu_count()
    return {
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "device": _card(tf.config.list_physical_devices("GPU")[0]) if cuda else "cpu",
        "cuda": str(tf.sysconfig.get_build_info().get("cuda_version", "")) if cuda else "",
        "tf32": str(tf.config.experimental.tensor_float_32_execution_enabled()),
        "deterministic": str(_deterministic),
        "threads": str(threads),
        "compiled": str(is_compiled()),
    }


def _card(gpu: tf.config.PhysicalDevice) -> str:
    return str(tf.config.experimental.get_device_details(gpu).get("device_name", gpu.name))
