"""Spectral normalisation: five readings of one paper, two of them in one library."""

import numpy as np
import pytest

from common.backends import BACKENDS
from common.contract.initialisers import WARM_UP
from common.reference.spectral import detached_iteration, differentiable_iteration, normalise
from parity_tests.differing import BATCH, apart, close, port, start_alike
from parity_tests.test_spectral import DETACHED, Layer


def library(layer, u, v, *, hook):
    """PyTorch's own spectral norm, by its hook or its parametrisation, started from (u, v)."""
    import torch

    if hook:
        made = torch.nn.utils.spectral_norm(layer)
        vectors = made.weight_u, made.weight_v
    else:
        made = torch.nn.utils.parametrizations.spectral_norm(layer)
        vectors = made.parametrizations.weight[0]._u, made.parametrizations.weight[0]._v
    for vector, start in zip(vectors, (u, v), strict=True):
        vector.copy_(torch.tensor(start))
    return made


def linear(matrix):
    """A linear layer of PyTorch with that weight."""
    import torch

    layer = torch.nn.Linear(*matrix.shape[::-1], bias=False)
    layer.weight.data.copy_(torch.tensor(matrix))
    return layer


def sigma(plain, divided):
    """The number by which the outputs of a layer were divided."""
    return (plain / divided.detach().numpy()).mean()


@pytest.mark.pins("torch")
def test_pytorch_s_hook_and_parametrisation_iterate_from_different_vectors(effect) -> None:
    import torch

    rng = np.random.default_rng(0)
    matrix, inputs = rng.standard_normal((4, 5)), rng.standard_normal((3, 5))
    u, v = normalise(rng.standard_normal(4)), normalise(rng.standard_normal(5))
    plain, sigmas = inputs @ matrix.T, {}
    for hook in (True, False):
        made = library(linear(matrix), u, v, hook=hook)
        sigmas[hook] = sigma(plain, made(torch.tensor(inputs)))
    close(sigmas[True], detached_iteration(matrix, u)[0], "update")
    new_u, new_v = differentiable_iteration(matrix, v)
    close(sigmas[False], new_u @ matrix @ new_v, "update")
    apart(sigmas[True], sigmas[False], "cancellation_float32")
    largest = np.linalg.svd(matrix, compute_uv=False)[0]
    effect("sigma after one iteration over the true one, hook", sigmas[True] / largest)
    effect("sigma after one iteration over the true one, parametrisation", sigmas[False] / largest)
    for name in BACKENDS:
        for detached in DETACHED:
            layer = Layer(port(name), "linear", detached)
            output, (u, v) = layer.forward(training=True), one_iteration(layer)
            expected = layer.inputs @ layer.matrix.T / (u @ layer.matrix @ v)
            close(output, expected, "update", f"detached={detached} in {name}")


def one_iteration(layer):
    """(u, v) after one power iteration, by the method of a port's layer."""
    state = {key.rpartition(".")[2]: array for key, array in layer.state.items()}
    if not layer.detached:
        return differentiable_iteration(layer.matrix, state["v"][0])
    _, u = detached_iteration(layer.matrix, state["u"][0])
    return u, normalise(state["u"][0] @ layer.matrix)


@pytest.mark.pins("torch", "tf")
def test_pytorch_s_sigma_estimate_is_iterated_before_the_first_step(effect) -> None:
    import keras
    import torch

    basis, _ = np.linalg.qr(np.random.default_rng(0).standard_normal((4, 4)))
    matrix = basis @ np.diag([4.0, 2.0, 2.0, 2.0]) @ basis.T
    made = torch.nn.utils.parametrizations.spectral_norm(linear(matrix)).eval()
    inputs = np.random.default_rng(1).standard_normal((3, 4))
    warm = sigma(inputs @ matrix.T, made(torch.tensor(inputs)))
    close(warm, 4.0, "closed_form_float32")
    keras.utils.set_random_seed(0)
    dense = keras.layers.Dense(4, use_bias=False, dtype="float64")
    layer = keras.layers.SpectralNormalization(dense, dtype="float64")
    layer.build((None, 4))
    assert np.abs(layer.vector_u.numpy()).max() <= 0.04  # a normal of 0.02, cut at two deviations
    dense.kernel.assign(matrix)
    layer(inputs, training=True)
    cold = (matrix / dense.kernel.numpy()).mean()
    apart(cold, 4.0, "cancellation_float32")
    effect("first sigma over the true one, PyTorch", warm / 4)
    effect("first sigma over the true one, Keras", cold / 4)
    assert WARM_UP == 15
    state = start_alike("sngan", *BACKENDS)
    assert any(key.endswith(".u") for key in state)


@pytest.mark.pins("tf")
def test_keras_spectral_normalisation_writes_into_the_kernel(effect) -> None:
    """So the gradient does not pass through sigma, and two passes of a step normalise twice."""
    import keras

    keras.utils.set_random_seed(0)
    dense = keras.layers.Dense(4, dtype="float64")
    layer = keras.layers.SpectralNormalization(dense, dtype="float64")
    layer(BATCH)
    before = dense.kernel.numpy().copy()
    layer(BATCH, training=True)
    assert not np.array_equal(dense.kernel.numpy(), before)
    ratio = before / dense.kernel.numpy()
    close(ratio, np.full_like(ratio, ratio[0, 0]), "closed_form_float32")
    effect("kernel before over after one training pass", ratio[0, 0])
    for detached in DETACHED:
        own = Layer(port("tf"), "linear", detached)
        own.forward(training=True)
        name = "discriminator.layer.weight"
        close(own.read()[name], own.state[name], "exact")


@pytest.mark.pins("torch", "tf")
def test_keras_spectral_norm_swaps_inputs_and_outputs_of_a_transposed_convolution() -> None:
    import keras
    import torch

    inner = torch.nn.ConvTranspose2d(5, 4, 3)
    made = torch.nn.utils.parametrizations.spectral_norm(inner)
    assert tuple(made.parametrizations.weight[0]._u.shape) == (4,)
    layer = keras.layers.SpectralNormalization(keras.layers.Conv2DTranspose(4, 3))
    layer.build((None, 6, 6, 5))
    assert tuple(layer.vector_u.shape) == (1, 5)
    for name in BACKENDS:
        for detached in DETACHED:
            own = Layer(port(name), "conv_transpose", detached)
            assert own.read()["discriminator.layer.u"].shape == (1, 4)


@pytest.mark.pins("jax", "jittor")
def test_flax_nnx_and_jittor_have_no_spectral_normalisation() -> None:
    import jittor as jt
    from flax import linen, nnx

    assert hasattr(linen, "SpectralNorm")
    assert not hasattr(nnx, "SpectralNorm")
    names = {name.lower().replace("_", "") for name in (*dir(jt), *dir(jt.nn))}
    assert not any(name.startswith("spectralnorm") for name in names)
    for name in ("jax", "jittor"):
        layer = Layer(port(name), "linear", "differentiable")
        layer.forward(training=True)
        u, _ = one_iteration(layer)
        close(layer.read()["discriminator.layer.u"][0], u)
