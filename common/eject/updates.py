"""One system's updates: a script's train_step, and how its loop calls it."""

from common.systems import System
from common.systems.losses import Wasserstein, WassersteinGP
from common.systems.schedules import Alternating, MixedBatch, SharedFakes

_NETWORKS = "generator, discriminator"
_ALL = f"{_NETWORKS}, optimiser_g, optimiser_d"
_LOSSES = "generator_loss=GENERATOR_LOSS, discriminator_loss=DISCRIMINATOR_LOSS"
_MASKS = ("real_masks", "fake_masks", "generator_masks")


def joint_step(system: System) -> str | None:
    """The function of `steps` that makes all updates of a step, if one does."""
    match system.schedule:
        case MixedBatch():
            return "mixed_batch_step"
        case SharedFakes():
            return "shared_fakes_step"
    return None


def step_functions(system: System) -> tuple[str, ...]:
    """The functions of `steps` that the updates call."""
    joint = joint_step(system)
    return (joint,) if joint else ("discriminator_step", "generator_step")


def train_step(backend: str, system: System) -> str:
    """The definition of train_step, unless a function of `steps` is all of it."""
    joint = joint_step(system)
    if joint is None:
        return _alternating(backend == "jittor", system)
    if backend != "jittor":
        return ""
    masks = _masks_of(system)
    given = "".join(f", {name}" for name in masks)
    passed = "".join(f", {name}={name}" for name in masks)
    return f'''
def train_step({_ALL}, real, noise{given}):
    """Make both updates; return the losses of the discriminator and of the generator."""
    loss_d, loss_g = {joint}({_ALL}, real, noise, {_LOSSES}{passed})
    compute({_ALL}, loss_d, loss_g)
    return loss_d, loss_g
'''


def loop(backend: str, system: System) -> str:
    """What the loop does in a step."""
    joint = joint_step(system)
    if joint is None:
        return _alternating_loop(system)
    mixed = joint == "mixed_batch_step"
    size = "2 * BATCH_SIZE" if mixed else "BATCH_SIZE"
    masks = [f"{name}=draw_masks(rng, {size})" for name in _masks_of(system)]
    bound = [] if backend == "jittor" else [_LOSSES]
    given = ", ".join([_ALL, "real", "noise", *bound, *masks])
    name = "train_step" if backend == "jittor" else joint
    return f"""
        real = native(samples[rng.integers(len(samples), size=BATCH_SIZE)])
        noise = draw_noise(rng, {size})
        loss_d, loss_g = {name}({given})
"""


def _masks_of(system: System) -> tuple[str, ...]:
    if not system.networks.masks:
        return ()
    return ("masks",) if isinstance(system.schedule, MixedBatch) else _MASKS


def is_single(system: System) -> bool:
    """Whether a step is one update of each network, by two functions of `steps`."""
    schedule = system.schedule
    if not isinstance(schedule, Alternating) or schedule.warm_up is not None:
        return False
    return (schedule.discriminator_steps, schedule.generator_steps) == (1, 1)


def _alternating(compute: bool, system: System) -> str:
    if is_single(system):
        return _single(compute, system)
    penalised = isinstance(system.loss, WassersteinGP)
    taken, given, total, computed = "real, noise", "", 'losses["loss"]', "loss_d"
    if penalised:
        taken, given = "real, noise, alpha", ", penalty=PENALTY, alpha=alpha"
        total, computed = 'losses["loss"] + losses["penalty"]', "*losses.values(), loss_d"
    loss = f"real, noise, loss=DISCRIMINATOR_LOSS{given}"
    clips = isinstance(system.loss, Wasserstein)
    lines = [
        f"def train_step({_ALL}, batches, noises):",
        '    """Update the discriminator on each batch, then the generator; return both losses."""',
        f"    for {taken} in batches:",
        f"        losses = discriminator_step({_NETWORKS}, optimiser_d, {loss})",
        *(["        clip_weights(discriminator, limit=WEIGHT_CLIP)"] if clips else []),
        f"        loss_d = {total}",
        *([f"        compute({_ALL}, {computed})"] if compute else []),
        "    for noise in noises:",
        f"        loss_g = generator_step({_NETWORKS}, optimiser_g, noise, loss=GENERATOR_LOSS)",
        *([f"    compute({_ALL}, loss_d, loss_g)"] if compute else []),
        "    return loss_d, loss_g",
    ]
    return "\n".join(lines)


def _alternating_loop(system: System) -> str:
    schedule = system.schedule
    if is_single(system):
        fresh = ", draw_noise(rng, BATCH_SIZE)" if schedule.noise_reuse == "fresh" else ""
        return f"""
        real = native(samples[rng.integers(len(samples), size=BATCH_SIZE)])
        noise = draw_noise(rng, BATCH_SIZE)
        loss_d, loss_g = train_step({_ALL}, real, noise{fresh})
"""
    alpha = ", native(rng.random(BATCH_SIZE))" if isinstance(system.loss, WassersteinGP) else ""
    count = "DISCRIMINATOR_STEPS"
    warm = []
    if isinstance(schedule, Alternating) and schedule.warm_up is not None:
        warm = [
            "        warm = step <= WARM_STEPS or (step - 1) % WARM_EVERY == 0",
            "        count = WARM_DISCRIMINATOR_STEPS if warm else DISCRIMINATOR_STEPS",
        ]
        count = "count"
    batch = "native(samples[pick]), draw_noise(rng, BATCH_SIZE)"
    reuse = "batches[-1][1]" if schedule.noise_reuse == "same" else "draw_noise(rng, BATCH_SIZE)"
    return "\n".join(
        [
            *warm,
            f"        picks = rng.integers(len(samples), size=({count}, BATCH_SIZE))",
            f"        batches = [({batch}{alpha}) for pick in picks]",
            f"        noises = [{reuse} for _ in range(GENERATOR_STEPS)]",
            f"        loss_d, loss_g = train_step({_ALL}, batches, noises)",
        ]
    )


def _single(compute: bool, system: System) -> str:
    fresh = system.schedule.noise_reuse == "fresh"
    noise = "generator_noise" if fresh else "noise"
    loss = "real, noise, loss=DISCRIMINATOR_LOSS"
    lines = [
        f"def train_step({_ALL}, real, noise{', generator_noise' if fresh else ''}):",
        '    """Update the discriminator, then the generator; return both losses."""',
        f"    losses = discriminator_step({_NETWORKS}, optimiser_d, {loss})",
        '    loss_d = losses["loss"]',
        *([f"    compute({_ALL}, loss_d)"] if compute else []),
        f"    loss_g = generator_step({_NETWORKS}, optimiser_g, {noise}, loss=GENERATOR_LOSS)",
        *([f"    compute({_ALL}, loss_d, loss_g)"] if compute else []),
        "    return loss_d, loss_g",
    ]
    return "\n".join(lines)
