"""Losses and their gradients in the logits against closed forms, up to logits of ±100."""

from functools import partial

import numpy as np
import pytest

from common.parity.measure import Disagreement, require_named
from common.reference import losses as reference
from parity_tests.fixtures import module

EXTREMES = np.array([-100.0, -30.0, -17.0, -1.0, -1e-3, 0.0, 1e-3, 1.0, 17.0, 20.0, 30.0, 100.0])
# Labels that float32 cannot hold exactly: a port that rounds them fails.
LABELS = [
    {"real_label": 1.0, "fake_label": 0.0, "gen_label": 1.0},
    {"real_label": 1.0, "fake_label": -1.0, "gen_label": 0.0},
    {"real_label": 1.0, "fake_label": -1.0, "gen_label": 1.0},
    {"real_label": 0.9, "fake_label": 0.1, "gen_label": 0.9},
]
FACTORS = [0.5, 1.0, 0.3]


def check(backend, ours, formula, *scores, bound="closed_form"):
    native = backend.interop.to_native
    value, of_scores = backend.probes.pull_back(ours, native(np.ones(())), *map(native, scores))
    expected_value, *expected_gradients = formula(*scores)
    canonical = backend.interop.to_canonical
    require_named(canonical(value), np.array(expected_value), bound, "loss")
    for number, (actual, expected_gradient) in enumerate(
        zip(of_scores, expected_gradients, strict=True)
    ):
        require_named(canonical(actual), expected_gradient, bound, f"gradient of argument {number}")


@pytest.mark.parametrize("logit", EXTREMES)
def test_vanilla_is_right_at_every_single_logit(backend, logit) -> None:
    losses, one, other = module(backend, "losses"), np.array([logit]), np.array([-logit])
    check(backend, losses.vanilla_generator_loss, reference.vanilla_generator, one)
    check(backend, losses.vanilla_discriminator_loss, reference.vanilla_discriminator, one, other)


def test_vanilla_is_right_on_a_mixed_batch(backend) -> None:
    losses = module(backend, "losses")
    ours, formula = losses.vanilla_discriminator_loss, reference.vanilla_discriminator
    check(backend, ours, formula, EXTREMES, EXTREMES[::-1].copy())


@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("factor", FACTORS)
def test_least_squares_is_right_for_every_label_and_factor(backend, labels, factor) -> None:
    losses = module(backend, "losses")
    both = {"real_label": labels["real_label"], "fake_label": labels["fake_label"]}
    gen_label = labels["gen_label"]
    check(
        backend,
        lambda r, f: losses.least_squares_discriminator_loss(r, f, **both, factor=factor),
        lambda r, f: reference.least_squares_discriminator(r, f, **both, factor=factor),
        EXTREMES,
        EXTREMES[::-1].copy(),
    )
    check(
        backend,
        lambda f: losses.least_squares_generator_loss(f, gen_label=gen_label, factor=factor),
        lambda f: reference.least_squares_generator(f, gen_label=gen_label, factor=factor),
        EXTREMES,
    )


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_wasserstein_is_right_for_either_sign(backend, sign) -> None:
    losses, kind = module(backend, "losses"), {"sign": sign}
    scores = EXTREMES, EXTREMES[::-1] + 0.5
    critic, formula = losses.wasserstein_discriminator_loss, reference.wasserstein_discriminator
    check(backend, partial(critic, **kind), partial(formula, **kind), *scores)
    generator, formula = losses.wasserstein_generator_loss, reference.wasserstein_generator
    check(backend, partial(generator, **kind), partial(formula, **kind), scores[1])


def test_hinge_is_right_on_both_sides_of_its_kinks(backend) -> None:
    losses = module(backend, "losses")
    discriminator, formula = losses.hinge_discriminator_loss, reference.hinge_discriminator
    check(backend, discriminator, formula, EXTREMES + 0.25, EXTREMES[::-1] - 0.25)
    check(backend, discriminator, formula, np.array([1.0, 0.0]), np.array([-1.0, 0.0]))
    check(backend, losses.hinge_generator_loss, reference.hinge_generator, EXTREMES)


def test_losses_hold_in_float32(configured) -> None:
    backend = configured("float32")
    losses = module(backend, "losses")
    check(
        backend,
        losses.vanilla_discriminator_loss,
        reference.vanilla_discriminator,
        EXTREMES,
        EXTREMES[::-1].copy(),
        bound="closed_form_float32",
    )


def test_swapped_real_and_fake_turn_the_check_red(backend) -> None:
    losses = module(backend, "losses")
    swapped = lambda real, fake: losses.vanilla_discriminator_loss(fake, real)  # noqa: E731
    with pytest.raises(Disagreement, match="loss"):
        check(backend, swapped, reference.vanilla_discriminator, EXTREMES, EXTREMES + 1)
