"""One training step of a system: which updates, in which order, from which inputs."""

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

import jax
import numpy as np
from flax import nnx

from common.streams.step_inputs import DiscriminatorInputs, Masks, StepInputs
from common.systems.losses import Loss, Wasserstein
from common.systems.schedules import MixedBatch, SharedFakes
from jax_impl import steps
from jax_impl.gan import GAN
from jax_impl.interop import to_native
from jax_impl.optimisers import clip_weights
from jax_impl.parallel import spread

# The steps of each GAN with its networks filled in, dropped together with it.
_STEPS: WeakKeyDictionary[GAN, dict[Any, Callable[..., Any]]] = WeakKeyDictionary()


def training_step(gan: GAN, inputs: StepInputs) -> dict[str, jax.Array]:
    """Make every update of one step; return the last metrics of each network.

    The metrics stay on the device; reading one waits for its computation.
    """
    match gan.system.schedule:
        case MixedBatch():
            return _mixed_batch(gan, inputs)
        case SharedFakes():
            return _shared_fakes(gan, inputs)
    metrics = {}
    for update in inputs.discriminator:
        metrics = update_discriminator(gan, update)
    for update in inputs.generator:
        networks = gan.generator, gan.discriminator, gan.generator_optimiser
        step = _bound(gan, steps.generator_step, *networks)
        metrics["loss_g"] = step(
            shard(update.noise), loss=gan.generator_loss, **shard_masks(masks=update.masks)
        )
    return metrics


def update_discriminator(gan: GAN, inputs: DiscriminatorInputs) -> dict[str, jax.Array]:
    """Update the discriminator once, and clip its weights if the loss says so; return metrics."""
    networks = gan.generator, gan.discriminator, gan.discriminator_optimiser
    step = _bound(gan, steps.discriminator_step, *networks)
    losses = step(
        shard(inputs.real),
        shard(inputs.noise),
        loss=gan.discriminator_loss,
        penalty=gan.penalty,
        alpha=None if inputs.alpha is None else shard(inputs.alpha),
        **shard_masks(real_masks=inputs.real_masks, fake_masks=inputs.fake_masks),
    )
    if isinstance(gan.system.loss, Wasserstein):
        clip = _bound(gan, clip_weights, gan.discriminator)
        clip(limit=gan.system.loss.weight_clip)
    return _metrics(gan.system.loss, losses)


def shard(array: np.ndarray) -> jax.Array:
    """The tensor of this part of a batch, its first axis laid over the devices."""
    return spread(to_native, array)


def shard_masks(**masks: Masks) -> dict[str, list[jax.Array]]:
    """Dropout masks as keyword arguments, laid over the devices; empty ones are left out."""
    return {name: [shard(mask) for mask in each] for name, each in masks.items() if each}


def _shared_fakes(gan: GAN, inputs: StepInputs) -> dict[str, jax.Array]:
    (first,), (second,) = inputs.discriminator, inputs.generator
    loss_d, loss_g = _joint(gan, steps.shared_fakes_step)(
        shard(first.real),
        shard(first.noise),
        generator_loss=gan.generator_loss,
        discriminator_loss=gan.discriminator_loss,
        **shard_masks(
            real_masks=first.real_masks, fake_masks=first.fake_masks, generator_masks=second.masks
        ),
    )
    return {"loss_d": loss_d, "loss_g": loss_g}


def _mixed_batch(gan: GAN, inputs: StepInputs) -> dict[str, jax.Array]:
    (second,), (first,) = inputs.discriminator, inputs.generator
    loss_d, loss_g = _joint(gan, steps.mixed_batch_step)(
        shard(second.real),
        shard(first.noise),
        generator_loss=gan.generator_loss,
        discriminator_loss=gan.discriminator_loss,
        **shard_masks(masks=second.real_masks),
    )
    return {"loss_d": loss_d, "loss_g": loss_g}


def _metrics(loss: Loss, losses: dict[str, jax.Array]) -> dict[str, jax.Array]:
    """The discriminator's total loss, its penalty and its Wasserstein estimate, if any."""
    metrics = {"loss_d": losses["loss"]}
    if "penalty" in losses:
        metrics = {"loss_d": losses["loss"] + losses["penalty"], "penalty": losses["penalty"]}
    if "wasserstein_estimate" in loss.metrics:
        metrics["wasserstein_estimate"] = -losses["loss"]
    return metrics


def _joint(gan: GAN, step: Callable[..., Any]) -> Callable[..., Any]:
    optimisers = gan.generator_optimiser, gan.discriminator_optimiser
    return _bound(gan, step, gan.generator, gan.discriminator, *optimisers)


def _bound(gan: GAN, step: Callable[..., Any], *fixed: nnx.Pytree) -> Callable[..., Any]:
    """The step with its networks and optimisers filled in, once for this GAN."""
    # nnx.jit walks through all modules of its arguments at each call, but not of cached ones: these
    # are clones with the same variables, which see every new value but no new layer.
    kept = _STEPS.setdefault(gan, {})
    if step not in kept:
        gan.generator.train()
        gan.discriminator.train()
        kept[step] = nnx.cached_partial(step, *fixed)
    return kept[step]
