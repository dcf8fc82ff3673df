"""Whole networks: every quantity of every reduced case, in every backend, against the truth."""

from collections import Counter

import pytest

from common.bounds import QUANTITIES
from common.cases import cases
from common.parity import Plan, plan_jobs, run_parity
from common.recording import expected_keys
from common.report import describe


@pytest.fixture(scope="module")
def comparison(backends, tmp_path_factory):
    jobs = plan_jobs(backends, "cpu", ["float32", "float64"], ["reduced"])
    return run_parity(Plan(jobs), tmp_path_factory.mktemp("recordings"))


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("quantity", QUANTITIES)
def test_every_tensor_agrees(comparison, backend_name, case, dtype, quantity) -> None:
    rows = [
        row
        for row in comparison.results
        if (row.backend, row.dtype, row.quantity) == (backend_name, dtype, quantity)
        and (row.system, row.loss, row.width) == tuple(case.name.split("/"))
    ]
    buffers = any(
        not key.endswith(("weight", "bias"))
        for key in expected_keys(case)
        if key.startswith(quantity)
    )
    assert rows or (quantity in ("buffer", "running_statistics") and not buffers)
    failed = [
        f"{describe(row)}: {row.error} > {row.bound} {row.reason}" for row in rows if not row.ok
    ]
    assert not failed, "\n".join(failed)


def test_every_comparison_was_made(comparison, backends) -> None:
    assert comparison.made == comparison.expected
    assert comparison.expected == 2 * len(backends) * sum(len(expected_keys(c)) for c in cases())
    rows = Counter((row.backend, row.dtype) for row in comparison.results)
    assert len(rows) == 2 * len(backends)
    assert len(set(rows.values())) == 1


def test_only_biases_in_front_of_a_batch_norm_and_the_means_behind_are_left_out(comparison) -> None:
    left_out = set(comparison.left_out)
    prefix = "lsgan_jittor/least_squares/reduced: "
    expected = {f"generator.block{n}.conv.bias" for n in range(1, 7)}
    expected |= {f"discriminator.block{n}.conv.bias" for n in range(1, 4)}
    means = {name.replace("conv.bias", "norm.running_mean") for name in expected}
    assert left_out == {prefix + name for name in expected | means}
