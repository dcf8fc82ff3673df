"""Spectral normalisation: one power iteration by either method, and its limit."""

import numpy as np
import pytest

from common.backends import load
from common.parity.measure import Disagreement, require_named
from common.reference.spectral import as_matrix, detached_iteration, differentiable_iteration
from common.systems.networks.parameters import NetworkBuilder
from parity_tests.fixtures import identity, module

DETACHED = (True, False)
KINDS = ("linear", "conv", "conv_transpose")
BUILDER = NetworkBuilder("discriminator")
ITERATIONS = 200  # the error falls by the square of the second singular value over the first


class Layer:
    """One spectral layer of a backend, as a network of its own that interop can read."""

    def __init__(self, backend, kind: str, detached: bool) -> None:
        self.backend, self.kind, self.detached = backend, kind, detached
        spectral = module(backend, "spectral")
        square = {"kernel_size": 3, "stride": 1, "padding": 1, "bias": False}
        square["detach_sigma"] = detached
        make = {
            "linear": lambda: spectral.SpectralLinear(5, 4, bias=False, detach_sigma=detached),
            "conv": lambda: spectral.SpectralConv(5, 4, **square),
            "conv_transpose": lambda: spectral.SpectralConvTranspose(5, 4, **square),
        }
        self.network = network_of(backend, make[kind]())
        sigma = "detached" if detached else "differentiable"
        tensors = {
            "linear": BUILDER.linear("layer", 5, 4, spectral=sigma),
            "conv": BUILDER.conv("layer", 5, 4, 3, spectral=sigma),
            "conv_transpose": BUILDER.conv_transpose("layer", 5, 4, 3, spectral=sigma),
        }[kind]
        self.tensors = [p for p in tensors if p.kind != "bias"]
        rng = np.random.default_rng(0)
        self.state = {p.full_name: rng.standard_normal(p.shape) for p in self.tensors}
        self.load(self.state)

    def load(self, state) -> None:
        self.backend.interop.load_network(self.network, self.tensors, state)

    def read(self) -> dict[str, np.ndarray]:
        return self.backend.interop.read_network(self.network, self.tensors)

    @property
    def inputs(self) -> np.ndarray:
        shape = (3, 5) if self.kind == "linear" else (3, 5, 6, 6)
        return np.random.default_rng(1).standard_normal(shape)

    def forward(self, *, training: bool) -> np.ndarray:
        interop, probes = self.backend.interop, self.backend.probes
        inputs = interop.to_native(self.inputs)
        return interop.to_canonical(probes.forward(self.network, inputs, training=training))

    @property
    def matrix(self) -> np.ndarray:
        weight = self.state["discriminator.layer.weight"]
        return as_matrix(weight, transposed=self.kind == "conv_transpose")


def network_of(backend, layer):
    """A network whose one layer is called `layer`."""
    if backend.name == "torch":
        from torch import nn

        class Network(nn.Module):
            def __init__(self):
                super().__init__()
                self.layer = layer

            def forward(self, inputs):
                return self.layer(inputs)

        return Network()
    if backend.name == "tf":
        import keras

        class Network(keras.Model):
            def __init__(self):
                super().__init__()
                self.layer = layer

            def call(self, inputs, training=False):
                return self.layer(inputs, training=training)

        return Network()
    if backend.name == "jax":
        from flax import nnx

        class Network(nnx.Module):
            def __init__(self):
                self.layer = layer

            def __call__(self, inputs):
                return self.layer(inputs)

        return Network()
    from jittor import nn

    class Network(nn.Module):
        def __init__(self):
            self.layer = getattr(layer, backend.device.chosen_dtype())()

        def execute(self, inputs):
            return self.layer(inputs)

    return Network()


def iterated(layer: Layer) -> tuple[float, dict[str, np.ndarray]]:
    """Sigma and the vectors after one iteration in training, by the reference."""
    if layer.detached:
        sigma, u = detached_iteration(layer.matrix, layer.state["discriminator.layer.u"][0])
        return sigma, {"discriminator.layer.u": u[None]}
    u, v = differentiable_iteration(layer.matrix, layer.state["discriminator.layer.v"][0])
    vectors = {"discriminator.layer.u": u[None], "discriminator.layer.v": v[None]}
    return float(u @ layer.matrix @ v), vectors


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


@pytest.mark.parametrize("detached", DETACHED)
def test_one_iteration_in_training(backend, kind, detached) -> None:
    layer = Layer(backend, kind, detached)
    layer.forward(training=True)
    _, vectors = iterated(layer)
    for name, expected in vectors.items():
        require_named(layer.read()[name], expected, "linear_algebra", name)


@pytest.mark.parametrize("detached", DETACHED)
def test_the_output_is_divided_by_sigma(backend, kind, detached) -> None:
    """Twice the weight gives the same output; the plain layer's comes out divided."""
    layer = Layer(backend, kind, detached)
    output = layer.forward(training=True)
    sigma, _ = iterated(layer)
    if kind == "linear":
        plain = layer.inputs @ layer.state["discriminator.layer.weight"].T
        require_named(output, plain / sigma, "linear_algebra", "output")
    twice = dict(layer.state)
    twice["discriminator.layer.weight"] = 2 * twice["discriminator.layer.weight"]
    layer.load(twice)
    # Not exactly: a detached sigma adds its epsilon to norms that are now twice as large.
    require_named(layer.forward(training=True), output, "update", "output")


@pytest.mark.parametrize("detached", DETACHED)
def test_evaluation_updates_u_only_with_a_detached_sigma(backend, kind, detached) -> None:
    layer = Layer(backend, kind, detached)
    layer.forward(training=False)
    u = layer.read()["discriminator.layer.u"]
    expected = layer.state["discriminator.layer.u"]
    if detached:
        _, vectors = iterated(layer)
        require_named(u, vectors["discriminator.layer.u"], "linear_algebra", "u")
    else:
        require_named(u, expected, "exact", "u")


@pytest.mark.parametrize("detached", DETACHED)
def test_many_iterations_find_the_largest_singular_value(backend, kind, detached) -> None:
    layer = Layer(backend, kind, detached)
    for _ in range(ITERATIONS):
        layer.forward(training=True)
    read = layer.read()
    u = read["discriminator.layer.u"][0]
    largest = np.linalg.svd(layer.matrix, compute_uv=False)[0]
    sigma = np.linalg.norm(u @ layer.matrix)
    require_named(np.array(sigma), np.array(largest), "singular_value", "sigma")


@pytest.mark.parametrize("detached", DETACHED)
def test_the_gradient_passes_through_a_differentiable_sigma_alone(backend, detached) -> None:
    """For y = x Wᵀ / sigma and a loss Σ y: dL/dW without sigma's part, and with it."""
    layer = Layer(backend, "linear", detached)
    gradient = weight_gradient(backend, layer)
    sigma, vectors = iterated(layer)
    plain = np.ones((4, 1)) * layer.inputs.sum(0)[None]
    expected = plain / sigma
    if not detached:
        u, v = vectors["discriminator.layer.u"][0], vectors["discriminator.layer.v"][0]
        expected = expected - (plain * layer.matrix).sum() / sigma**2 * np.outer(u, v)
    require_named(gradient, expected, "linear_algebra", "gradient of the weight")
    if detached:
        u = vectors["discriminator.layer.u"][0]
        v = (u @ layer.matrix) / np.linalg.norm(u @ layer.matrix)
        through = expected - (plain * layer.matrix).sum() / sigma**2 * np.outer(u, v)
        with pytest.raises(Disagreement):
            require_named(gradient, through, "linear_algebra", "gradient of the weight")


def weight_gradient(backend, layer: Layer) -> np.ndarray:
    """dΣy/dW, by the discriminator's own step with the layer in its place."""
    native = backend.interop.to_native
    real, nothing = native(layer.inputs), native(0 * layer.inputs)
    _, _, gradients = backend.steps.discriminator_gradients(
        identity(backend), layer.network, real, nothing, loss=sum_of_real
    )
    read = backend.interop.read_gradients(gradients, layer.network, layer.tensors)
    return read["discriminator.layer.weight"]


def sum_of_real(real, fake):
    if hasattr(real, "sum"):
        return real.sum()
    import tensorflow as tf

    return tf.reduce_sum(real)


@pytest.mark.pins("torch")
def test_a_differentiable_sigma_is_pytorch_s_own_parametrisation() -> None:
    from torch import nn
    from torch.nn.utils.parametrizations import spectral_norm

    backend = load("torch", device="cpu", dtype="float64", exact=True)
    layer = Layer(backend, "conv", detached=False)
    theirs = spectral_norm(nn.Conv2d(5, 4, 3, padding=1, bias=False))
    native = backend.interop.to_native
    parametrization = theirs.parametrizations.weight
    state = layer.state
    parametrization.original.data.copy_(native(state["discriminator.layer.weight"]))
    parametrization[0]._u.copy_(native(state["discriminator.layer.u"][0]))
    parametrization[0]._v.copy_(native(state["discriminator.layer.v"][0]))
    expected = theirs(native(layer.inputs)).detach().numpy()
    require_named(layer.forward(training=True), expected, "linear_algebra", "output")
    require_named(
        layer.read()["discriminator.layer.v"][0],
        parametrization[0]._v.numpy(),
        "linear_algebra",
        "v",
    )
