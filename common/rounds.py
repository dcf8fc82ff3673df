"""What one step of a row's schedule consumes: arrays for every update, by their addresses."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from common.catalogue import System
from common.masks import draw_masks
from common.streams import Streams

Array = NDArray[Any]
Masks = tuple[Array, ...]


@dataclass(frozen=True)
class DiscriminatorDraw:
    """One update of the discriminator.

    `real` (N, *sample), `noise` (N, latent_dim), `alpha` (N,) where there is a penalty, masks
    where units are dropped. Where the generator goes first, its noise makes the fakes, and
    `real_masks` are those of the mixed batch.
    """

    real: Array
    noise: Array | None
    alpha: Array | None = None
    real_masks: Masks = ()
    fake_masks: Masks = ()


@dataclass(frozen=True)
class GeneratorDraw:
    """One update of the generator: `noise` (N, latent_dim), masks of D's pass over the fakes."""

    noise: Array
    masks: Masks = ()


@dataclass(frozen=True)
class Round:
    """One step of a run: the discriminator's updates, then the generator's (or before them)."""

    step: int  # counts from 1
    discriminator: tuple[DiscriminatorDraw, ...]
    generator: tuple[GeneratorDraw, ...]


def draw_round(
    system: System, seed: int, step: int, batch: int, real: Callable[[int], Array]
) -> Round:
    """The round of that step; `real(i)` is the real batch of the i-th discriminator update."""
    first = system.order == "generator_first"
    critic = tuple(
        DiscriminatorDraw(
            real(index),
            None if first else _noise(system, seed, "discriminator", step, index, batch),
            _alpha(system, seed, step, index, batch),
            draw_masks(system, seed, "mixed" if first else "real", batch, step, index),
            draw_masks(system, seed, "fake", batch, step, index),
        )
        for index in range(system.discriminator_steps_at(step))
    )
    shared = critic[-1].noise if system.noise_reuse != "fresh" else None
    rows = 2 * batch if first else batch
    generator = tuple(
        GeneratorDraw(
            _noise(system, seed, "generator", step, index, rows) if shared is None else shared,
            draw_masks(system, seed, "generator", batch, step, index),
        )
        for index in range(system.generator_steps)
    )
    return Round(step, critic, generator)


def _noise(system: System, seed: int, role: str, step: int, index: int, batch: int) -> Array:
    address = role if index == 0 else f"{role}/{index}"
    shape = (batch, system.latent_dim)
    return Streams(seed).noise(address, step, shape, system.noise)


def _alpha(system: System, seed: int, step: int, index: int, batch: int) -> Array | None:
    if system.loss != "wasserstein_gp":
        return None
    return Streams(seed).noise(f"alpha/{index}", step, (batch,), "uniform")
