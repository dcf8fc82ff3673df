"""Evaluate samples, and tell whether a run's are its best so far."""

from typing import Any

from common.backends import Backend
from common.data import Dataset
from common.drawing.pictures import symmetric
from common.quality.evaluation import evaluate, headline
from common.streams import Array, Streams, generator_at
from common.systems import System
from common.training.journal import Entry, read_entries
from common.training.pictures import sample
from common.training.session import Session

COUNT = 1000  # samples, generated and real, in one evaluation


class Scores:
    """The evaluations of a run, including those of its earlier sessions."""

    def __init__(self, session: Session) -> None:
        self._session, self.is_best = session, False
        values = [_headline(entry) for entry in read_entries(session.run.metrics_path)]
        self._best = min((value for value in values if value is not None), default=None)

    def evaluate(self) -> Entry:
        """Evaluate the run's present state; `is_best` is set if no earlier result was as good."""
        run, session = self._session.run, self._session
        generated, real = draw_both(
            session.backend, session.network, run.system, session.dataset, seed=run.seed
        )
        figures = measure(generated, real, data=run.data, seed=run.seed)
        value = _headline(figures)
        self.is_best = value is not None and (self._best is None or value < self._best)
        self._best = value if self.is_best else self._best
        return figures


def draw_both(
    backend: Backend,
    network: Any,
    system: System,
    dataset: Dataset,
    *,
    seed: int,
    count: int = COUNT,
) -> tuple[Array, Array]:
    """Equally many samples of the network, from fixed noise, and of the data; pixels in [−1, 1]."""
    noise = Streams(seed).noise("evaluation", 0, (count, system.latent_dim), system.noise)
    generated = sample(backend, network, noise)
    chosen = generator_at(seed, "evaluation", "real").permutation(dataset.size)
    real = dataset.samples([int(index) for index in chosen[:count]])
    return symmetric(generated, system), symmetric(real, system)


def draw_more_real(system: System, dataset: Dataset, *, seed: int, count: int) -> Array | None:
    """Real samples besides those of `draw_both`, at most as many; None if fewer than two are left.

    What they score against those is as good as a generator can be expected to get.
    """
    chosen = generator_at(seed, "evaluation", "real").permutation(dataset.size)[count : 2 * count]
    if len(chosen) < 2:
        return None
    return symmetric(dataset.samples([int(index) for index in chosen]), system)


def measure(generated: Array, real: Array, *, data: str, seed: int) -> Entry:
    """Every measure that applies to the samples, with the same projections each time."""
    rng = generator_at(seed, "evaluation", "projections")
    return evaluate(generated, real, data_name=data, rng=rng)


def _headline(entry: Entry) -> float | None:
    try:
        return headline(entry)[1]
    except KeyError:
        return None
