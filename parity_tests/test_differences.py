"""What the frameworks themselves do differently, pinned: an upgrade that changes it turns red.

That the ports agree all the same is what the other tests show.
"""

import numpy as np
import pytest

from common.backends import load
from common.measure import Disagreement, require_named
from common.reference import optimisers as reference


@pytest.fixture(autouse=True)
def needs(request, backends):
    """Each test names the frameworks that it pins."""
    wanted = request.node.get_closest_marker("pins").args
    if missing := set(wanted) - set(backends):
        pytest.fail(f"pins {', '.join(missing)}, left out by --backends")
    for name in wanted:
        load(name, device="cpu", dtype="float64", exact=True)


def close(found, truth, bound="linear_algebra", what="value"):
    require_named(np.asarray(found, np.float64), np.asarray(truth, np.float64), bound, what)


def apart(found, truth, bound="linear_algebra"):
    with pytest.raises(Disagreement):
        close(found, truth, bound)


BATCH = np.random.default_rng(0).standard_normal((6, 3))


@pytest.mark.pins("torch", "tf", "jax", "jittor")
def test_running_variance_is_unbiased_in_pytorch_alone() -> None:
    import jax.numpy as jnp
    import jittor as jt
    import keras
    import torch
    from flax import nnx

    ours = torch.nn.BatchNorm1d(3, eps=1e-5, momentum=0.1)
    ours(torch.tensor(BATCH))
    close(ours.running_var, 0.9 + 0.1 * BATCH.var(0, ddof=1))
    biased = 0.9 + 0.1 * BATCH.var(0)
    layer = keras.layers.BatchNormalization(momentum=0.9, dtype="float64")
    layer(BATCH, training=True)
    close(layer.moving_variance, biased)
    module = nnx.BatchNorm(3, momentum=0.9, param_dtype=float, rngs=nnx.Rngs(0))
    module(jnp.asarray(BATCH))
    close(module.var[...], biased, "closed_form_float32")
    norm = jt.nn.BatchNorm(3, momentum=0.1)
    norm.running_mean, norm.running_var = (
        jt.array(np.zeros(3)).stop_grad(),
        jt.array(np.ones(3)).stop_grad(),
    )
    norm(jt.array(BATCH))
    close(norm.running_var.numpy(), biased, "closed_form_float32")


@pytest.mark.pins("torch", "tf", "jax", "jittor")
def test_batch_norm_s_default_epsilon_is_larger_in_keras() -> None:
    import jittor as jt
    import keras
    import torch
    from flax import nnx

    assert torch.nn.BatchNorm1d(3).eps == 1e-5
    assert nnx.BatchNorm(3, rngs=nnx.Rngs(0)).epsilon == 1e-5
    assert jt.nn.BatchNorm(3).eps == 1e-5
    assert keras.layers.BatchNormalization().epsilon == 1e-3


@pytest.mark.pins("jax", "jittor")
def test_fast_variance_loses_a_small_spread_beside_a_large_mean() -> None:
    import jax.numpy as jnp
    from flax import nnx

    inputs = np.float32(100 + 0.01 * np.random.default_rng(0).standard_normal((512, 3)))
    found = {}
    for fast in (True, False):
        layer = nnx.BatchNorm(3, momentum=0.0, use_fast_variance=fast, rngs=nnx.Rngs(0))
        layer(jnp.asarray(inputs))
        found[fast] = layer.var[...]
    truth = inputs.astype(np.float64).var(0)
    close(found[False], truth, "cancellation_float32")
    apart(found[True], truth, "cancellation_float32")


def first_update(optimiser, gradient):
    """The first update of one weight by a Keras optimiser."""
    import keras

    weight = keras.Variable(np.zeros(1), dtype="float64")
    optimiser.build([weight])
    optimiser.apply([keras.ops.convert_to_tensor(np.array([gradient]))], [weight])
    return weight.numpy()


@pytest.mark.pins("tf")
def test_keras_adam_scales_epsilon_with_the_step() -> None:
    import keras

    numbers = {"learning_rate": 1.0, "beta1": 0.5, "beta2": 0.999, "epsilon": 1e-8}
    slots = {"first_moment": np.zeros(1), "second_moment": np.zeros(1)}
    gradient = 1e-6
    truth, _ = reference.adam(np.zeros(1), np.array([gradient]), slots, 1, **numbers)
    stock = keras.optimizers.Adam(1.0, beta_1=0.5, beta_2=0.999, epsilon=1e-8)
    found = first_update(stock, gradient)
    hat = 1e-8 / np.sqrt(1 - 0.999)  # the epsilon that its formula amounts to at step 1
    close(found, [-gradient / (gradient + hat)], "cancellation_float32")
    apart(found, truth, "cancellation_float32")


@pytest.mark.pins("tf")
def test_keras_rmsprop_puts_epsilon_inside_the_root() -> None:
    import keras

    gradient = 1e-4
    stock = keras.optimizers.RMSprop(1.0, rho=0.99, epsilon=1e-8)
    found = first_update(stock, gradient)
    close(found, [-gradient / np.sqrt(0.01 * gradient**2 + 1e-8)], "closed_form_float32")
    apart(found, [-gradient / (0.1 * gradient + 1e-8)], "cancellation_float32")


@pytest.mark.pins("tf")
def test_keras_momentum_keeps_the_learning_rate_in_its_velocity() -> None:
    import keras

    weight = keras.Variable(np.zeros(1), dtype="float64")
    stock = keras.optimizers.SGD(1.0, momentum=0.9)
    stock.build([weight])
    for rate in (1.0, 0.1, 0.1):
        stock.learning_rate = rate
        stock.apply([keras.ops.convert_to_tensor(np.ones(1))], [weight])
    close(weight.numpy(), [-3.0], "closed_form_float32")  # the sources' convention: −1.461


@pytest.mark.pins("jax")
def test_optax_corrects_adam_s_bias_with_five_digits_in_float32() -> None:
    import jax.numpy as jnp
    import optax

    rule = optax.adam(1.0, b1=0.5, b2=0.999, eps=1e-8)
    weights = jnp.zeros(1, jnp.float32)
    update, _ = rule.update(jnp.ones(1, jnp.float32), rule.init(weights), weights)
    close(update, [-1.0], "cancellation_float32")
    load("jax", device="cpu", dtype="float32", exact=True)
    update, _ = rule.update(jnp.ones(1, jnp.float32), rule.init(weights), weights)
    apart(update, [-1.0], "update_float32")
    load("jax", device="cpu", dtype="float64", exact=True)


@pytest.mark.pins("jax", "torch")
def test_leaky_relu_s_derivative_at_zero_is_one_in_jax() -> None:
    import jax
    import torch

    assert jax.grad(lambda x: jax.nn.leaky_relu(x, 0.2))(0.0) == 1.0
    zero = torch.zeros((), requires_grad=True)
    torch.nn.functional.leaky_relu(zero, 0.2).backward()
    close(zero.grad, 0.2)


@pytest.mark.pins("tf")
def test_tensorflow_rounds_leaky_relu_s_slope_to_float32() -> None:
    import tensorflow as tf

    found = tf.nn.leaky_relu(tf.constant([-1.0], tf.float64), alpha=0.2).numpy()
    close(found, [-float(np.float32(0.2))])
    apart(found, [-0.2])


@pytest.mark.pins("jittor")
def test_jittor_rounds_every_number_to_float32() -> None:
    import jittor as jt

    one = jt.array(np.ones(3))
    assert str(one.dtype) == "float64"
    for rounded in (one * 0.2, one * np.float64(0.2)):
        close(rounded.numpy(), [float(np.float32(0.2))] * 3)
    exact = one * jt.array(np.array([0.2]))
    close(exact.numpy(), [0.2] * 3)


@pytest.mark.pins("jittor")
def test_a_number_left_of_one_value_makes_it_float32_in_jittor() -> None:
    import jittor as jt

    value = jt.array(np.ones(1))
    assert str((10 * value).dtype) == "float32"
    assert str((value * 10).dtype) == "float64"


@pytest.mark.pins("jittor")
def test_the_gradient_of_jittor_s_mean_rounds_one_over_n() -> None:
    import jittor as jt

    values = jt.array(np.ones(3))
    (gradient,) = jt.grad(values.mean(), [values])
    apart(gradient.numpy(), np.full(3, 1 / 3))
    (gradient,) = jt.grad(values.sum() / 3, [values])
    close(gradient.numpy(), np.full(3, 1 / 3))


@pytest.mark.pins("jittor", "torch")
def test_jittor_s_cross_entropy_loses_a_small_exponential_beside_one() -> None:
    import jittor as jt
    import torch

    logit = np.array([20.0])
    stock = jt.nn.binary_cross_entropy_with_logits(jt.array(logit), jt.array(np.ones(1)))
    apart([stock.item()], np.log1p(np.exp(-logit)))
    exact = torch.nn.functional.binary_cross_entropy_with_logits(
        torch.tensor(logit), torch.ones(1, dtype=torch.float64)
    )
    close(exact, np.log1p(np.exp(-20.0)))


@pytest.mark.pins("torch")
def test_pytorch_s_softplus_turns_linear_at_twenty() -> None:
    import torch

    large = torch.tensor(20.5, dtype=torch.float64)
    assert torch.nn.functional.softplus(large) == large
    close(-torch.nn.functional.logsigmoid(-large), 20.5 + np.log1p(np.exp(-20.5)))


@pytest.mark.pins("torch")
def test_pytorch_s_cross_entropy_gradient_cancels_at_a_right_answer() -> None:
    import torch

    logit = torch.tensor([30.0], dtype=torch.float64, requires_grad=True)
    target = torch.ones(1, dtype=torch.float64)
    torch.nn.functional.binary_cross_entropy_with_logits(logit, target).backward()
    apart(logit.grad, [-np.exp(-30.0)], "update")
    logit.grad = None
    (-torch.nn.functional.logsigmoid(logit)).sum().backward()
    close(logit.grad, [-np.exp(-30.0)], "update")


@pytest.mark.pins("torch", "tf")
def test_same_padding_with_stride_two_is_not_pytorch_s_padding() -> None:
    import tensorflow as tf
    import torch

    rng = np.random.default_rng(0)
    maps, kernel = rng.standard_normal((1, 1, 8, 8)), rng.standard_normal((1, 1, 5, 5))
    truth = torch.nn.functional.conv2d(
        torch.tensor(maps), torch.tensor(kernel), stride=2, padding=2
    ).numpy()[0, 0]
    last, weight = maps.transpose(0, 2, 3, 1), kernel.transpose(2, 3, 1, 0)
    same = tf.nn.conv2d(last, weight, strides=2, padding="SAME").numpy()[0, :, :, 0]
    assert same.shape == truth.shape
    apart(same, truth)
    around = [[0, 0], [2, 2], [2, 2], [0, 0]]
    close(tf.nn.conv2d(tf.pad(last, around), weight, 2, "VALID").numpy()[0, :, :, 0], truth)


@pytest.mark.pins("torch", "jax")
def test_flax_s_transposed_convolution_has_its_kernel_turned() -> None:
    import jax
    import torch

    rng = np.random.default_rng(0)
    maps, kernel = rng.standard_normal((1, 1, 4, 4)), rng.standard_normal((1, 1, 4, 4))
    truth = torch.nn.functional.conv_transpose2d(
        torch.tensor(maps), torch.tensor(kernel), stride=2, padding=1
    ).numpy()[0, 0]
    last = maps.transpose(0, 2, 3, 1)
    layout = ("NHWC", "HWIO", "NHWC")

    def transposed(weight):
        return jax.lax.conv_transpose(
            last, weight, (2, 2), ((2, 2), (2, 2)), dimension_numbers=layout
        )[0, :, :, 0]

    weight = kernel.transpose(2, 3, 0, 1)
    close(transposed(weight[::-1, ::-1]), truth)
    apart(transposed(weight), truth)


@pytest.mark.pins("jittor", "torch")
def test_jittor_s_relu_turns_nan_into_zero() -> None:
    import jittor as jt
    import torch

    values = np.array([np.nan, 1.0, -1.0, np.nan])
    assert jt.nn.relu(jt.array(values)).numpy().tolist() == [0, 1, 0, 0]
    assert torch.relu(torch.tensor([np.nan])).isnan().all()


@pytest.mark.pins("torch", "tf", "jax", "jittor")
def test_the_norm_of_a_zero_gradient_is_a_nan_in_tensorflow_and_jax() -> None:
    """Why the gradient penalty spells its norm out; PyTorch's derivative there is zero."""
    import jax
    import jax.numpy as jnp
    import jittor as jt
    import tensorflow as tf
    import torch

    zero = torch.zeros(3, requires_grad=True)
    (slope,) = torch.autograd.grad(zero.norm(2), zero)
    close(slope, np.zeros(3), "exact")
    assert jnp.isnan(jax.grad(jnp.linalg.norm)(jnp.zeros(3))).all()
    variable = tf.Variable(np.zeros(3))
    with tf.GradientTape() as tape:
        length = tf.norm(variable)
    assert np.isnan(tape.gradient(length, variable)).all()
    vector = jt.array(np.zeros(3))
    assert np.isnan(jt.grad(vector.sqr().sum().sqrt(), vector).numpy()).all()


@pytest.mark.pins("tf")
def test_tensorflow_s_moments_hold_the_mean_constant_at_second_order() -> None:
    """First derivatives are right, second ones are not: a penalty behind a batch norm shows."""
    import tensorflow as tf

    points, upstream = tf.Variable(BATCH[:, 0]), BATCH[:, 1]

    def second_derivative(variance):
        with tf.GradientTape() as outer, tf.GradientTape() as inner:
            value = variance(points) ** 2
            first = inner.gradient(value, points)
        return first.numpy(), outer.gradient(first, points, upstream).numpy()

    theirs = second_derivative(lambda x: tf.nn.moments(x, [0])[1])
    ours = second_derivative(tf.math.reduce_variance)
    close(theirs[0], ours[0])
    apart(theirs[1], ours[1], "finite_difference")
    centred, variance, count = BATCH[:, 0] - BATCH[:, 0].mean(), BATCH[:, 0].var(), 6
    hessian = 8 * np.outer(centred, centred) / count**2
    hessian += 4 * variance / count * (np.eye(count) - 1 / count)
    close(ours[1], hessian @ upstream)


@pytest.mark.pins("torch")
def test_the_second_argument_of_pytorch_s_batch_norm_is_epsilon() -> None:
    """`BatchNorm2d(n, 0.8)`, written for Keras' momentum, computes with an epsilon of 0.8."""
    import torch

    layer = torch.nn.BatchNorm1d(3, 0.8)
    assert (layer.eps, layer.momentum) == (0.8, 0.1)
    found = layer(torch.tensor(BATCH)).detach()
    close(found, (BATCH - BATCH.mean(0)) / np.sqrt(BATCH.var(0) + 0.8))
    apart(found, (BATCH - BATCH.mean(0)) / np.sqrt(BATCH.var(0) + 1e-5))


@pytest.mark.pins("tf")
def test_keras_spectral_normalisation_writes_into_the_kernel() -> None:
    """So sigma is outside the gradient, and two passes of a step normalise twice."""
    import keras

    dense = keras.layers.Dense(4, dtype="float64")
    layer = keras.layers.SpectralNormalization(dense, dtype="float64")
    layer(BATCH)
    before = dense.kernel.numpy().copy()
    layer(BATCH, training=True)
    assert not np.array_equal(dense.kernel.numpy(), before)
    ratio = before / dense.kernel.numpy()
    close(ratio, np.full_like(ratio, ratio[0, 0]), "closed_form_float32")


@pytest.mark.pins("tf")
def test_tensorflow_resizes_to_float32() -> None:
    """And has no corners-on-corners: hence the interpolation matrices."""
    import tensorflow as tf

    maps = tf.constant(np.random.default_rng(0).standard_normal((1, 4, 4, 1)))
    assert tf.image.resize(maps, (8, 8), method="bilinear").dtype == tf.float32


@pytest.mark.pins("tf")
def test_keras_leaky_relu_layer_rounds_its_slope() -> None:
    """0.3 becomes float32's 0.3, which the figures of the Keras LSGAN carry in float64."""
    import keras

    found = keras.layers.LeakyReLU(negative_slope=0.3, dtype="float64")(np.array([-1.0]))
    close(found, [-float(np.float32(0.3))], "exact")
    apart(found, [-0.3])
