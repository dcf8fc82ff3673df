"""The pictures of a run: samples of a fixed noise, an animation of them, and the losses."""

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
CHUNK = 250  # samples generated at a time


def grid_noise(system: System, seed: int, count: int | None = None) -> Array:
    """The fixed noise for every sample picture of a run."""
    count = count or (GRID_IMAGES if system.point_dim is None else POINTS)
    return Streams(seed).noise("grid", 0, (count, system.latent_dim), system.noise)


def sample(backend: Backend, generator: Any, noise: Array) -> Array:
    """The samples for that noise, generated in chunks to save memory."""
    parts = [noise[start : start + CHUNK] for start in range(0, len(noise), CHUNK)]
    return np.concatenate([backend.sampling.sample(generator, part) for part in parts])


def draw_samples(session: Session, step: int) -> None:
    """Save a picture of the run's samples after that step."""
    run = session.run
    noise = grid_noise(run.system, run.seed)
    drawn = sample(session.backend, session.network, noise)
    real = None if run.system.point_dim is None else _real_points(session.dataset)
    save_samples(run.sample_folder / f"step-{step:06d}.png", drawn, run.system, real)


def _real_points(dataset: Dataset) -> Samples:
    """At most POINTS real points, evenly spaced in the data set."""
    places = np.linspace(0, dataset.size - 1, min(POINTS, dataset.size))
    return dataset.samples([int(place) for place in places])


def draw_summary(run: Run, entries: Sequence[Entry]) -> None:
    """Plot the losses, and make an animation of the samples."""
    save_loss_plot(run.out / "losses.png", entries)
    save_animation(run.out / "training.gif", by_step(run.sample_folder.glob("step-*.png")))
