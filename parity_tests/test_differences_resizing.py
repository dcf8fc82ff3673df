"""Pooling and resizing."""

import numpy as np
import pytest

from common.backends import BACKENDS
from common.parity.measure import normwise_error
from parity_tests.differing import apart, called, close, part, value

MAPS = np.random.default_rng(0).standard_normal((1, 1, 4, 4))
ROW = np.arange(5.0).reshape(1, 1, 1, 5)


def upsampled(name, mode):
    """What a port's own layer makes of MAPS."""
    return value(name, getattr(part(name, "layers"), f"upsample_{mode}"), MAPS)


def corners_on_corners():
    """MAPS at twice their size, in PyTorch and in float64."""
    import torch

    return torch.nn.UpsamplingBilinear2d(scale_factor=2)(torch.tensor(MAPS)).numpy()


@pytest.mark.pins("torch", "tf", "jax", "jittor")
def test_bilinear_upsampling_aligns_corners_in_one_layer_of_pytorch(effect) -> None:
    import jax
    import jittor as jt
    import tensorflow as tf
    import torch

    def functional(maps):
        return torch.nn.functional.interpolate(maps, scale_factor=2, mode="bilinear")

    centred, corners = value("torch", functional, MAPS), corners_on_corners()
    apart(corners, centred, "cancellation_float32")
    others = {
        "tf": lambda maps: tf.image.resize(maps, (8, 8), method="bilinear"),
        "jax": lambda maps: jax.image.resize(maps, (1, 8, 8, 1), "bilinear"),
        "jittor": jt.nn.UpsamplingBilinear2d(2),
    }
    for name, function in others.items():
        close(value(name, function, MAPS), centred, "closed_form_float32", name)
    effect("relative difference of the two conventions", normwise_error(centred, corners))
    for name in BACKENDS:
        close(upsampled(name, "bilinear"), corners, what=name)


@pytest.mark.pins("tf")
def test_tensorflow_resizes_to_float32() -> None:
    """It has no align_corners either, so the port multiplies by interpolation matrices."""
    import tensorflow as tf

    maps = tf.constant(np.random.default_rng(0).standard_normal((1, 4, 4, 1)))
    assert tf.image.resize(maps, (8, 8), method="bilinear").dtype == tf.float32
    assert part("tf", "layers").upsample_bilinear(maps).dtype == tf.float64
    close(upsampled("tf", "bilinear"), corners_on_corners())


@pytest.mark.pins("jittor")
def test_jittor_interpolates_with_float32_weights(effect) -> None:
    import jittor as jt

    def stock(maps):
        return jt.nn.interpolate(maps, scale_factor=2, mode="bilinear", align_corners=True)

    expected, actual = corners_on_corners(), value("jittor", stock, MAPS)
    close(actual, expected, "closed_form_float32")
    apart(actual, expected, "update")
    effect("relative error in float64", normwise_error(np.float64(actual), expected))
    close(upsampled("jittor", "bilinear"), expected)


@pytest.mark.pins("torch", "jax")
def test_jax_applies_antialiasing_when_downsampling(effect) -> None:
    import jax
    import torch

    maps = np.random.default_rng(0).standard_normal((1, 1, 5, 5))

    def smaller(maps, **kind):
        return jax.image.resize(maps, (1, 3, 3, 1), "bilinear", **kind)

    def functional(maps):
        return torch.nn.functional.interpolate(maps, size=(3, 3), mode="bilinear")

    expected, actual = value("torch", functional, maps), value("jax", smaller, maps)
    close(
        value("jax", lambda x: smaller(x, antialias=False), maps), expected, "closed_form_float32"
    )
    apart(actual, expected, "cancellation_float32")
    effect("relative difference from 5×5 to 3×3", normwise_error(actual, expected))
    assert "resize" not in called("jax")
    assert "upsample_bilinear" in called("jax")


@pytest.mark.pins("torch", "tf", "jax", "jittor")
def test_nearest_resizing_differs_at_non_integer_factors(effect) -> None:
    import jax
    import jittor as jt
    import tensorflow as tf
    import torch

    def columns(size):
        resize = torch.nn.functional.interpolate
        functions = {
            "torch": lambda x: resize(x, size=(1, size), mode="nearest"),
            "tf": lambda x: tf.image.resize(x, (1, size), method="nearest"),
            "jax": lambda x: jax.image.resize(x, (1, 1, size, 1), "nearest"),
            "jittor": lambda x: jt.nn.interpolate(x, size=(1, size), mode="nearest"),
        }
        resized = {
            name: value(name, function, ROW)[0, 0, 0] for name, function in functions.items()
        }
        exact = value("torch", lambda x: resize(x, size=(1, size), mode="nearest-exact"), ROW)
        close(resized["jax"], exact[0, 0, 0], "exact")
        return resized

    resized = columns(8)
    close(resized["torch"], np.floor(np.arange(8) * 5 / 8), "exact")
    close(resized["tf"], np.floor((np.arange(8) + 0.5) * 5 / 8), "exact")
    close(resized["jittor"], resized["torch"], "exact")
    close(resized["jax"], resized["tf"], "exact")
    effect("share of pixels that differ from 5 to 8", (resized["torch"] != resized["tf"]).mean())
    for name, row in columns(10).items():
        close(row, np.arange(5.0).repeat(2), "exact", name)
        expected = MAPS.repeat(2, axis=2).repeat(2, axis=3)
        close(upsampled(name, "nearest"), expected, "exact", name)


@pytest.mark.pins("torch", "jittor")
def test_jittor_s_max_pooling_has_no_second_derivative(effect) -> None:
    import jittor as jt
    import torch

    upstream = np.random.default_rng(1).standard_normal(MAPS.shape)

    def second_derivative(pool):
        maps = jt.array(MAPS)
        pooled = pool(maps)
        first = jt.grad((pooled * pooled * pooled).sum(), maps)
        return jt.grad((first * jt.array(upstream)).sum(), maps).numpy()

    maps = torch.tensor(MAPS, requires_grad=True)
    total = torch.nn.functional.max_pool2d(maps, 2).pow(3).sum()
    (first,) = torch.autograd.grad(total, maps, create_graph=True)
    expected = torch.autograd.grad(first, maps, torch.tensor(upstream))[0].numpy()
    actual = second_derivative(jt.nn.MaxPool2d(2))
    apart(actual, expected, "cancellation_float32")
    effect("relative error of the second derivative", normwise_error(actual, expected))
    close(second_derivative(part("jittor", "models.dcgan_mnist")._max_pool), expected)


@pytest.mark.pins("torch", "jittor")
def test_jittor_s_pooling_rejects_maps_as_small_as_the_window() -> None:
    import jittor as jt
    import torch

    small = MAPS[:, :, :2, :2]
    most, mean = small.max((2, 3), keepdims=True), small.mean((2, 3), keepdims=True)
    close(value("torch", torch.nn.MaxPool2d(2), small), most)
    close(value("torch", torch.nn.AvgPool2d(2), small), mean)
    for pool in (jt.nn.MaxPool2d(2), jt.nn.AvgPool2d(2)):
        with pytest.raises(RuntimeError, match="larger than kernel_size"):
            value("jittor", pool, small)
    close(value("jittor", part("jittor", "models.dcgan_mnist")._max_pool, small), most)
    close(value("jittor", part("jittor", "models.sngan_resnet")._halve, small), mean)
