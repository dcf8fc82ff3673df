"""Faults planted in JAX: forward passes, statistics, losses and penalties."""

from functools import partial

import jax.numpy as jnp
import pytest
from flax import nnx
from jax import lax

from common.parity.timeline import EVALUATION, FORWARD, LOSS, PENALTY, STATISTICS
from parity_tests.faults.planting import Fault, change, part, with_options, with_penalty


def _layers_in_float32(patch: pytest.MonkeyPatch) -> None:
    model = part("jax", "models.gan_moments")
    change(patch, model, "_linear", lambda linear: partial(linear, dtype=jnp.float32))


def _padding_moved_by_a_pixel(patch: pytest.MonkeyPatch) -> None:
    model = part("jax", "models.dcgan_mnist")
    change(patch, model, "_upsample", lambda up: partial(up, padding=((1, 3), (1, 3))))


def _stock_batch_norm(patch: pytest.MonkeyPatch) -> None:
    """Its variance is E[x²] − E[x]², and its momentum the weight of the old value."""

    def norm(channels):
        return nnx.BatchNorm(
            channels, momentum=0.9, epsilon=1e-5, param_dtype=float, rngs=nnx.Rngs(0)
        )

    patch.setattr(part("jax", "models.dcgan_mnist"), "_norm", norm)


def _momentum_of_the_old(patch: pytest.MonkeyPatch) -> None:
    model = part("jax", "models.dcgan_mnist")
    change(patch, model, "_norm", lambda norm: partial(norm, momentum=0.9))


def _evaluation_mode_without_effect(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(nnx.Module, "eval", lambda network, **attributes: None)


def _factor_left_out(patch: pytest.MonkeyPatch) -> None:
    with_options(patch, "jax", "build_losses", discriminator_factor=1.0)


def _another_sign(patch: pytest.MonkeyPatch) -> None:
    with_options(patch, "jax", "build_losses", wasserstein_sign=-1.0)


def _gradients_held_constant(patch: pytest.MonkeyPatch) -> None:
    change(
        patch,
        part("jax", "losses"),
        "_norms",
        lambda norms: lambda samples: norms(lax.stop_gradient(samples)),
    )


def _one_sided_penalty(patch: pytest.MonkeyPatch) -> None:
    change(
        patch,
        part("jax", "losses"),
        "_norms",
        lambda norms: lambda samples: jnp.maximum(norms(samples), 1),
    )


def _norm_with_epsilon(patch: pytest.MonkeyPatch) -> None:
    def norms(samples):
        return jnp.sqrt(jnp.square(samples).sum(tuple(range(1, samples.ndim))) + 1e-8)

    patch.setattr(part("jax", "losses"), "_norms", norms)


def _alpha_of_the_fakes(patch: pytest.MonkeyPatch) -> None:
    with_penalty(
        patch,
        "jax",
        lambda penalty: lambda critic, real, fake, alpha: penalty(critic, real, fake, 1 - alpha),
    )


FAULTS = [
    Fault(
        "layers in float32",
        "jax",
        "gan_moments",
        FORWARD,
        _layers_in_float32,
        layer="generator.linear1",
    ),
    Fault(
        "padding moved by a pixel",
        "jax",
        "dcgan_mnist",
        FORWARD,
        _padding_moved_by_a_pixel,
        layer="generator.up1",
    ),
    Fault(
        "variance in one pass",
        "jax",
        "dcgan_mnist",
        FORWARD,
        _stock_batch_norm,
        quantity="large_mean",
        layer="generator.norm1",
    ),
    Fault("momentum of the old", "jax", "dcgan_mnist", STATISTICS, _momentum_of_the_old),
    Fault(
        "evaluation mode without effect",
        "jax",
        "dcgan_mnist",
        EVALUATION,
        _evaluation_mode_without_effect,
    ),
    Fault("a factor left out", "jax", "lsgan_mlp", LOSS, _factor_left_out),
    Fault("another sign", "jax", "wgan_gp_toy", LOSS, _another_sign),
    Fault("gradients held constant", "jax", "wgan_gp_toy", PENALTY, _gradients_held_constant),
    Fault("one-sided penalty", "jax", "wgan_gp_toy", PENALTY, _one_sided_penalty),
    Fault("a norm with epsilon", "jax", "wgan_gp_toy", PENALTY, _norm_with_epsilon),
    Fault("alpha of the fakes", "jax", "wgan_gp_toy", PENALTY, _alpha_of_the_fakes),
]
