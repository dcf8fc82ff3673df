"""One case run in one backend: every quantity as a named array."""

from collections.abc import Callable

import numpy as np

from common.backends import Backend
from common.parity.case_probes import (
    discriminator_gradients,
    generator_gradients,
    large_means,
    layers,
    noise_gradients,
    outputs,
    penalty_gradients,
    sample_gradients,
)
from common.parity.case_run import CaseRun, Recorded, words
from common.parity.case_steps import cycle, full_width_steps, trajectory, whole_steps
from common.parity.cases import DEVICES, Case
from common.parity.keys import Key
from common.streams import Array

THINNED = 2**16  # numbers kept of one tensor at full width
Tensors = dict[Key, Array]
Problems = dict[str, str]
# The beginnings of a part's keys, and what computes them.
Part = tuple[tuple[str, ...], Callable[[CaseRun], Recorded]]


def record_case(
    backend: Backend,
    case: Case,
    seed: int,
    *,
    perturbation: int = 0,
    rounded: bool = False,
) -> tuple[Tensors, Problems]:
    """Every quantity of one case, and what failed.

    A case at full width leaves out what its gradients and updated parameters already show, and
    keeps evenly spaced elements of large tensors. A cycle keeps its last state, a trajectory its
    parameters at a few steps.

    A quantity that raises an exception fails by itself: the second result gives the beginning of
    its keys ("" for all of them) and the exception's message. The others go on.
    """
    try:
        run = CaseRun(backend, case, seed, perturbation=perturbation, rounded=rounded)
    except Exception as error:
        return {}, {"": words(error)}
    tensors: Tensors = {}
    several = backend.parallel.shards().total > 1
    for begins, part in PARTS[case.kind] if not several else (WHOLE_STEPS,):
        for key, array in run.attempted(begins, part(run)):
            tensors[key] = thinned(array) if case.kind == "full" else np.asarray(array)
    return tensors, run.problems


def thinned(array: Array) -> Array:
    """The array, or evenly spaced elements of it where it is large."""
    return array if array.size <= THINNED else array.ravel()[:: array.size // THINNED]


GRADIENTS: tuple[Part, ...] = (
    (
        ("loss|0|discriminator", "output_train|0|fake", "gradient|0|discriminator"),
        discriminator_gradients,
    ),
    (("loss|0|generator", "gradient|0|generator"), generator_gradients),
)
STEPS = ("loss", "parameter", "buffer", "slot", "average", "sample", "trajectory")
WHOLE_STEPS: Part = (STEPS, whole_steps)
NARROW: tuple[Part, ...] = (
    (("output", "running_statistics", "evaluation_statistics"), outputs),
    (("layer",), layers),
    (("large_mean",), large_means),
    *GRADIENTS,
    (("input_gradient|0|real", "input_gradient|0|fake"), sample_gradients),
    (("input_gradient|0|noise",), noise_gradients),
    (("loss|0|penalty", "penalty_gradient"), penalty_gradients),
    WHOLE_STEPS,
)
PARTS: dict[str, tuple[Part, ...]] = {
    "reduced": NARROW,
    "custom": NARROW,
    "cycle": ((STEPS, cycle),),
    "trajectory": ((STEPS, trajectory),),
    "full": (*GRADIENTS, (STEPS, full_width_steps)),
    DEVICES: (*GRADIENTS, WHOLE_STEPS),
}
