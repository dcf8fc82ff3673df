"""One step of a row's schedule: which updates, in which order, from which arrays."""

import jittor as jt
from jittor import Var

from common.rounds import DiscriminatorDraw, Masks, Round
from jittor_impl import mixed_batch, penalty, shared_fake, steps
from jittor_impl.gan import GAN
from jittor_impl.interop import to_native
from jittor_impl.layers import _scalar
from jittor_impl.optimisers import clip_weights

Gradients = dict[str, Var]


def play_round(gan: GAN, arrays: Round) -> dict[str, Var]:
    """Every update of one step, in the row's order; losses and metrics of the last of each."""
    gan.generator.train()
    gan.discriminator.train()
    state = _state(gan)
    if gan.system.order == "generator_first":
        metrics = _mixed_batch(gan, arrays)
    elif gan.system.noise_reuse == "fake":
        metrics = _shared_fake(gan, arrays)
    else:
        metrics = _updates(gan, arrays, state)
    jt.sync([*state, *metrics.values()])
    return metrics


def _updates(gan: GAN, arrays: Round, state: list[Var]) -> dict[str, Var]:
    metrics = {}
    for draw in arrays.discriminator:
        metrics = update_discriminator(gan, draw)
        # Or a schedule of a hundred updates would be held as one graph.
        jt.sync([*state, *metrics.values()])
    for draw in arrays.generator:
        metrics["loss_g"] = steps.generator_step(
            gan.generator,
            gan.discriminator,
            gan.generator_optimiser,
            to_native(draw.noise),
            loss=gan.generator_loss,
            masks=_native(draw.masks),
        )
    return metrics


def update_discriminator(gan: GAN, draw: DiscriminatorDraw) -> dict[str, Var]:
    """One update of the discriminator by the row's loss, with its penalty or its clipping."""
    networks = gan.generator, gan.discriminator, gan.discriminator_optimiser
    real, noise = to_native(draw.real), to_native(draw.noise)
    if gan.penalty is not None:
        alpha = to_native(draw.alpha)
        value, extra = penalty.penalised_step(
            *networks, real, noise, alpha, loss=gan.discriminator_loss, penalty=gan.penalty
        )
        total, estimate = _scalar(value + extra), _scalar(-value)
        return {"loss_d": total, "penalty": extra, "wasserstein_estimate": estimate}
    value = steps.discriminator_step(
        *networks,
        real,
        noise,
        loss=gan.discriminator_loss,
        real_masks=_native(draw.real_masks),
        fake_masks=_native(draw.fake_masks),
    )
    return {"loss_d": value, **_clip(gan, value)}


def first_discriminator_gradients(gan: GAN, arrays: Round) -> tuple[Var, Var, Gradients]:
    """Loss, fakes and gradients of the round's first discriminator update, not applied."""
    gan.generator.train()
    gan.discriminator.train()
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
        return _scalar(value + extra), fake, gradients
    fake_masks = _native(draw.fake_masks)
    return steps.discriminator_gradients(
        *networks, real, noise, loss=loss, real_masks=real_masks, fake_masks=fake_masks
    )


def first_generator_gradients(gan: GAN, arrays: Round) -> tuple[Var, Gradients]:
    """Loss and gradients of the round's first generator update, not applied."""
    gan.generator.train()
    gan.discriminator.train()
    draw, networks = arrays.generator[0], (gan.generator, gan.discriminator)
    noise, loss = to_native(draw.noise), gan.generator_loss
    if gan.system.order == "generator_first":
        value, _, gradients = mixed_batch.frozen_generator_gradients(*networks, noise, loss=loss)
        return value, gradients
    masks = _native(draw.masks)
    return steps.generator_gradients(*networks, noise, loss=loss, masks=masks)


def _shared_fake(gan: GAN, arrays: Round) -> dict[str, Var]:
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


def _mixed_batch(gan: GAN, arrays: Round) -> dict[str, Var]:
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


def _state(gan: GAN) -> list[Var]:
    """What a step must leave computed."""
    # Left lazy, the step would be fused with whatever comes next, and a run that is saved or
    # resumed in between would round otherwise. jt.sync_all() fuses an optimiser's weights and
    # slots into one kernel each, which is slower than the three that come of naming them.
    optimisers = gan.generator_optimiser, gan.discriminator_optimiser
    groups = [(group, o.slots) for o in optimisers for group in o.param_groups]
    return [
        *gan.generator.parameters(),
        *gan.discriminator.parameters(),
        *(slot for group, names in groups for name in names for slot in group[name]),
    ]


def _clip(gan: GAN, value: Var) -> dict[str, Var]:
    """WGAN's clipping, after the update, and what its loss says of the distance."""
    if gan.system.loss != "wasserstein":
        return {}
    clip_weights(gan.discriminator, limit=gan.system.weight_clip)
    return {"wasserstein_estimate": _scalar(-value)}


def _native(masks: Masks) -> list[Var]:
    return [to_native(mask) for mask in masks]
