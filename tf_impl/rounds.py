"""One step of a row's schedule: which updates, in which order, from which arrays."""

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

import keras
import tensorflow as tf

from common.rounds import DiscriminatorDraw, Masks, Round
from tf_impl import mixed_batch, penalty, shared_fake, steps
from tf_impl.gan import GAN
from tf_impl.interop import to_native
from tf_impl.optimisers import clip_weights

Gradients = list[tf.Tensor]
# The compiled steps of each GAN; they go when it goes.
_STEPS: WeakKeyDictionary[GAN, dict[Any, Callable[..., Any]]] = WeakKeyDictionary()


def play_round(gan: GAN, arrays: Round) -> dict[str, tf.Tensor]:
    """Every update of one step, in the row's order; losses and metrics of the last of each."""
    if gan.system.order == "generator_first":
        return _mixed_batch(gan, arrays)
    if gan.system.noise_reuse == "fake":
        return _shared_fake(gan, arrays)
    metrics = {}
    for draw in arrays.discriminator:
        metrics = update_discriminator(gan, draw)
    for draw in arrays.generator:
        networks = gan.generator, gan.discriminator, gan.generator_optimiser
        step = _bound(gan, steps.generator_step, *networks, loss=gan.generator_loss)
        metrics["loss_g"] = step(to_native(draw.noise), **_native(masks=draw.masks))
    return metrics


def update_discriminator(gan: GAN, draw: DiscriminatorDraw) -> dict[str, tf.Tensor]:
    """One update of the discriminator by the row's loss, with its penalty or its clipping."""
    networks = gan.generator, gan.discriminator, gan.discriminator_optimiser
    real, noise = to_native(draw.real), to_native(draw.noise)
    if gan.penalty is not None:
        losses = {"loss": gan.discriminator_loss, "penalty": gan.penalty}
        step = _bound(gan, _penalised_step, *networks, **losses)
        return step(real, noise, to_native(draw.alpha))
    masks = _native(real_masks=draw.real_masks, fake_masks=draw.fake_masks)
    if gan.system.loss == "wasserstein":
        rule = {"loss": gan.discriminator_loss, "limit": gan.system.weight_clip}
        return _bound(gan, _clipped_step, *networks, **rule)(real, noise, **masks)
    step = _bound(gan, steps.discriminator_step, *networks, loss=gan.discriminator_loss)
    return {"loss_d": step(real, noise, **masks)}


def first_discriminator_gradients(
    gan: GAN, arrays: Round
) -> tuple[tf.Tensor, tf.Tensor, Gradients]:
    """Loss, fakes and gradients of the round's first discriminator update, not applied."""
    draw, networks = arrays.discriminator[0], (gan.generator, gan.discriminator)
    real, loss = to_native(draw.real), gan.discriminator_loss
    if gan.system.order == "generator_first":
        noise = to_native(arrays.generator[0].noise)
        _, fake, _ = mixed_batch.frozen_generator_gradients(
            *networks, noise, loss=gan.generator_loss
        )
        fake = fake[: len(real)]
        value, gradients = mixed_batch.mixed_discriminator_gradients(
            gan.discriminator, real, fake, loss=loss, **_native(masks=draw.real_masks)
        )
        return value, fake, gradients
    noise = to_native(draw.noise)
    if gan.penalty is not None:
        value, extra, fake, gradients = penalty.penalised_gradients(
            *networks, real, noise, to_native(draw.alpha), loss=loss, penalty=gan.penalty
        )
        return value + extra, fake, gradients
    masks = _native(real_masks=draw.real_masks, fake_masks=draw.fake_masks)
    return steps.discriminator_gradients(*networks, real, noise, loss=loss, **masks)


def first_generator_gradients(gan: GAN, arrays: Round) -> tuple[tf.Tensor, Gradients]:
    """Loss and gradients of the round's first generator update, not applied."""
    draw, networks = arrays.generator[0], (gan.generator, gan.discriminator)
    noise, loss = to_native(draw.noise), gan.generator_loss
    if gan.system.order == "generator_first":
        value, _, gradients = mixed_batch.frozen_generator_gradients(*networks, noise, loss=loss)
        return value, gradients
    masks = _native(masks=draw.masks)
    return steps.generator_gradients(*networks, noise, loss=loss, **masks)


def _shared_fake(gan: GAN, arrays: Round) -> dict[str, tf.Tensor]:
    (draw,), (last,) = arrays.discriminator, arrays.generator
    value, fooled = shared_fake.shared_fake_step(
        gan.generator,
        gan.discriminator,
        gan.generator_optimiser,
        gan.discriminator_optimiser,
        to_native(draw.real),
        to_native(draw.noise),
        generator_loss=gan.generator_loss,
        discriminator_loss=gan.discriminator_loss,
        **_native(
            real_masks=draw.real_masks, fake_masks=draw.fake_masks, generator_masks=last.masks
        ),
    )
    return {"loss_d": value, "loss_g": fooled}


def _mixed_batch(gan: GAN, arrays: Round) -> dict[str, tf.Tensor]:
    (draw,), (first,) = arrays.discriminator, arrays.generator
    value, fooled = mixed_batch.mixed_batch_step(
        gan.generator,
        gan.discriminator,
        gan.generator_optimiser,
        gan.discriminator_optimiser,
        to_native(draw.real),
        to_native(first.noise),
        generator_loss=gan.generator_loss,
        discriminator_loss=gan.discriminator_loss,
        **_native(masks=draw.real_masks),
    )
    return {"loss_d": value, "loss_g": fooled}


# Both are compiled with their metrics: outside, each of these would be an operation of its own.
def _penalised_step(*arguments: Any, **losses: Any) -> dict[str, tf.Tensor]:
    value, extra = penalty.penalised_step(*arguments, **losses)
    return {"loss_d": value + extra, "penalty": extra, "wasserstein_estimate": -value}


def _clipped_step(
    generator: keras.Model, discriminator: keras.Model, *others: Any, limit: float, **options: Any
) -> dict[str, tf.Tensor]:
    """WGAN's update, its clipping, and what its loss says of the distance."""
    value = steps.discriminator_step(generator, discriminator, *others, **options)
    clip_weights(discriminator, limit=limit)
    return {"loss_d": value, "wasserstein_estimate": -value}


def _bound(gan: GAN, step: Callable[..., Any], *networks: Any, **losses: Any) -> Callable[..., Any]:
    """The step with everything but tensors filled in, compiled once for this GAN."""
    # tf.function examines every argument at each call, which is felt where networks are small.
    kept = _STEPS.setdefault(gan, {})
    if step not in kept:

        @tf.function
        def bound(*tensors: tf.Tensor, **masks: list[tf.Tensor]) -> Any:
            return step(*networks, *tensors, **losses, **masks)

        kept[step] = bound
    return kept[step]


def _native(**masks: Masks) -> dict[str, list[tf.Tensor]]:
    # tf.function examines empty lists too, and that takes a tenth of the smallest step.
    return {name: [to_native(mask) for mask in each] for name, each in masks.items() if each}
