"""Whole networks: every quantity of every reduced case, in every backend, against the reference."""

from collections import Counter
from dataclasses import replace

import pytest

from common.contract import contract
from common.parity.cases import cases
from common.parity.findings import size_of, where
from common.parity.jobs import plan_jobs
from common.parity.parity import run_parity
from common.parity.record import expected_keys
from common.parity.tasks import Plan

KINDS = ("reduced", "cycle", "trajectory")  # full width belongs to `make parity`
# Float32 takes perturbed reruns of everything: here of one system for each mechanism, of all in
# `make parity`.
SINGLE = ("lsgan_mlp", "dcgan_mnist", "lsgan_keras", "wgan_gp", "sngan")

# Differences of scores, and a hinge that no sample has passed, do not depend on a common shift.
CANCELLING = ("wasserstein", "wasserstein_gp", "hinge")
# A block's sum reaches the output through batch norms alone, whichever way it takes.
SUMMED = {"sngan_resnet": {f"generator.block{n}.conv2.bias" for n in (1, 2, 3, 4)}}


def in_single(case) -> bool:
    return case.system.name in SINGLE and case.kind == "reduced"


CASES = cases(kinds=KINDS)
RUNS = [(c, d) for d in ("float64", "float32") for c in CASES if d == "float64" or in_single(c)]


def quantities_of(case, dtype) -> list[str]:
    return sorted({key.quantity for key in expected_keys(case, dtype)})


COMPARED = [(*run, quantity) for run in RUNS for quantity in quantities_of(*run)]


@pytest.fixture(scope="module")
def comparison(backends, tmp_path_factory):
    jobs = plan_jobs(backends, "cpu", ["float32", "float64"], KINDS)
    single = {job: replace(job, systems=SINGLE, kinds=("reduced",)) for job in jobs}
    jobs = tuple(single[job] if job.dtype == "float32" else job for job in jobs)
    return run_parity(Plan(jobs), tmp_path_factory.mktemp("recordings"))


@pytest.mark.parametrize(
    ("case", "dtype", "quantity"), COMPARED, ids=lambda value: getattr(value, "name", value)
)
def test_every_tensor_agrees(comparison, backend_name, case, dtype, quantity) -> None:
    results = [
        result
        for result in comparison.results
        if (result.backend, result.dtype, result.quantity) == (backend_name, dtype, quantity)
        and (result.system, result.loss, result.kind) == tuple(case.name.split("/"))
    ]
    assert results
    failed = [f"{where(result)}: {size_of(result)}" for result in results if not result.ok]
    assert not failed, "\n".join(failed)


def test_every_comparison_was_made(comparison, backends) -> None:
    assert comparison.made == comparison.expected
    assert comparison.expected == len(backends) * sum(len(expected_keys(*run)) for run in RUNS)
    counts = Counter((result.backend, result.dtype) for result in comparison.results)
    assert len(counts) == 2 * len(backends)
    assert len({(dtype, count) for (_, dtype), count in counts.items()}) == 2


def test_only_biases_without_influence_and_the_means_behind_are_left_out(comparison) -> None:
    """In front of a batch norm, or behind a critic's last layer, where its loss cancels it."""
    for name in comparison.left_out:
        case, _, tensor = name.partition(": ")
        leaf = tensor.rpartition(".")[2]
        if leaf == "running_mean":
            continue
        assert leaf == "bias", name
        label, loss, _ = case.split("/")
        kinds = [p.kind for p in contract(system_of(case))]
        names = [p.full_name for p in contract(system_of(case))]
        behind = kinds[names.index(tensor) + 1 : names.index(tensor) + 2]
        cancelled = loss in CANCELLING and tensor == last_bias(names)
        assert behind == ["norm_scale"] or cancelled or tensor in SUMMED.get(label, ()), name


def test_the_biases_of_lsgan_jittor_are_the_ones_that_theory_names(comparison) -> None:
    prefix = "lsgan_jittor/least_squares/reduced: "
    left_out = {name for name in comparison.left_out if name.startswith(prefix)}
    expected = {f"generator.block{n}.conv.bias" for n in range(1, 7)}
    expected |= {f"discriminator.block{n}.conv.bias" for n in range(1, 4)}
    means = {name.replace("conv.bias", "norm.running_mean") for name in expected}
    assert left_out == {prefix + name for name in expected | means}


def last_bias(names):
    return [name for name in names if name.endswith(".bias")][-1]


def system_of(name):
    return next(case.system for case in CASES if case.name == name)
