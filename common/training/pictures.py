"""The pictures of a run: samples from the same noise as it trains, an animation, the losses."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from common.backends import Backend
from common.data.dataset import Dataset, Samples
from common.drawing.pictures import save_animation, save_loss_plot, save_samples
from common.streams import Array, Streams
from common.systems import System
from common.training.journal import Entry
from common.training.options import Run, by_step
from common.training.session import Session

GRID_IMAGES = 25
POINTS = 1000  # samples in one picture of points or numbers
CHUNK = 250  # samples drawn at once


def grid_noise(system: System, seed: int) -> Array:
    """The fixed noise behind every picture of samples of a run."""
    count = GRID_IMAGES if system.point_dim is None else POINTS
    return Streams(seed).noise("grid", 0, (count, system.latent_dim), system.noise)


def sample(backend: Backend, generator: Any, noise: Array) -> Array:
    """Samples for that noise, drawn a part at a time to spare the memory."""
    parts = [noise[start : start + CHUNK] for start in range(0, len(noise), CHUNK)]
    return np.concatenate([backend.sampling.sample(generator, part) for part in parts])


def draw_samples(session: Session, step: int) -> None:
    """Draw the samples of the run's fixed noise after that step."""
    run = session.run
    noise = grid_noise(run.system, run.seed)
    drawn = sample(session.backend, session.network, noise)
    real = None if run.system.point_dim is None else _some(session.dataset)
    save_samples(run.sample_folder / f"step-{step:06d}.png", drawn, run.system, real)


def _some(dataset: Dataset) -> Samples:
    """As many real points, from all over the data, or all there are."""
    places = np.linspace(0, dataset.size - 1, min(POINTS, dataset.size))
    return dataset.samples([int(place) for place in places])


def draw_summary(run: Run, entries: Sequence[Entry]) -> None:
    """The losses over the steps, and the samples as an animation."""
    save_loss_plot(run.out / "losses.png", entries)
    save_animation(run.out / "training.gif", by_step(run.sample_folder.glob("step-*.png")))
