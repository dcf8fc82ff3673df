"""The NumPy formulas against finite differences and against their own definitions."""

import numpy as np
import pytest

from common.parity.measure import Disagreement, require_named
from common.reference import layers, losses, optimisers

RNG = np.random.default_rng(0)
STEP = 1e-6


def numeric_gradient(function, values):
    gradient = np.zeros_like(values)
    for index in np.ndindex(values.shape):
        ahead, behind = values.copy(), values.copy()
        ahead[index] += STEP
        behind[index] -= STEP
        gradient[index] = (function(ahead) - function(behind)) / (2 * STEP)
    return gradient


def least_squares(real, fake):
    return losses.least_squares_discriminator(
        real, fake, real_label=0.9, fake_label=-0.7, factor=0.5
    )


def wasserstein(real, fake):
    return losses.wasserstein_discriminator(real, fake, sign=-1.0)


@pytest.mark.parametrize(
    "loss",
    [losses.vanilla_discriminator, least_squares, wasserstein, losses.hinge_discriminator],
)
def test_discriminator_losses_have_their_gradients(loss) -> None:
    real, fake = RNG.standard_normal((2, 5))
    _, of_real, of_fake = loss(real, fake)
    require_named(
        of_real,
        numeric_gradient(lambda x: loss(x, fake)[0], real),
        "finite_difference",
        "gradient of real",
    )
    require_named(
        of_fake,
        numeric_gradient(lambda x: loss(real, x)[0], fake),
        "finite_difference",
        "gradient of fake",
    )


@pytest.mark.parametrize(
    "loss",
    [
        losses.vanilla_generator,
        lambda fake: losses.least_squares_generator(fake, gen_label=0.9, factor=0.5),
        lambda fake: losses.wasserstein_generator(fake, sign=-1.0),
        losses.hinge_generator,
    ],
)
def test_generator_losses_have_their_gradients(loss) -> None:
    fake = RNG.standard_normal(5)
    numeric = numeric_gradient(lambda x: loss(x)[0], fake)
    require_named(loss(fake)[1], numeric, "finite_difference", "gradient of fake")


def test_the_finite_difference_check_can_fail() -> None:
    fake = RNG.standard_normal(5)
    numeric = numeric_gradient(lambda x: losses.vanilla_generator(x)[0], fake)
    with pytest.raises(Disagreement):
        require_named(2 * numeric, numeric, "finite_difference", "a doubled gradient")


def test_softplus_is_accurate_far_below_zero() -> None:
    deep = np.array([-100.0])
    require_named(losses.softplus(deep), np.exp(deep), "closed_form", "softplus(−100)")


def test_an_optimal_discriminator_at_equal_densities_costs_twice_log_two() -> None:
    zeros = np.zeros(4)
    value = losses.vanilla_discriminator(zeros, zeros)[0]
    require_named(np.array(value), np.array(2 * np.log(2)), "closed_form", "2 ln 2")


@pytest.mark.parametrize("shape", [(6, 3), (4, 3, 2, 5)])
def test_batch_norm_has_its_gradients(shape) -> None:
    inputs, upstream = RNG.standard_normal((2, *shape))
    scale, shift = RNG.standard_normal((2, 3))

    def value(x, a, b):
        return (layers.batch_norm(x, a, b, epsilon=1e-5)[0] * upstream).sum()

    analytic = layers.batch_norm_gradients(inputs, scale, upstream, epsilon=1e-5)
    numeric = (
        numeric_gradient(lambda x: value(x, scale, shift), inputs),
        numeric_gradient(lambda a: value(inputs, a, shift), scale),
        numeric_gradient(lambda b: value(inputs, scale, b), shift),
    )
    for name, actual, expected in zip(("inputs", "scale", "shift"), analytic, numeric, strict=True):
        require_named(actual, expected, "finite_difference", name)


def test_batch_norm_leaves_mean_zero_and_variance_one() -> None:
    inputs = 100 + RNG.standard_normal((64, 3))
    output, _, _ = layers.batch_norm(inputs, np.ones(3), np.zeros(3), epsilon=1e-15)
    require_named(1 + output.mean(0), np.ones(3), "linear_algebra", "1 + mean")
    require_named(output.var(0), np.ones(3), "linear_algebra", "variance")


def test_running_statistics_differ_by_bessel_s_factor() -> None:
    ones, zeros = np.ones(2), np.zeros(2)
    _, biased = layers.running_statistics(zeros, ones, ones, ones, 4, momentum=0.1, unbiased=False)
    _, unbiased = layers.running_statistics(zeros, ones, ones, ones, 4, momentum=0.1, unbiased=True)
    require_named(unbiased - 1, np.array([0.1 / 3] * 2), "linear_algebra", "0.1 · (4/3 − 1)")
    require_named(biased, ones, "exact", "biased")


def test_adam_s_first_update_is_the_learning_rate_against_the_sign() -> None:
    gradient = np.array([3.0, -0.2])
    slots = {"first_moment": np.zeros(2), "second_moment": np.zeros(2)}
    moved, _ = optimisers.adam(
        np.zeros(2), gradient, slots, 1, learning_rate=0.1, beta1=0.5, beta2=0.999, epsilon=1e-15
    )
    require_named(moved, -0.1 * np.sign(gradient), "linear_algebra", "first update")


def test_rmsprop_s_first_update_is_ten_times_the_learning_rate_at_decay_099() -> None:
    moved, _ = optimisers.rmsprop(
        np.zeros(1),
        np.ones(1),
        {"square_average": np.zeros(1)},
        1,
        learning_rate=0.1,
        decay=0.99,
        epsilon=1e-15,
    )
    require_named(moved, -np.ones(1), "linear_algebra", "first update")


def test_momentum_keeps_the_learning_rate_out_of_its_buffer() -> None:
    weights, slots = np.zeros(1), {"momentum": np.zeros(1)}
    for rate in (1.0, 0.1, 0.1):
        weights, slots = optimisers.sgd(
            weights, np.ones(1), slots, 1, learning_rate=rate, momentum=0.9
        )
    # Keras' velocity, which holds the learning rate, gives −3.0.
    require_named(weights, np.array([-1.461]), "linear_algebra", "three updates")


def test_the_penalty_of_a_quadratic_critic_has_its_gradient() -> None:
    points, slope = RNG.standard_normal((5, 3)), RNG.standard_normal((1, 3))
    _, of_slope = losses.quadratic_penalty(points, slope, weight=10.0)
    numeric = numeric_gradient(lambda x: losses.quadratic_penalty(points, x, weight=10.0)[0], slope)
    require_named(of_slope, numeric, "finite_difference", "gradient of the slope")


# Labels of real, fake and the generator: the paper's two choices and the source's.
CHI_SQUARED, PAPER, SOURCE = (1.0, -1.0, 0.0), (1.0, 0.0, 1.0), (1.0, -1.0, 1.0)


def distributions():
    real, fake = RNG.random((2, 7))
    return real / real.sum(), fake / fake.sum()


def test_labels_of_one_minus_one_and_zero_have_the_chi_squared_reading() -> None:
    for _ in range(20):
        real, fake = distributions()
        objective = np.array(losses.generator_objective(real, fake, CHI_SQUARED))
        distance = losses.pearson_chi_squared(real + fake, 2 * fake)
        require_named(objective, np.array(distance / 2), "closed_form", "½ χ²")


@pytest.mark.parametrize("labels", [PAPER, SOURCE])
def test_the_other_published_labels_do_not_minimise_chi_squared(labels) -> None:
    real, fake = distributions()
    objective = np.array(losses.generator_objective(real, fake, labels))
    distance = losses.pearson_chi_squared(real + fake, 2 * fake)
    with pytest.raises(Disagreement):
        require_named(objective, np.array(distance / 2), "chi_squared", "½ χ²")


def test_the_optimal_discriminator_minimises_the_loss() -> None:
    """No other discriminator has a lower loss on the two distributions."""
    real, fake = distributions()
    of_real, of_fake, _ = CHI_SQUARED
    optimal = (of_real * real + of_fake * fake) / (real + fake)

    def loss(scores):
        return (real * (scores - of_real) ** 2 + fake * (scores - of_fake) ** 2).sum() / 2

    slope = numeric_gradient(loss, optimal)
    require_named(slope, np.zeros(7), "finite_difference", "slope at the optimum")
    assert loss(optimal + 0.01) > loss(optimal) < loss(optimal - 0.01)
