"""What the narrow cases run on: arrays that hide nothing."""

import numpy as np
import pytest

from common.contract import contract
from common.contract.initialisers import initial_state
from common.parity.bounds import QUANTITIES
from common.parity.cases import KINDS, cases
from common.parity.jobs import plan_jobs
from common.parity.record import expected_keys
from common.parity.starting_state import shifted_biases, starting_state, with_large_means
from common.parity.timeline import timeline

EVERY = cases(kinds=KINDS)


@pytest.mark.parametrize("case", EVERY, ids=lambda case: case.name)
def test_narrow_cases_take_batches_whose_share_is_rounded(case) -> None:
    share = 1 / case.batch_size
    assert (float(np.float32(share)) != share) == case.is_varied


@pytest.mark.parametrize("case", EVERY, ids=lambda case: case.name)
def test_nothing_starts_at_zero_or_one_where_the_weights_are_varied(case) -> None:
    start, initial = starting_state(case, 0), initial_state(case.system, 0)
    same = [name for name in start if np.array_equal(start[name], initial[name])]
    spectral = {p.full_name for p in contract(case.system) if p.kind.startswith("spectral")}
    constant = [n for n, a in start.items() if n not in spectral and np.isin(a, (0, 1)).any()]
    assert (not constant) if case.is_varied else len(same) == len(start)


def test_large_means_are_large_beside_what_the_weights_spread() -> None:
    (case,) = cases(["lsgan_jittor"])
    state = starting_state(case, 0)
    biases = shifted_biases(case, "generator")
    moved = with_large_means(state, biases)
    blocks = [f"block{n}.conv" for n in range(1, 7)]
    assert [bias.module for bias in biases] == ["project", *blocks]
    assert {name for name in state if moved[name] is not state[name]} == {
        bias.full_name for bias in biases
    }


@pytest.mark.parametrize("case", EVERY, ids=lambda case: case.name)
def test_every_tensor_has_its_place_in_time_and_its_bound(case) -> None:
    keys = expected_keys(case)
    assert keys <= set(timeline(case))
    assert {key.quantity for key in keys} <= set(QUANTITIES)


def test_gradients_go_backwards_and_the_discriminator_first() -> None:
    (case,) = cases(["lsgan_mlp"])
    place = {str(key): number for key, (number, _) in timeline(case).items()}
    order = (
        "output_train|0|generator",
        "output_train|0|discriminator",
        "loss|0|discriminator",
        "gradient|0|discriminator.linear3.bias",
        "gradient|0|discriminator.linear1.weight",
        "loss|0|generator",
        "gradient|0|generator.linear3.bias",
        "loss|1|discriminator",
        "slot|1|first_moment.discriminator.linear1.weight",
        "parameter|1|discriminator.linear1.weight",
        "loss|1|generator",
        "parameter|1|generator.linear1.weight",
        "loss|2|discriminator",
    )
    assert sorted(order, key=place.__getitem__) == list(order)


def test_a_device_is_judged_by_the_cpu() -> None:
    """In both types, with noise that was measured there."""
    jobs = plan_jobs(["torch", "jax"], "cuda", ["float32", "float64"], ["reduced"])
    kinds = {(job.backend, job.device, job.dtype, job.perturbed) for job in jobs}
    for backend in ("torch", "jax"):
        assert (backend, "cpu", "float64", False) in kinds
        assert (backend, "cpu", "float32", True) in kinds
        assert (backend, "cuda", "float32", False) in kinds
        assert (backend, "cuda", "float64", False) in kinds
