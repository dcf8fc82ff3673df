"""What is slow on a CPU in one framework, and the layers that avoid it."""

from functools import partial

import numpy as np
import pytest

from common.bench.timing import time_in_turns
from parity_tests.differing import close, port

RNG = np.random.default_rng(0)


def gradients(layer, inputs):
    """What computes the gradients of a loss, and those of a penalty on the input's gradient."""
    import jax
    from flax import nnx

    graph, state = nnx.split(layer)

    def loss(state, inputs):
        return (nnx.merge(graph, state)(inputs) ** 3).mean()

    def penalty(state):
        return (jax.grad(loss, argnums=1)(state, inputs) ** 2).sum()

    first, second = jax.jit(jax.grad(loss, argnums=(0, 1))), jax.jit(jax.grad(penalty))
    return (
        lambda: jax.block_until_ready(first(state, inputs)),
        lambda: jax.block_until_ready(second(state)),
    )


def agree(ours, theirs):
    """Both layers have the same gradients of first and second order."""
    import jax

    for own, flax in zip(ours, theirs, strict=True):
        jax.tree.map(close, own(), flax())


def slower(own, flax) -> float:
    """The time of the second over that of the first, side by side."""
    return time_in_turns(lambda _: flax(), lambda _: own(), pairs=3, seconds=0).ratios[1]


@pytest.mark.pins("jax")
def test_a_transposed_kernel_s_gradient_is_slow_in_jax_on_a_cpu(effect) -> None:
    from flax import nnx

    from jax_impl.convolution import ConvTranspose

    def layer(kind, channels, dtype):
        how = {"padding": ((1, 2), (1, 2)), "transpose_kernel": True, "param_dtype": dtype}
        return kind(channels, 32, (3, 3), (2, 2), **how, rngs=nnx.Rngs(0))

    kinds = ConvTranspose, nnx.ConvTranspose
    small = RNG.standard_normal((2, 4, 4, 3))
    agree(*(gradients(layer(kind, 3, float), small) for kind in kinds))
    maps = np.zeros((8, 32, 32, 64), "f")
    (own, _), (flax, _) = (gradients(layer(kind, 64, "float32"), maps) for kind in kinds)
    ratio = slower(own, flax)
    assert ratio > 2
    effect("time for 8 maps of 32×32 in float32, NNX over ours", ratio)


@pytest.mark.pins("jax")
def test_maps_smaller_than_the_kernel_are_slow_in_jax_on_a_cpu(effect) -> None:
    from flax import nnx

    from jax_impl.convolution import Conv, ConvTranspose

    conv = {"padding": ((2, 2), (2, 2)), "strides": (2, 2)}
    transposed = {"padding": "VALID", "strides": (1, 1), "transpose_kernel": True}
    for own, flax, how, extent in (
        (Conv, nnx.Conv, conv, 7),
        (ConvTranspose, nnx.ConvTranspose, transposed, 4),
    ):

        def layer(kind, channels, dtype, how=how):
            part = partial(kind, channels, channels, (5, 5), **how)
            return part(param_dtype=dtype, rngs=nnx.Rngs(0))

        small = RNG.standard_normal((2, extent, extent, 3))
        agree(*(gradients(layer(kind, 3, float), small) for kind in (own, flax)))
        maps = np.zeros((8, extent, extent, 64), "f")
        (ours, _), (theirs, _) = (
            gradients(layer(kind, 64, "float32"), maps) for kind in (own, flax)
        )
        ratio = slower(ours, theirs)
        assert ratio > 2, own
        effect(f"time for {own.__name__} of {extent}×{extent} maps, NNX over ours", ratio)


@pytest.mark.parametrize(
    ("extent", "kernel", "stride", "padding"),
    [
        (7, 5, 2, ((2, 2), (2, 2))),
        (8, 4, 2, ((1, 1), (1, 1))),
        (4, 4, 1, "VALID"),
        (6, 3, 2, "SAME"),
        (9, 3, 2, ((0, 1), (1, 0))),
        (1, 3, 1, ((1, 1), (1, 1))),
    ],
)
def test_our_convolutions_are_nnx_s(extent, kernel, stride, padding) -> None:
    pytest.importorskip("jax")
    from flax import nnx

    from jax_impl.convolution import Conv, ConvTranspose

    maps = RNG.standard_normal((2, extent, extent, 3))
    how = {"padding": padding, "strides": (stride, stride), "param_dtype": float}
    for own, flax, more in (
        (Conv, nnx.Conv, {}),
        (ConvTranspose, nnx.ConvTranspose, {"transpose_kernel": True}),
    ):
        layers = [
            kind(3, 2, (kernel,) * 2, **how, **more, rngs=nnx.Rngs(0)) for kind in (own, flax)
        ]
        close(layers[0](maps), layers[1](maps))
        agree(*(gradients(layer, maps) for layer in layers))


@pytest.mark.pins("jax")
def test_a_transposed_convolution_multiplies_zeros_in_jax_on_a_cpu(effect) -> None:
    import jax
    from jax import lax

    from jax_impl.convolution import WIDE, conv_transpose

    strides, padding = (2, 2), ((2, 2), (2, 2))

    def ours(maps, kernel):
        return conv_transpose(maps, kernel, strides, padding)

    def flax(maps, kernel):
        return lax.conv_transpose(maps, kernel, strides, padding, transpose_kernel=True)

    small = RNG.standard_normal((2, 5, 6, 3)), RNG.standard_normal((4, 4, WIDE, 3))
    close(ours(*small), flax(*small))
    maps, kernel = np.zeros((16, 28, 28, 128), "f"), np.zeros((5, 5, 64, 128), "f")
    own, slow = (
        partial(lambda function: jax.block_until_ready(function(maps, kernel)), jax.jit(each))
        for each in (ours, flax)
    )
    ratio = slower(own, slow)
    assert ratio > 1.5
    effect("time for 16 maps of 28×28 in float32, NNX over ours", ratio)


@pytest.mark.parametrize("kernel", [1, 2, 3, 5])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", [(0, 0), (1, 2), (4, 5)], ids=str)
def test_convolutions_of_phases_make_up_a_transposed_one(need, kernel, stride, padding) -> None:
    need("jax")
    from jax import lax

    from jax_impl.convolution import WIDE, conv_transpose

    maps = RNG.standard_normal((2, 5, 6, 3))
    weights = RNG.standard_normal((kernel, kernel, WIDE, 3))
    how = (stride, stride), (padding, padding)
    expected = lax.conv_transpose(maps, weights, *how, transpose_kernel=True)
    close(conv_transpose(maps, weights, *how), expected)


@pytest.mark.pins("jittor")
def test_jittor_transposes_a_linear_layer_s_weight_on_a_cpu(effect) -> None:
    import jittor as jt
    from jittor import nn

    from jittor_impl.layers import Linear

    backend = port("jittor", "float32")

    def took(kind, batch):
        layer, inputs = kind(1024, 6272), backend.interop.to_native(np.ones((batch, 1024)))

        def forward(_):
            layer(inputs).sync()
            jt.sync_all(True)

        return forward

    ratio = time_in_turns(took(nn.Linear, 16), took(Linear, 16), pairs=5, seconds=0.1).ratios[1]
    assert ratio > 1.5
    effect("time for 16 samples and 1024×6272 weights in float32, Jittor's own over ours", ratio)


@pytest.mark.parametrize("batch", [3, 65])
def test_a_linear_layer_computes_the_same_for_any_batch(need, batch) -> None:
    """And so do the gradients of a loss and of a penalty on its slopes."""
    need("jittor")
    import jittor as jt
    from jittor import nn

    from jittor_impl.layers import WIDE, Linear, _is_small_for

    backend = port("jittor")
    weight, inputs = RNG.standard_normal((WIDE // 1024, 1024)), RNG.standard_normal((batch, 1024))
    layer, usual = Linear(1024, len(weight)), nn.Linear(1024, len(weight))
    for each in (layer, usual):
        each.weight = backend.interop.to_native(weight)
        each.bias = backend.interop.to_native(np.arange(len(weight)))
    native = backend.interop.to_native(inputs)
    assert _is_small_for(layer.weight, native) == (batch == 3)
    found = []
    for each in (layer, usual):
        outputs = each(native)
        slopes = jt.grad((outputs**3).sum(), native)
        penalty = (slopes.sqr()).sum()
        tensors = [outputs, slopes, *jt.grad(penalty, [each.weight, each.bias, native])]
        found.append([backend.interop.to_canonical(tensor) for tensor in tensors])
    for own, expected in zip(*found, strict=True):
        close(own, expected)
    close(found[0][0], inputs @ weight.T + np.arange(len(weight)))
