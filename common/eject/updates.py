"""The body of a script's train_step: one system's updates, in the order of its schedule."""

from common.eject.text import call
from common.systems import System
from common.systems.losses import Wasserstein, WassersteinGP
from common.systems.schedules import MixedBatch, SharedFakes

_NETWORKS = ["generator", "discriminator"]
_BOTH = [*_NETWORKS, "optimiser_g", "optimiser_d"]
_LOSSES = ["generator_loss=GENERATOR_LOSS", "discriminator_loss=DISCRIMINATOR_LOSS"]


def updates(backend: str, system: System) -> str:
    """The statements, indented."""
    compute = backend == "jittor"
    match system.schedule:
        case MixedBatch() | SharedFakes():
            lines = _one_each(system)
        case _:
            lines = _alternating(system, compute)
    if compute:
        lines.append("    compute(gan, [loss_d, loss_g])")
    return "\n".join([*lines, "    return loss_d, loss_g"])


def step_functions(system: System) -> tuple[str, ...]:
    """The functions of `steps` that the updates call."""
    match system.schedule:
        case MixedBatch():
            return ("mixed_batch_step",)
        case SharedFakes():
            return ("shared_fakes_step",)
    return "discriminator_step", "generator_step"


def _alternating(system: System, compute: bool) -> list[str]:
    penalised = isinstance(system.loss, WassersteinGP)
    penalty = ["penalty=PENALTY", 'alpha=native(arrays["alpha"])'] if penalised else []
    inputs = ['native(arrays["real"])', 'native(arrays["noise"])', "loss=DISCRIMINATOR_LOSS"]
    lines = [
        "    for arrays in critic_inputs:",
        call(
            "        losses = discriminator_step(", [*_NETWORKS, "optimiser_d", *inputs, *penalty]
        ),
    ]
    if isinstance(system.loss, Wasserstein):
        lines.append("        clip_weights(discriminator, limit=WEIGHT_CLIP)")
    total = ' + losses["penalty"]' if penalised else ""
    lines.append(f'        loss_d = losses["loss"]{total}')
    if compute:
        lines.append("        compute(gan, [*losses.values(), loss_d])")
    inputs = ['native(arrays["noise"])', "loss=GENERATOR_LOSS"]
    return [
        *lines,
        "    for arrays in generator_inputs:",
        call("        loss_g = generator_step(", [*_NETWORKS, "optimiser_g", *inputs]),
    ]


def _one_each(system: System) -> list[str]:
    if isinstance(system.schedule, MixedBatch):
        inputs = ['native(critic["real"])', 'native(update["noise"])', *_LOSSES]
        masks = [_masks("masks", 'critic["real_masks"]')]
        step = "mixed_batch_step"
    else:
        inputs = ['native(critic["real"])', 'native(critic["noise"])', *_LOSSES]
        masks = [
            _masks("real_masks", 'critic["real_masks"]'),
            _masks("fake_masks", 'critic["fake_masks"]'),
            _masks("generator_masks", 'update["masks"]'),
        ]
        step = "shared_fakes_step"
    masked = masks if system.networks.masks else []
    uses_update = bool(masked) or step == "mixed_batch_step"
    unpack = "(critic,), (update,) = critic_inputs, generator_inputs"
    return [
        f"    {unpack if uses_update else '(critic,) = critic_inputs'}",
        call(f"    loss_d, loss_g = {step}(", [*_BOTH, *inputs, *masked]),
    ]


def _masks(name: str, where: str) -> str:
    return f"{name}=[native(mask) for mask in {where}]"
