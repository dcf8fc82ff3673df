"""What weights are before the first step, and why a seed cannot make them the same."""

import numpy as np
import pytest

from common.backends import BACKENDS, TITLES
from common.contract.initialisers import INITIALISERS
from common.streams import Streams
from common.systems.networks.parameters import NetworkBuilder
from parity_tests.differing import apart, close, start_alike

INPUTS, OUTPUTS = 300, 200


def linear_layers():
    """A fresh linear layer of every framework: its weight and its bias."""
    import jittor as jt
    import keras
    import torch
    from flax import nnx

    for seed in (torch.manual_seed, keras.utils.set_random_seed, jt.set_global_seed):
        seed(0)
    usual, other = torch.nn.Linear(INPUTS, OUTPUTS), jt.nn.Linear(INPUTS, OUTPUTS)
    dense = keras.layers.Dense(OUTPUTS)
    dense.build((None, INPUTS))
    layer = nnx.Linear(INPUTS, OUTPUTS, rngs=nnx.Rngs(0))
    return {
        "torch": (usual.weight.detach().numpy(), usual.bias.detach().numpy()),
        "tf": (dense.kernel.numpy(), dense.bias.numpy()),
        "jax": (np.asarray(layer.kernel[...]), np.asarray(layer.bias[...])),
        "jittor": (other.weight.numpy(), other.bias.numpy()),
    }


@pytest.mark.pins("torch", "tf", "jax", "jittor")
def test_a_linear_layer_s_weights_start_from_three_distributions(effect) -> None:
    uniform = 1 / np.sqrt(INPUTS) / np.sqrt(3)
    glorot, lecun = np.sqrt(2 / (INPUTS + OUTPUTS)), 1 / np.sqrt(INPUTS)
    spread = {"torch": uniform, "tf": glorot, "jax": lecun, "jittor": uniform}
    for name, (weight, _) in linear_layers().items():
        close(weight.std(), spread[name], "sampling", name)
        effect(f"standard deviation of {INPUTS}→{OUTPUTS} weights, {TITLES[name]}", weight.std())
        widest = np.sqrt(3) if name != "jax" else 3
        assert np.abs(weight).max() <= widest * spread[name]
    start_alike("lsgan_mlp", *BACKENDS)


@pytest.mark.pins("torch", "tf", "jax", "jittor")
def test_a_linear_layer_s_bias_starts_at_zero_in_keras_and_flax() -> None:
    for name, (_, bias) in linear_layers().items():
        assert bias.any() == (name in ("torch", "jittor"))
        if bias.any():
            assert np.abs(bias).max() <= 1 / np.sqrt(INPUTS)
    state = start_alike("dcgan_mnist", *BACKENDS)
    assert state["generator.linear1.bias"].any()
    state = start_alike("lsgan_keras", *BACKENDS)
    assert not state["generator.project.bias"].any()


@pytest.mark.pins("torch", "jax", "jittor")
def test_a_transposed_convolution_counts_its_outputs_as_fan_in(effect) -> None:
    import jittor as jt
    import torch
    from flax import nnx

    inputs, outputs, area = 64, 128, 16
    narrow, wide = 1 / np.sqrt(3 * outputs * area), 1 / np.sqrt(inputs * area)
    layer = nnx.ConvTranspose(inputs, outputs, (4, 4), rngs=nnx.Rngs(0))
    weights = {
        "torch": torch.nn.ConvTranspose2d(inputs, outputs, 4).weight.detach().numpy(),
        "jax": np.asarray(layer.kernel[...]),
        "jittor": jt.nn.ConvTranspose(inputs, outputs, 4).weight.numpy(),
    }
    for name, weight in weights.items():
        close(weight.std(), wide if name == "jax" else narrow, "sampling", name)
    effect("standard deviation of 64→128 weights, Flax over PyTorch", wide / narrow)
    parameter, _ = NetworkBuilder("generator").conv_transpose("up", inputs, outputs, 4)
    own = INITIALISERS["uniform_fan_in"](parameter, np.random.default_rng(0))
    close(own.std(), narrow, "sampling")
    start_alike("dcgan_mnist", "torch", "jax", "jittor")


@pytest.mark.pins("torch", "tf", "jax", "jittor")
def test_the_same_seed_gives_other_numbers_in_every_framework() -> None:
    import jax
    import jittor as jt
    import tensorflow as tf
    import torch

    jt.set_global_seed(0)
    drawn = [
        torch.randn(8, generator=torch.Generator().manual_seed(0)).numpy(),
        tf.random.Generator.from_seed(0).normal([8]).numpy(),
        np.asarray(jax.random.normal(jax.random.key(0), 8)),
        jt.randn(8).numpy(),
    ]
    for place, numbers in enumerate(drawn):
        for other in drawn[:place]:
            apart(numbers, other, "sampling")
    noise = (Streams(0).noise("generator", 1, (8,), "normal") for _ in range(2))
    close(next(noise), next(noise), "exact")
    start_alike("lsgan_mlp", *BACKENDS)
