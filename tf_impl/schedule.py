"""One training step of a system: which updates, in which order, from which inputs."""

from collections.abc import Callable
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

import keras
import tensorflow as tf

from common.streams.step_inputs import DiscriminatorInputs, StepInputs
from common.systems.losses import Loss, Wasserstein
from common.systems.schedules import MixedBatch, SharedFakes
from tf_impl import steps
from tf_impl.device import chosen_device
from tf_impl.gan import GAN
from tf_impl.optimisers import clip_weights
from tf_impl.parallel import shard, shard_masks, shards

# The compiled steps of each GAN, dropped together with it.
_STEPS: WeakKeyDictionary[GAN, dict[Any, Callable[..., Any]]] = WeakKeyDictionary()


def training_step(gan: GAN, inputs: StepInputs) -> dict[str, tf.Tensor]:
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
        step = _bound(gan, steps.generator_step, *networks, loss=gan.generator_loss)
        metrics["loss_g"] = step(shard(update.noise), **shard_masks(masks=update.masks))
    return metrics


def update_discriminator(gan: GAN, inputs: DiscriminatorInputs) -> dict[str, tf.Tensor]:
    """Update the discriminator once, and clip its weights if the loss says so; return metrics."""
    networks = gan.generator, gan.discriminator, gan.discriminator_optimiser
    losses = {"loss": gan.discriminator_loss, "penalty": gan.penalty}
    step = _bound(gan, _measured_step, gan.system.loss, *networks, **losses)
    alpha = {} if inputs.alpha is None else {"alpha": shard(inputs.alpha)}
    masks = shard_masks(real_masks=inputs.real_masks, fake_masks=inputs.fake_masks)
    return step(shard(inputs.real), shard(inputs.noise), **alpha, **masks)


def _shared_fakes(gan: GAN, inputs: StepInputs) -> dict[str, tf.Tensor]:
    (first,), (second,) = inputs.discriminator, inputs.generator
    loss_d, loss_g = _joint(gan, steps.shared_fakes_step)(
        shard(first.real),
        shard(first.noise),
        **shard_masks(
            real_masks=first.real_masks,
            fake_masks=first.fake_masks,
            generator_masks=second.masks,
        ),
    )
    return {"loss_d": loss_d, "loss_g": loss_g}


def _mixed_batch(gan: GAN, inputs: StepInputs) -> dict[str, tf.Tensor]:
    (second,), (first,) = inputs.discriminator, inputs.generator
    step = _joint(gan, steps.mixed_batch_step)
    loss_d, loss_g = step(
        shard(second.real), shard(first.noise), **shard_masks(masks=second.real_masks)
    )
    return {"loss_d": loss_d, "loss_g": loss_g}


def _joint(gan: GAN, step: Callable[..., Any]) -> Callable[..., Any]:
    networks = gan.generator, gan.discriminator
    optimisers = gan.generator_optimiser, gan.discriminator_optimiser
    losses = {"generator_loss": gan.generator_loss, "discriminator_loss": gan.discriminator_loss}
    return _bound(gan, step, *networks, *optimisers, **losses)


# Compiled together with its metrics, which would otherwise be separate operations.
def _measured_step(
    kind: Loss, generator: keras.Model, discriminator: keras.Model, *others: Any, **options: Any
) -> dict[str, tf.Tensor]:
    step = _inlined(steps.discriminator_step)
    losses = step(generator, discriminator, *others, **options)
    if isinstance(kind, Wasserstein):
        clip_weights(discriminator, limit=kind.weight_clip)
    return _metrics(kind, losses)


def _metrics(loss: Loss, losses: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """The discriminator's total loss, its penalty and its Wasserstein estimate, if any."""
    metrics = {"loss_d": losses["loss"]}
    if "penalty" in losses:
        metrics = {"loss_d": losses["loss"] + losses["penalty"], "penalty": losses["penalty"]}
    if "wasserstein_estimate" in loss.metrics:
        metrics["wasserstein_estimate"] = -losses["loss"]
    return metrics


def _bound(gan: GAN, step: Callable[..., Any], *fixed: Any, **losses: Any) -> Callable[..., Any]:
    """The step with everything but tensors filled in, compiled once for this GAN."""
    # tf.function processes every argument at each call, which is noticeable for small networks.
    kept = _STEPS.setdefault(gan, {})
    if step not in kept:
        strategy, inlined = gan.generator.distribute_strategy, _inlined(step)

        def alone(*tensors: tf.Tensor, **named: Any) -> Any:
            return inlined(*fixed, *tensors, **losses, **named)

        def together(*tensors: Any, **named: Any) -> Any:
            shares = strategy.run(alone, tensors, named)
            with tf.device(chosen_device()):
                return tf.nest.map_structure(partial(strategy.reduce, "SUM", axis=None), shares)

        kept[step] = tf.function(alone if shards().total == 1 else together)
    return kept[step]


def _inlined(step: Callable[..., Any]) -> Callable[..., Any]:
    """The step as Python: replicas synchronise in no tf.function but the one that runs them."""
    return getattr(step, "python_function", step)
