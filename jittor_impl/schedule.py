"""One training step of a system: which updates, in which order, from which inputs."""

import jittor as jt
from jittor import Var

from common.streams.step_inputs import DiscriminatorInputs, StepInputs
from common.systems.losses import Loss, Wasserstein
from common.systems.schedules import MixedBatch, SharedFakes
from jittor_impl import steps
from jittor_impl.gan import GAN
from jittor_impl.interop import native_masks, to_native
from jittor_impl.layers import scalar
from jittor_impl.optimisers import clip_weights


def training_step(gan: GAN, inputs: StepInputs) -> dict[str, Var]:
    """Make every update of one step; return the last metrics of each network.

    The metrics stay on the device; reading one waits for its computation.
    """
    gan.generator.train()
    gan.discriminator.train()
    state = _state(gan)
    match gan.system.schedule:
        case MixedBatch():
            metrics = _mixed_batch(gan, inputs)
        case SharedFakes():
            metrics = _shared_fakes(gan, inputs)
        case _:
            metrics = _alternating(gan, inputs, state)
    jt.sync([*state, *metrics.values()])
    return metrics


def update_discriminator(gan: GAN, inputs: DiscriminatorInputs) -> dict[str, Var]:
    """Update the discriminator once, and clip its weights if the loss says so; return metrics."""
    losses = steps.discriminator_step(
        gan.generator,
        gan.discriminator,
        gan.discriminator_optimiser,
        to_native(inputs.real),
        to_native(inputs.noise),
        loss=gan.discriminator_loss,
        penalty=gan.penalty,
        alpha=None if inputs.alpha is None else to_native(inputs.alpha),
        **native_masks(real_masks=inputs.real_masks, fake_masks=inputs.fake_masks),
    )
    if isinstance(gan.system.loss, Wasserstein):
        clip_weights(gan.discriminator, limit=gan.system.loss.weight_clip)
    return _metrics(gan.system.loss, losses)


def _alternating(gan: GAN, inputs: StepInputs, state: list[Var]) -> dict[str, Var]:
    metrics = {}
    for update in inputs.discriminator:
        metrics = update_discriminator(gan, update)
        # Otherwise a schedule of a hundred updates would be kept as one graph.
        jt.sync([*state, *metrics.values()])
    for update in inputs.generator:
        metrics["loss_g"] = steps.generator_step(
            gan.generator,
            gan.discriminator,
            gan.generator_optimiser,
            to_native(update.noise),
            loss=gan.generator_loss,
            **native_masks(masks=update.masks),
        )
    return metrics


def _shared_fakes(gan: GAN, inputs: StepInputs) -> dict[str, Var]:
    (first,), (second,) = inputs.discriminator, inputs.generator
    loss_d, loss_g = steps.shared_fakes_step(
        gan.generator,
        gan.discriminator,
        gan.generator_optimiser,
        gan.discriminator_optimiser,
        to_native(first.real),
        to_native(first.noise),
        generator_loss=gan.generator_loss,
        discriminator_loss=gan.discriminator_loss,
        **native_masks(
            real_masks=first.real_masks, fake_masks=first.fake_masks, generator_masks=second.masks
        ),
    )
    return {"loss_d": loss_d, "loss_g": loss_g}


def _mixed_batch(gan: GAN, inputs: StepInputs) -> dict[str, Var]:
    (second,), (first,) = inputs.discriminator, inputs.generator
    loss_d, loss_g = steps.mixed_batch_step(
        gan.generator,
        gan.discriminator,
        gan.generator_optimiser,
        gan.discriminator_optimiser,
        to_native(second.real),
        to_native(first.noise),
        generator_loss=gan.generator_loss,
        discriminator_loss=gan.discriminator_loss,
        **native_masks(masks=second.real_masks),
    )
    return {"loss_d": loss_d, "loss_g": loss_g}


def _metrics(loss: Loss, losses: dict[str, Var]) -> dict[str, Var]:
    """The discriminator's total loss, its penalty and its Wasserstein estimate, if any."""
    metrics = {"loss_d": losses["loss"]}
    if "penalty" in losses:
        metrics = {
            "loss_d": scalar(losses["loss"] + losses["penalty"]),
            "penalty": losses["penalty"],
        }
    if "wasserstein_estimate" in loss.metrics:
        metrics["wasserstein_estimate"] = scalar(-losses["loss"])
    return metrics


def _state(gan: GAN) -> list[Var]:
    """Compute the results of a step that Jittor would otherwise leave lazy."""
    # Otherwise the step would be fused with what follows, and a run that is saved or resumed in
    # between would round differently. jt.sync_all() fuses an optimiser's weights and slots into
    # one kernel each, which is slower than the three kernels that result from naming them.
    optimisers = gan.generator_optimiser, gan.discriminator_optimiser
    groups = [(group, o.slots) for o in optimisers for group in o.param_groups]
    return [
        *gan.generator.parameters(),
        *gan.discriminator.parameters(),
        *(slot for group, names in groups for name in names for slot in group[name]),
    ]
