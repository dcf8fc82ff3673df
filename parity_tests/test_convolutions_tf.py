"""TensorFlow's convolutions: oneDNN computes all those of our steps."""

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

from common.parity.case_run import CaseRun
from common.parity.cases import cases
from common.parity.measure import require_named
from parity_tests.differing import port
from parity_tests.graphs_tf import function_graphs

tf = pytest.importorskip("tensorflow", reason="tensorflow is not installed; see the extra tf")
spectral = pytest.importorskip("tf_impl.spectral")
CONVOLUTIONAL = {
    case.system.name: case
    for case in cases()
    if case.system.point_dim is None and case.system.name != "lsgan_mlp"
}
AROUND = [[0, 0], [1, 1], [1, 1], [0, 0]]  # what "SAME" is for a kernel of three pixels


def kernels(work: Callable[[], object]) -> Counter[str]:
    """How many convolutions and gradients of convolutions of each kind it runs."""
    parts = [part for graph in function_graphs(work) for part in graph.partition_graphs]
    return Counter(node.op for part in parts for node in part.node if "Conv2D" in node.op)


def gradient_kernels(padding: str | list[list[int]]) -> Counter[str]:
    """The convolutions of a squared convolution's gradients."""
    random = np.random.default_rng(0)
    maps = tf.constant(random.standard_normal((4, 16, 16, 32)), tf.float32)
    kernel = tf.constant(random.standard_normal((3, 3, 32, 32)), tf.float32)

    @tf.function
    def gradients(maps: tf.Tensor, kernel: tf.Tensor) -> list[tf.Tensor]:
        return tf.gradients(tf.square(tf.nn.conv2d(maps, kernel, 1, padding)), [maps, kernel])

    return kernels(lambda: gradients(maps, kernel))


@pytest.fixture(autouse=True)
def _with_onednn(need) -> None:
    from tensorflow.python.util import _pywrap_util_port

    need("tf")
    port("tf", "float32")
    if not _pywrap_util_port.IsMklEnabled():
        pytest.skip("TensorFlow has no oneDNN on this processor")


@pytest.mark.parametrize("case", CONVOLUTIONAL.values(), ids=CONVOLUTIONAL.keys())
def test_onednn_computes_every_convolution_of_a_step(case) -> None:
    run = CaseRun(port("tf", "float32"), case, 0)
    found = kernels(lambda: run.backend.schedule.training_step(run.gan, run.inputs(1)))
    assert found
    assert not [name for name in found if not name.startswith("_Mkl")]


@pytest.mark.parametrize("extent", [6, 7])
@pytest.mark.parametrize(("size", "stride", "around"), [(3, 1, 1), (4, 2, 1), (3, 1, 0), (3, 2, 1)])
def test_a_name_pads_as_the_list_does(size, stride, around, extent) -> None:
    """At an odd extent, "SAME" with stride 2 would pad differently."""
    random = np.random.default_rng(0)
    maps = tf.constant(random.standard_normal((2, extent, extent, 3)), tf.float64)
    kernel = tf.constant(random.standard_normal((size, size, 3, 4)), tf.float64)
    named = spectral._padding((extent, extent), size, stride, around)
    listed = [[0, 0], [around, around], [around, around], [0, 0]]
    actual, expected = (tf.nn.conv2d(maps, kernel, stride, each) for each in (named, listed))
    require_named(actual.numpy(), expected.numpy(), "linear_algebra", str(named))


@pytest.mark.pins("tf")
def test_onednn_leaves_gradients_with_a_list_of_paddings_to_eigen() -> None:
    named, listed = gradient_kernels("SAME"), gradient_kernels(AROUND)
    assert all(name.startswith("_Mkl") for name in named)
    assert listed["Conv2DBackpropInput"] == listed["Conv2DBackpropFilter"] == 1
