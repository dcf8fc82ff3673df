"""TensorFlow's convolutions: oneDNN computes all those of our steps."""

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

from common.parity.case_run import CaseRun
from common.parity.cases import cases
from parity_tests.differing import port

tf = pytest.importorskip("tensorflow", reason="tensorflow is not installed; see the extra tf")
CONVOLUTIONAL = {
    case.system.name: case
    for case in cases()
    if case.system.point_dim is None and case.system.name != "lsgan_mlp"
}
AROUND = [[0, 0], [1, 1], [1, 1], [0, 0]]  # what "SAME" is for a kernel of three pixels


def kernels(work: Callable[[], object]) -> Counter[str]:
    """How many convolutions and gradients of convolutions of each kind it runs."""
    from tensorflow.python.eager import context

    context.context().enable_graph_collection()
    try:
        work()
        graphs = context.context().export_run_metadata().function_graphs
    finally:
        context.context().disable_graph_collection()
    parts = [part for graph in graphs for part in graph.partition_graphs]
    return Counter(node.op for part in parts for node in part.node if "Conv2D" in node.op)


def gradient_kernels(padding: str | list[list[int]]) -> Counter[str]:
    """The convolutions of a squared convolution's gradient with respect to its maps."""
    random = np.random.default_rng(0)
    maps = tf.constant(random.standard_normal((4, 16, 16, 32)), tf.float32)
    kernel = tf.constant(random.standard_normal((3, 3, 32, 32)), tf.float32)

    @tf.function
    def gradient(maps: tf.Tensor) -> tf.Tensor:
        return tf.gradients(tf.square(tf.nn.conv2d(maps, kernel, 1, padding)), maps)

    return kernels(lambda: gradient(maps))


@pytest.fixture(autouse=True)
def _with_onednn(need) -> None:
    need("tf")
    port("tf", "float32")
    if not any("_Mkl" in name for name in gradient_kernels("SAME")):
        pytest.skip("TensorFlow has no oneDNN on this processor")


@pytest.mark.parametrize("case", CONVOLUTIONAL.values(), ids=CONVOLUTIONAL.keys())
def test_onednn_computes_every_convolution_of_a_step(case) -> None:
    run = CaseRun(port("tf", "float32"), case, 0)
    found = kernels(lambda: run.backend.schedule.training_step(run.gan, run.inputs(1)))
    assert found
    assert not [name for name in found if not name.startswith("_Mkl")]


@pytest.mark.pins("tf")
def test_onednn_leaves_gradients_with_a_list_of_paddings_to_eigen() -> None:
    named, listed = gradient_kernels("SAME"), gradient_kernels(AROUND)
    assert all(name.startswith("_Mkl") for name in named)
    assert listed["Conv2DBackpropInput"] == 1
