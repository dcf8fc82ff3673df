"""One training step of a system: which updates, in which order, from which inputs."""

import jax
import numpy as np

from common.streams.step_inputs import DiscriminatorInputs, Masks, StepInputs
from common.systems.losses import Loss, Wasserstein
from common.systems.schedules import MixedBatch, SharedFakes
from jax_impl import steps
from jax_impl.gan import GAN
from jax_impl.interop import to_native
from jax_impl.optimisers import clip_weights
from jax_impl.parallel import spread


def training_step(gan: GAN, inputs: StepInputs) -> dict[str, jax.Array]:
    """Make every update of one step; return the last metrics of each network.

    The metrics stay on the device; reading one waits for its computation.
    """
    gan.generator.train()
    gan.discriminator.train()
    match gan.system.schedule:
        case MixedBatch():
            return _mixed_batch(gan, inputs)
        case SharedFakes():
            return _shared_fakes(gan, inputs)
    metrics = {}
    for update in inputs.discriminator:
        metrics = update_discriminator(gan, update)
    for update in inputs.generator:
        metrics["loss_g"] = steps.generator_step(
            gan.generator,
            gan.discriminator,
            gan.generator_optimiser,
            shard(update.noise),
            loss=gan.generator_loss,
            **shard_masks(masks=update.masks),
        )
    return metrics


def update_discriminator(gan: GAN, inputs: DiscriminatorInputs) -> dict[str, jax.Array]:
    """Update the discriminator once, and clip its weights if the loss says so; return metrics."""
    losses = steps.discriminator_step(
        gan.generator,
        gan.discriminator,
        gan.discriminator_optimiser,
        shard(inputs.real),
        shard(inputs.noise),
        loss=gan.discriminator_loss,
        penalty=gan.penalty,
        alpha=None if inputs.alpha is None else shard(inputs.alpha),
        **shard_masks(real_masks=inputs.real_masks, fake_masks=inputs.fake_masks),
    )
    if isinstance(gan.system.loss, Wasserstein):
        clip_weights(gan.discriminator, limit=gan.system.loss.weight_clip)
    return _metrics(gan.system.loss, losses)


def shard(array: np.ndarray) -> jax.Array:
    """The tensor of this part of a batch, its first axis laid over the devices."""
    return spread(to_native, array)


def shard_masks(**masks: Masks) -> dict[str, list[jax.Array]]:
    """Dropout masks as keyword arguments, laid over the devices; empty ones are left out."""
    return {name: [shard(mask) for mask in each] for name, each in masks.items() if each}


def _shared_fakes(gan: GAN, inputs: StepInputs) -> dict[str, jax.Array]:
    (first,), (second,) = inputs.discriminator, inputs.generator
    loss_d, loss_g = steps.shared_fakes_step(
        gan.generator,
        gan.discriminator,
        gan.generator_optimiser,
        gan.discriminator_optimiser,
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
    loss_d, loss_g = steps.mixed_batch_step(
        gan.generator,
        gan.discriminator,
        gan.generator_optimiser,
        gan.discriminator_optimiser,
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
