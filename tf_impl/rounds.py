"""One step of a row's schedule: which updates, in which order, from which arrays."""

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

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
        metrics["loss_g"] = step(to_native(draw.noise), masks=_native(draw.masks))
    return metrics


def update_discriminator(gan: GAN, draw: DiscriminatorDraw) -> dict[str, tf.Tensor]:
    """One update of the discriminator by the row's loss, with its penalty or its clipping."""
    networks = gan.generator, gan.discriminator, gan.discriminator_optimiser
    real, noise = to_native(draw.real), to_native(draw.noise)
    if gan.penalty is not None:
        losses = {"loss": gan.discriminator_loss, "penalty": gan.penalty}
        step = _bound(gan, penalty.penalised_step, *networks, **losses)
        value, extra = step(real, noise, to_native(draw.alpha))
        return {"loss_d": value + extra, "penalty": extra, "wasserstein_estimate": -value}
    step = _bound(gan, steps.discriminator_step, *networks, loss=gan.discriminator_loss)
    masks = {"real_masks": _native(draw.real_masks), "fake_masks": _native(draw.fake_masks)}
    value = step(real, noise, **masks)
    return {"loss_d": value, **_clip(gan, value)}


def first_discriminator_gradients(
    gan: GAN, arrays: Round
) -> tuple[tf.Tensor, tf.Tensor, Gradients]:
    """Loss, fakes and gradients of the round's first discriminator update, not applied."""
    draw, networks = arrays.discriminator[0], (gan.generator, gan.discriminator)
    real, loss = to_native(draw.real), gan.discriminator_loss
    real_masks = _native(draw.real_masks)
    if gan.system.order == "generator_first":
        noise = to_native(arrays.generator[0].noise)
        _, fake, _ = mixed_batch.frozen_generator_gradients(
            *networks, noise, loss=gan.generator_loss
        )
        fake = fake[: len(real)]
        value, gradients = mixed_batch.mixed_discriminator_gradients(
            gan.discriminator, real, fake, loss=loss, masks=real_masks
        )
        return value, fake, gradients
    noise = to_native(draw.noise)
    if gan.penalty is not None:
        value, extra, fake, gradients = penalty.penalised_gradients(
            *networks, real, noise, to_native(draw.alpha), loss=loss, penalty=gan.penalty
        )
        return value + extra, fake, gradients
    fake_masks = _native(draw.fake_masks)
    return steps.discriminator_gradients(
        *networks, real, noise, loss=loss, real_masks=real_masks, fake_masks=fake_masks
    )


def first_generator_gradients(gan: GAN, arrays: Round) -> tuple[tf.Tensor, Gradients]:
    """Loss and gradients of the round's first generator update, not applied."""
    draw, networks = arrays.generator[0], (gan.generator, gan.discriminator)
    noise, loss = to_native(draw.noise), gan.generator_loss
    if gan.system.order == "generator_first":
        value, _, gradients = mixed_batch.frozen_generator_gradients(*networks, noise, loss=loss)
        return value, gradients
    masks = _native(draw.masks)
    return steps.generator_gradients(*networks, noise, loss=loss, masks=masks)


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
        real_masks=_native(draw.real_masks),
        fake_masks=_native(draw.fake_masks),
        generator_masks=_native(last.masks),
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
        masks=_native(draw.real_masks),
    )
    return {"loss_d": value, "loss_g": fooled}


def _bound(gan: GAN, step: Any, *networks: Any, **losses: Any) -> Callable[..., Any]:
    """The step with everything but tensors filled in, compiled once for this GAN."""
    # tf.function examines every argument at each call, which is felt where networks are small.
    kept = _STEPS.setdefault(gan, {})
    if step not in kept:

        @tf.function
        def bound(*tensors: tf.Tensor, **masks: list[tf.Tensor]) -> Any:
            return step.python_function(*networks, *tensors, **losses, **masks)

        kept[step] = bound
    return kept[step]


def _clip(gan: GAN, value: tf.Tensor) -> dict[str, tf.Tensor]:
    """WGAN's clipping, after the update, and what its loss says of the distance."""
    if gan.system.loss != "wasserstein":
        return {}
    clip_weights(gan.discriminator, limit=gan.system.weight_clip)
    return {"wasserstein_estimate": -value}


def _native(masks: Masks) -> list[tf.Tensor]:
    return [to_native(mask) for mask in masks]
