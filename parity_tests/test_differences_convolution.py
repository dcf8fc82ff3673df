"""Padding, alignment and layouts of convolutions, forward and transposed."""

import numpy as np
import pytest

from common.contract.layouts import flatten_order, to_channels_last
from common.parity.measure import normwise_error
from common.systems.networks.parameters import NetworkBuilder
from parity_tests.differing import agree, apart, close

RNG = np.random.default_rng(0)
MAPS, KERNEL = RNG.standard_normal((1, 1, 8, 8)), RNG.standard_normal((1, 1, 5, 5))
LAST, WEIGHT = MAPS.transpose(0, 2, 3, 1), KERNEL.transpose(2, 3, 1, 0)


@pytest.mark.pins("torch", "tf", "jax")
def test_same_padding_with_stride_two_is_not_pytorch_s_padding(effect) -> None:
    import jax
    import tensorflow as tf
    import torch

    def padded_by_two(maps):
        output = torch.nn.functional.conv2d(torch.tensor(maps), torch.tensor(KERNEL), None, 2, 2)
        return output.numpy()[0, 0]

    def same(maps):
        last = maps.transpose(0, 2, 3, 1)
        theirs = tf.nn.conv2d(last, WEIGHT, strides=2, padding="SAME").numpy()[0, :, :, 0]
        layout = ("NHWC", "HWIO", "NHWC")
        other = jax.lax.conv_general_dilated(last, WEIGHT, (2, 2), "SAME", dimension_numbers=layout)
        close(other[0, :, :, 0], theirs)
        return theirs

    expected, actual = padded_by_two(MAPS), same(MAPS)
    assert actual.shape == expected.shape
    apart(actual, expected, "cancellation_float32")
    effect(
        "relative difference on 8×8 maps, TensorFlow and PyTorch", normwise_error(actual, expected)
    )
    odd = np.random.default_rng(1).standard_normal((1, 1, 7, 7))
    close(same(odd), padded_by_two(odd))
    around = [[0, 0], [2, 2], [2, 2], [0, 0]]
    close(tf.nn.conv2d(tf.pad(LAST, around), WEIGHT, 2, "VALID").numpy()[0, :, :, 0], expected)
    with pytest.raises(ValueError, match="same"):
        torch.nn.Conv2d(1, 1, 5, stride=2, padding="same")
    agree("wgan_gp", "torch", "tf", "jax")


@pytest.mark.pins("torch", "jax")
def test_flax_s_transposed_convolution_has_a_flipped_kernel(effect) -> None:
    import jax
    import torch

    maps, kernel = MAPS[:, :, :4, :4], KERNEL[:, :, :4, :4]
    expected = torch.nn.functional.conv_transpose2d(
        torch.tensor(maps), torch.tensor(kernel), stride=2, padding=1
    ).numpy()[0, 0]
    last = maps.transpose(0, 2, 3, 1)
    layout = ("NHWC", "HWIO", "NHWC")

    def transposed(weight, **kind):
        return jax.lax.conv_transpose(
            last, weight, (2, 2), ((2, 2), (2, 2)), dimension_numbers=layout, **kind
        )[0, :, :, 0]

    weight = kernel.transpose(2, 3, 0, 1)
    close(transposed(weight[::-1, ::-1]), expected)
    apart(transposed(weight), expected)
    close(transposed(kernel.transpose(2, 3, 1, 0), transpose_kernel=True), expected)
    difference = normwise_error(np.asarray(transposed(weight)), expected)
    effect("relative difference with the kernel as it is, JAX and PyTorch", difference)
    agree("dcgan_mnist", "torch", "jax")


@pytest.mark.pins("torch", "tf")
def test_keras_transposed_same_is_shifted_by_a_pixel(effect) -> None:
    import keras
    import torch

    def pytorch_s(size, **kind):
        maps, kernel = torch.tensor(MAPS), torch.tensor(KERNEL[:, :, :size, :size])
        kind = {"stride": 2, **kind}
        return torch.nn.functional.conv_transpose2d(maps, kernel, **kind).numpy()[0, 0]

    def same(size):
        weight = WEIGHT[:size, :size]
        return keras.ops.conv_transpose(LAST, weight, 2, padding="same").numpy()[0, :, :, 0]

    for size, padding in ((5, 2), (3, 1)):
        expected, actual = pytorch_s(size, padding=padding, output_padding=1), same(size)
        assert actual.shape == expected.shape
        apart(actual, expected, "cancellation_float32")
        close(actual[1:, 1:], expected[:-1, :-1])
        difference = normwise_error(actual, expected)
        effect(f"relative difference, kernel {size} and stride 2, Keras and PyTorch", difference)
    close(same(4), pytorch_s(4, padding=1))
    agree("lsgan_jittor", "torch", "tf")


@pytest.mark.pins("torch", "jax")
def test_flax_s_transposed_convolution_pads_the_dilated_input(effect) -> None:
    import torch
    from flax import nnx

    kernel = KERNEL[:, :, :3, :3]

    def flax_s(*padding):
        kind = {"kernel_size": (3, 3), "strides": (2, 2), "padding": (padding, padding)}
        exact = {"transpose_kernel": True, "use_bias": False, "param_dtype": float}
        layer = nnx.ConvTranspose(1, 1, **kind, **exact, rngs=nnx.Rngs(0))
        layer.kernel[...] = kernel.transpose(2, 3, 1, 0)
        return np.asarray(layer(LAST))[0, :, :, 0]

    expected = torch.nn.functional.conv_transpose2d(
        torch.tensor(MAPS), torch.tensor(kernel), stride=2, padding=1, output_padding=1
    ).numpy()[0, 0]
    close(flax_s(1, 2), expected)  # k − 1 − p before, and the output padding more after
    without = torch.nn.functional.conv_transpose2d(
        torch.tensor(MAPS), torch.tensor(kernel), stride=2, padding=0
    ).numpy()[0, 0]
    assert flax_s(0, 0).shape != without.shape
    effect("rows made of 8 by kernel 3, stride 2 and padding 0, PyTorch", len(without))
    effect("rows made of 8 by kernel 3, stride 2 and padding 0, Flax", len(flax_s(0, 0)))
    agree("lsgan_jittor", "torch", "jax")


@pytest.mark.pins("torch", "tf", "jax", "jittor")
def test_kernels_are_channels_first_in_pytorch_and_jittor_alone() -> None:
    import jittor as jt
    import keras
    import torch
    from flax import nnx

    rngs, square = nnx.Rngs(0), (5, 5)
    own = keras.layers.Dense(3), keras.layers.Conv2D(3, 5), keras.layers.Conv2DTranspose(3, 5)
    for layer, shape in zip(own, ((None, 2), (None, 9, 9, 2), (None, 9, 9, 2)), strict=True):
        layer.build(shape)
    turned = nnx.ConvTranspose(2, 3, square, transpose_kernel=True, rngs=rngs).kernel.shape
    assert turned == (5, 5, 3, 2)
    flax = nnx.Linear(2, 3, rngs=rngs), nnx.Conv(2, 3, square, rngs=rngs)
    assert nnx.ConvTranspose(2, 3, square, rngs=rngs).kernel.shape == (5, 5, 2, 3)
    last = [(2, 3), (5, 5, 2, 3), (5, 5, 3, 2)]
    assert [tuple(layer.kernel.shape) for layer in own] == last
    assert [layer.kernel.shape for layer in flax] == last[:2]
    for nn in (torch.nn, jt.nn):
        transposed = getattr(nn, "ConvTranspose2d", None) or nn.ConvTranspose
        first = nn.Linear(2, 3), nn.Conv2d(2, 3, 5), transposed(2, 3, 5)
        shapes = [tuple(layer.weight.shape) for layer in first]
        assert shapes == [(3, 2), (3, 2, 5, 5), (2, 3, 5, 5)]
    build = NetworkBuilder("generator")
    canonical = build.linear("l", 2, 3)[0], build.conv("c", 2, 3, 5)[0]
    for parameter, shape in zip(
        (*canonical, build.conv_transpose("t", 2, 3, 5)[0]), last, strict=True
    ):
        assert to_channels_last(parameter, np.zeros(parameter.shape)).shape == shape
    agree("dcgan_mnist", "torch", "tf", "jax", "jittor")


@pytest.mark.pins("torch", "tf", "jax", "jittor")
def test_flattening_depends_on_the_channel_order(effect) -> None:
    import jax.numpy as jnp
    import jittor as jt
    import keras
    import torch

    maps = np.arange(2 * 3 * 4 * 5.0).reshape(2, 3, 4, 5)
    last = maps.transpose(0, 2, 3, 1)
    first_order = torch.tensor(maps).flatten(1).numpy()
    close(jt.array(maps).flatten(1).numpy(), first_order, "exact")
    for flattened in (keras.layers.Flatten()(last), jnp.asarray(last).reshape(2, -1)):
        apart(flattened, first_order, "cancellation_float32")
        close(flattened, first_order[:, flatten_order((3, 4, 5))], "exact")
    moved = flatten_order((3, 4, 5)) != np.arange(60)
    effect("share of the elements of 3×4×5 maps that stand elsewhere", moved.mean())
    agree("wgan_gp", "torch", "tf", "jax", "jittor")
