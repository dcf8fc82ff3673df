"""The inputs of one training step: real batches, noise and masks for every update."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from common.streams import Streams
from common.streams.masks import draw_masks
from common.systems import System
from common.systems.losses import WassersteinGP
from common.systems.schedules import MixedBatch

Array = NDArray[Any]
Masks = tuple[Array, ...]


@dataclass(frozen=True)
class DiscriminatorInputs:
    """The inputs of one discriminator update.

    `real` (N, *sample), `noise` (N, latent_dim), `alpha` (N,) for a gradient penalty, and dropout
    masks. With a mixed batch, the generator's noise makes the fakes, and `real_masks` are those
    of the mixed batch.
    """

    real: Array
    noise: Any  # an array, or None where the generator goes first
    alpha: Array | None = None
    real_masks: Masks = ()
    fake_masks: Masks = ()


@dataclass(frozen=True)
class GeneratorInputs:
    """The inputs of one generator update: `noise` (N, latent_dim), masks of D's pass over fakes."""

    noise: Array
    masks: Masks = ()


@dataclass(frozen=True)
class StepInputs:
    """The inputs of one step: those of the discriminator's and of the generator's updates."""

    step: int  # counts from 1
    discriminator: tuple[DiscriminatorInputs, ...]
    generator: tuple[GeneratorInputs, ...]


def draw_step_inputs(
    system: System, seed: int, step: int, batch: int, real: Callable[[int], Array]
) -> StepInputs:
    """The inputs of that step; `real(i)` is the real batch of its i-th discriminator update."""
    mixed = isinstance(system.schedule, MixedBatch)
    critic = tuple(
        DiscriminatorInputs(
            real(index),
            None if mixed else _noise(system, seed, "discriminator", step, index, batch),
            _alpha(system, seed, step, index, batch),
            draw_masks(system, seed, "mixed" if mixed else "real", batch, step, index),
            draw_masks(system, seed, "fake", batch, step, index),
        )
        for index in range(system.schedule.discriminator_steps_at(step))
    )
    shared = critic[-1].noise if system.schedule.noise_reuse != "fresh" else None
    samples = 2 * batch if mixed else batch
    generator = tuple(
        GeneratorInputs(
            _noise(system, seed, "generator", step, index, samples) if shared is None else shared,
            draw_masks(system, seed, "generator", batch, step, index),
        )
        for index in range(system.schedule.generator_steps)
    )
    return StepInputs(step, critic, generator)


def _noise(system: System, seed: int, role: str, step: int, index: int, batch: int) -> Array:
    address = role if index == 0 else f"{role}/{index}"
    shape = (batch, system.latent_dim)
    return Streams(seed).noise(address, step, shape, system.noise)


def _alpha(system: System, seed: int, step: int, index: int, batch: int) -> Array | None:
    if not isinstance(system.loss, WassersteinGP):
        return None
    return Streams(seed).noise(f"alpha/{index}", step, (batch,), "uniform")
