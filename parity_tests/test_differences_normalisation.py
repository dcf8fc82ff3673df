"""Batch norm: what is normalised, what is kept, and what its second derivatives see."""

import numpy as np
import pytest

from common.backends import BACKENDS
from common.reference import layers as reference
from parity_tests.differing import BATCH, apart, close, default, has_no_default, part, port
from parity_tests.fixtures import in_training
from parity_tests.test_layers import batch_norm, statistics

NUMBERS = {"epsilon": 1e-5, "momentum": 1.0, "unbiased_running_variance": False}
START = np.zeros(3), np.ones(3)


def stock_jittor(**numbers):
    """Jittor's batch norm, whose statistics are float32 unless somebody replaces them."""
    import jittor as jt

    norm = jt.nn.BatchNorm(3, **numbers)
    norm.running_mean, norm.running_var = (jt.array(start).stop_grad() for start in START)
    return norm


def of_one_batch(name, unbiased):
    """The running mean and variance of a port's layer after BATCH, with momentum 0.3."""
    backend = port(name)
    apply, layer = batch_norm(backend, unbiased)
    apply(backend.interop.to_native(BATCH))
    return statistics(backend, layer)


@pytest.mark.pins("torch", "tf", "jax", "jittor")
def test_running_variance_is_unbiased_in_pytorch_alone(effect) -> None:
    import jax.numpy as jnp
    import jittor as jt
    import keras
    import torch
    from flax import nnx

    usual = torch.nn.BatchNorm1d(3, eps=1e-5, momentum=0.1)
    usual(torch.tensor(BATCH))
    close(usual.running_var, 0.9 + 0.1 * BATCH.var(0, ddof=1))
    biased = 0.9 + 0.1 * BATCH.var(0)
    layer = keras.layers.BatchNormalization(momentum=0.9, dtype="float64")
    layer(BATCH, training=True)
    close(layer.moving_variance, biased)
    module = nnx.BatchNorm(3, momentum=0.9, param_dtype=float, rngs=nnx.Rngs(0))
    module(jnp.asarray(BATCH))
    close(module.var[...], biased, "closed_form_float32")
    norm = stock_jittor(momentum=0.1)
    norm(jt.array(BATCH))
    close(norm.running_var.numpy(), biased, "closed_form_float32")
    share = (usual.running_var.numpy() - 0.9) / (np.asarray(layer.moving_variance) - 0.9)
    effect("share of a batch of 6 in the running variance, PyTorch over Keras", share[0])
    for unbiased in (False, True):
        kind = {"momentum": 0.3, "unbiased": unbiased}
        _, expected = reference.running_statistics(*START, BATCH.mean(0), BATCH.var(0), 6, **kind)
        for name in BACKENDS:
            close(of_one_batch(name, unbiased)[1], expected, what=name)


@pytest.mark.pins("torch", "tf", "jax", "jittor")
def test_batch_norm_s_default_epsilon_is_larger_in_keras(effect) -> None:
    import jittor as jt
    import keras
    import torch
    from flax import nnx

    assert torch.nn.BatchNorm1d(3).eps == 1e-5
    assert nnx.BatchNorm(3, rngs=nnx.Rngs(0)).epsilon == 1e-5
    assert jt.nn.BatchNorm(3).eps == 1e-5
    assert keras.layers.BatchNormalization().epsilon == 1e-3
    for name in BACKENDS:
        assert has_no_default(part(name, "layers").BatchNorm.__init__)
    small = 0.05 * BATCH
    theirs = np.std(keras.layers.BatchNormalization(dtype="float64")(small, training=True), axis=0)
    usual = torch.nn.BatchNorm1d(3)(torch.tensor(small)).detach().numpy().std(0)
    apart(theirs, usual, "cancellation_float32")
    effect("spread of the output where the input's is 0.05, Keras over PyTorch", theirs[0])


@pytest.mark.pins("torch", "tf", "jax", "jittor")
def test_momentum_weighs_the_new_value_in_pytorch_and_the_old_in_keras(effect) -> None:
    import jax.numpy as jnp
    import jittor as jt
    import keras
    import torch
    from flax import nnx

    assert default(torch.nn.BatchNorm1d, "momentum") == 0.1
    assert default(jt.nn.BatchNorm, "momentum") == 0.1
    assert keras.layers.BatchNormalization().momentum == 0.99
    assert nnx.BatchNorm(3, rngs=nnx.Rngs(0)).momentum == 0.99
    layer = keras.layers.BatchNormalization(momentum=0.1, dtype="float64")
    layer(BATCH, training=True)
    close(layer.moving_mean, 0.9 * BATCH.mean(0))
    module = nnx.BatchNorm(3, momentum=0.1, param_dtype=float, rngs=nnx.Rngs(0))
    module(jnp.asarray(BATCH))
    close(module.mean[...], 0.9 * BATCH.mean(0), "closed_form_float32")
    usual, norm = torch.nn.BatchNorm1d(3, momentum=0.1), stock_jittor(momentum=0.1)
    usual(torch.tensor(BATCH))
    close(usual.running_mean, 0.1 * BATCH.mean(0))
    norm(jt.array(BATCH))
    close(norm.running_mean.numpy(), 0.1 * BATCH.mean(0), "closed_form_float32")
    ratio = np.asarray(layer.moving_mean) / usual.running_mean.numpy()
    effect("first running mean with 0.1 written in both, Keras over PyTorch", ratio[0])
    for name in BACKENDS:
        close(of_one_batch(name, False)[0], 0.3 * BATCH.mean(0), what=name)


@pytest.mark.pins("jax", "jittor")
def test_fast_variance_loses_a_small_spread_beside_a_large_mean(effect) -> None:
    import jax.numpy as jnp
    import jittor as jt
    from flax import nnx

    inputs = np.float32(100 + 0.01 * np.random.default_rng(0).standard_normal((512, 3)))
    expected, variances = inputs.astype(np.float64).var(0), {}
    for fast in (True, False):
        layer = nnx.BatchNorm(3, momentum=0.0, use_fast_variance=fast, rngs=nnx.Rngs(0))
        layer(jnp.asarray(inputs))
        variances[fast] = np.asarray(layer.var[...])
    close(variances[False], expected, "cancellation_float32")
    apart(variances[True], expected, "cancellation_float32")
    port("jittor", "float32")
    norm = jt.nn.BatchNorm(3, momentum=1.0)
    norm(jt.array(inputs))
    apart(norm.running_var.numpy(), expected, "cancellation_float32")
    effect("mean variance found over the true one, Flax", variances[True].mean() / expected.mean())
    effect(
        "mean variance found over the true one, Jittor",
        norm.running_var.numpy().mean() / expected.mean(),
    )
    for name in ("jax", "jittor"):
        backend = port(name, "float32")
        layer = part(name, "layers").BatchNorm(3, **NUMBERS)
        in_training(backend, layer)(backend.interop.to_native(inputs))
        close(statistics(backend, layer)[1], expected, "cancellation_float32", name)


@pytest.mark.pins("torch", "tf", "jax", "jittor")
def test_one_value_per_channel_is_an_error_in_pytorch_alone() -> None:
    import jax.numpy as jnp
    import jittor as jt
    import keras
    import torch
    from flax import nnx

    ones, outputs = np.ones((1, 3)), {}
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        torch.nn.BatchNorm1d(3)(torch.tensor(ones))
    outputs["tf"] = keras.layers.BatchNormalization(dtype="float64")(ones, training=True)
    outputs["jax"] = nnx.BatchNorm(3, param_dtype=float, rngs=nnx.Rngs(0))(jnp.asarray(ones))
    outputs["jittor"] = jt.nn.BatchNorm(3)(jt.array(ones)).numpy()
    for name, output in outputs.items():
        close(output, np.zeros((1, 3)), what=name)
    for name in BACKENDS:
        backend = port(name)
        with pytest.raises(ValueError, match="per channel"):
            batch_norm(backend, False)[0](backend.interop.to_native(ones))
