"""What one backend's whole steps leave behind."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from common.parity.bounds import AVERAGE_DECAY
from common.parity.case_run import NETWORKS, CaseRun, Recorded, keyed, words
from common.parity.cases import TRAJECTORY_STEPS
from common.parity.keys import Key
from common.streams import Array


def whole_steps(run: CaseRun) -> Recorded:
    """Samples, then whole steps: metrics, parameters, buffers, slots and the moving average.

    The samples are drawn from the generator that trains: the first step must find it in training
    mode. Later ones would show little but the biases in front of a batch norm, which rounding
    noise moves. The networks are those whose gradients were taken: others would have to be traced
    and compiled again.
    """
    run.load(run.state)
    yield from run.attempted(("sample",), _sampled(run))
    average = _started_average(run)
    for step, quantities in _stepped(run):
        yield from quantities
        yield from run.attempted(("slot",), _slots(run, step))
        if average is not None:
            yield from run.attempted(("average",), _averaged(run, step, average))


def _started_average(run: CaseRun) -> Any:
    try:
        return run.backend.sampling.start_average(run.gan)
    except Exception as error:
        run.problems["average"] = words(error)
        return None


def _averaged(run: CaseRun, step: int, average: Any) -> Recorded:
    sampling, interop = run.backend.sampling, run.backend.interop
    sampling.update_average(average, run.gan.generator, decay=AVERAGE_DECAY)
    yield from keyed("average", step, interop.read_network(average, run.contracts["generator"]))


def _sampled(run: CaseRun) -> Recorded:
    images = run.backend.sampling.sample(run.gan.generator, run.grid_noise())
    yield Key("sample", 0, "images"), images


def _slots(run: CaseRun, step: int) -> Recorded:
    yield from keyed("slot", step, run.slots())


def cycle(run: CaseRun) -> Recorded:
    """One step of the system's own long schedule, with the optimisers' slots."""
    for step, quantities in _stepped(run):
        yield from quantities
        yield from run.attempted(("slot",), _slots(run, step))


def full_width_steps(run: CaseRun) -> Recorded:
    """Whole steps without what takes as much memory again."""
    run.load(run.state)
    for _, quantities in _stepped(run):
        yield from quantities


def _stepped(run: CaseRun) -> Iterator[tuple[int, Recorded]]:
    """Each step once it has run, with its metrics, parameters and buffers."""
    for step, metrics in run.played(range(1, run.case.steps + 1)):
        yield step, _after(run, step, metrics)


def _after(run: CaseRun, step: int, metrics: Mapping[Key, Array]) -> Recorded:
    yield from metrics.items()
    yield from keyed("parameter", step, run.read(trainable=True))
    yield from keyed("buffer", step, run.read(trainable=False))


def trajectory(run: CaseRun) -> Recorded:
    """Both networks' parameters, each as one vector, at a few of a hundred steps."""
    for step, _ in run.played(range(1, run.case.steps + 1)):
        if step in TRAJECTORY_STEPS:
            state = run.read(trainable=True)
            for name in NETWORKS:
                parts = [a.ravel() for k, a in state.items() if k.startswith(name)]
                yield Key("trajectory", step, name), np.concatenate(parts)
