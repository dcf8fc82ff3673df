"""What one step of a system's schedule consumes: arrays for every update, by their addresses."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from common.contract.masks import draw_masks
from common.streams import Streams
from common.systems import System
from common.systems.losses import WassersteinGP
from common.systems.schedules import MixedBatch

Array = NDArray[Any]
Masks = tuple[Array, ...]


@dataclass(frozen=True)
class DiscriminatorInputs:
    """One update of the discriminator.

    `real` (N, *sample), `noise` (N, latent_dim), `alpha` (N,) where there is a penalty, masks
    where units are dropped. Where the generator goes first, its noise makes the fakes, and
    `real_masks` are those of the mixed batch.
    """

    real: Array
    noise: Any  # an array, or None where the generator goes first
    alpha: Array | None = None
    real_masks: Masks = ()
    fake_masks: Masks = ()


@dataclass(frozen=True)
class GeneratorInputs:
    """One update of the generator: `noise` (N, latent_dim), masks of D's pass over the fakes."""

    noise: Array
    masks: Masks = ()


@dataclass(frozen=True)
class StepInputs:
    """One step of a run: the discriminator's updates, then the generator's (or before them)."""

    step: int  # counts from 1
    discriminator: tuple[DiscriminatorInputs, ...]
    generator: tuple[GeneratorInputs, ...]


def draw_step_inputs(
    system: System, seed: int, step: int, batch: int, real: Callable[[int], Array]
) -> StepInputs:
    """The inputs of that step; `real(i)` is the real batch of the i-th discriminator update."""
    first = isinstance(system.schedule, MixedBatch)
    critic = tuple(
        DiscriminatorInputs(
            real(index),
            None if first else _noise(system, seed, "discriminator", step, index, batch),
            _alpha(system, seed, step, index, batch),
            draw_masks(system, seed, "mixed" if first else "real", batch, step, index),
            draw_masks(system, seed, "fake", batch, step, index),
        )
        for index in range(system.schedule.discriminator_steps_at(step))
    )
    shared = critic[-1].noise if system.schedule.noise_reuse != "fresh" else None
    samples = 2 * batch if first else batch
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
