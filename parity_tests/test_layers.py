"""The layers that the ports write themselves, against their closed forms."""

import numpy as np
import pytest

from common.parity.measure import Disagreement, require_named
from common.reference import layers as reference
from parity_tests.fixtures import in_training, module

SHAPES = [(6, 3), (4, 3, 5, 7)]
KINKS = np.array([-2.0, -1e-8, -0.0, 0.0, 1e-8, 2.0])


def batch_norm(backend, unbiased):
    layer = module(backend, "layers").BatchNorm(
        3, epsilon=1e-5, momentum=0.3, unbiased_running_variance=unbiased
    )
    return in_training(backend, layer), layer


def statistics(backend, layer):
    canonical = backend.interop.to_canonical
    if backend.name == "jax":
        return canonical(layer.mean[...]), canonical(layer.var[...])
    if backend.name == "tf":
        return canonical(layer.moving_mean), canonical(layer.moving_variance)
    return canonical(layer.running_mean), canonical(layer.running_var)


@pytest.mark.parametrize("slope", [0.2, 0.01, 0.1])
def test_leaky_relu_and_its_derivative_also_at_zero(backend, slope) -> None:
    leaky_relu, native = module(backend, "layers").leaky_relu, backend.interop.to_native
    output, (gradient,) = backend.probes.pull_back(
        lambda x: leaky_relu(x, negative_slope=slope), native(np.ones(6)), native(KINKS)
    )
    values, derivative = reference.leaky_relu(KINKS, negative_slope=slope)
    canonical = backend.interop.to_canonical
    require_named(canonical(output), values, "closed_form", "output")
    require_named(canonical(gradient), derivative, "closed_form", "derivative")


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("unbiased", [False, True])
def test_batch_norm_and_its_running_statistics(backend, shape, unbiased) -> None:
    inputs = 3 + 2 * np.random.default_rng(0).standard_normal(shape)
    apply, layer = batch_norm(backend, unbiased)
    output = backend.interop.to_canonical(apply(backend.interop.to_native(inputs)))
    expected_output, mean, variance = reference.batch_norm(
        inputs, np.ones(3), np.zeros(3), epsilon=1e-5
    )
    require_named(output, expected_output, "linear_algebra", "output")
    expected_statistics = reference.running_statistics(
        np.zeros(3), np.ones(3), mean, variance, inputs.size // 3, momentum=0.3, unbiased=unbiased
    )
    for name, actual, expected in zip(
        ("mean", "variance"), statistics(backend, layer), expected_statistics, strict=True
    ):
        require_named(actual, expected, "linear_algebra", f"running {name}")


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_batch_norm_s_gradient(backend, shape) -> None:
    inputs, upstream = np.random.default_rng(1).standard_normal((2, *shape))
    native = backend.interop.to_native
    apply, _ = batch_norm(backend, False)
    _, (gradient,) = backend.probes.pull_back(apply, native(upstream), native(inputs))
    expected, _, _ = reference.batch_norm_gradients(inputs, np.ones(3), upstream, epsilon=1e-5)
    require_named(backend.interop.to_canonical(gradient), expected, "linear_algebra", "gradient")


def test_batch_norm_keeps_a_small_variance_beside_a_large_mean(configured) -> None:
    """E[x²] − E[x]² in float32 would lose it all: mean 100, standard deviation 0.01."""
    backend = configured("float32")
    inputs = np.float32(100 + 0.01 * np.random.default_rng(0).standard_normal((512, 3)))
    apply, layer = batch_norm(backend, False)
    apply(backend.interop.to_native(inputs))
    exact = reference.running_statistics(
        np.zeros(3),
        np.zeros(3),
        inputs.astype(np.float64).mean(0),
        inputs.astype(np.float64).var(0),
        512,
        momentum=0.3,
        unbiased=False,
    )
    moved = statistics(backend, layer)[1].astype(np.float64) - np.float32(0.7)
    require_named(moved, exact[1], "cancellation_float32", "variance")


def interpolation(size: int) -> np.ndarray:
    """(2·size, size): linear interpolation with the outermost pixels kept in place."""
    positions = np.linspace(0, size - 1, 2 * size)
    return np.maximum(1 - np.abs(positions[:, None] - np.arange(size)), 0)


def upsampled(backend, name, maps):
    """The layer's output on canonical maps, and its gradient for a fixed upstream."""
    layer, native = getattr(module(backend, "layers"), name), backend.interop.to_native
    batch, channels, height, width = maps.shape
    upstream = np.random.default_rng(2).standard_normal((batch, channels, 2 * height, 2 * width))
    output, (gradient,) = backend.probes.pull_back(layer, native(upstream), native(maps))
    canonical = backend.interop.to_canonical
    return canonical(output), canonical(gradient), upstream


@pytest.mark.parametrize("name", ["upsample_bilinear", "upsample_nearest"])
@pytest.mark.parametrize("size", [(4, 4), (3, 5), (16, 16)], ids=str)
def test_upsampling_and_its_gradient(backend, name, size) -> None:
    maps = np.random.default_rng(0).standard_normal((2, 3, *size))
    output, gradient, upstream = upsampled(backend, name, maps)
    rows, columns = (
        interpolation(extent) if name.endswith("bilinear") else np.eye(extent).repeat(2, axis=0)
        for extent in size
    )
    expected = np.einsum("ih,jw,nchw->ncij", rows, columns, maps)
    of_maps = np.einsum("ih,jw,ncij->nchw", rows, columns, upstream)
    require_named(output, expected, "linear_algebra", "output")
    require_named(gradient, of_maps, "linear_algebra", "gradient")


def test_bilinear_upsampling_between_pixel_centres_turns_the_check_red(backend) -> None:
    """align_corners=False is the other convention, half a pixel off."""
    maps = np.random.default_rng(0).standard_normal((1, 1, 4, 4))
    output, _, _ = upsampled(backend, "upsample_bilinear", maps)
    positions = np.clip((np.arange(8) + 0.5) / 2 - 0.5, 0, 3)
    centred = np.maximum(1 - np.abs(positions[:, None] - np.arange(4)), 0)
    other = np.einsum("ih,jw,nchw->ncij", centred, centred, maps)
    with pytest.raises(Disagreement):
        require_named(output, other, "linear_algebra", "output")


@pytest.mark.parametrize("shape", [(4, 3, 5, 7), (4, 3, 1, 1)], ids=["units", "channels"])
def test_dropout_scales_what_it_keeps_once(backend, shape) -> None:
    rng = np.random.default_rng(0)
    maps, mask = rng.standard_normal((4, 3, 5, 7)), (rng.random(shape) >= 0.3) * 1.0
    dropout, native = module(backend, "layers").dropout, backend.interop.to_native
    output, (gradient,) = backend.probes.pull_back(
        lambda inputs: dropout(inputs, native(mask), rate=0.3),
        native(np.ones_like(maps)),
        native(maps),
    )
    canonical = backend.interop.to_canonical
    require_named(canonical(output), maps * mask / (1 - 0.3), "closed_form", "output")
    expected = np.broadcast_to(mask / (1 - 0.3), maps.shape)
    require_named(canonical(gradient), expected, "closed_form", "gradient")
    kept = dropout(native(maps), None, rate=0.3)
    require_named(canonical(kept), maps, "exact", "without a mask")


def test_one_value_per_channel_is_refused_in_training(backend) -> None:
    apply, _ = batch_norm(backend, False)
    with pytest.raises(ValueError, match=r"one value per channel|more than 1 value per channel"):
        apply(backend.interop.to_native(np.ones((1, 3))))


def test_a_running_variance_of_the_other_kind_turns_the_check_red(backend) -> None:
    inputs = np.random.default_rng(0).standard_normal((6, 3))
    apply, layer = batch_norm(backend, True)
    apply(backend.interop.to_native(inputs))
    _, biased = reference.running_statistics(
        np.zeros(3), np.ones(3), inputs.mean(0), inputs.var(0), 6, momentum=0.3, unbiased=False
    )
    with pytest.raises(Disagreement):
        require_named(statistics(backend, layer)[1], biased, "linear_algebra", "running variance")
