"""Runs in several frameworks from several seeds: means, spreads and significant differences."""

from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from common import UsageError
from common.cli.application import app
from common.training import side_by_side
from common.training.across_seeds import Experiment, experiments, permutation_p_value, spread
from common.training.results_page import real_images, save_results_page
from common.training.side_by_side import PastRun
from parity_tests.running import run_of, trained

FRAMEWORKS, SEEDS = ("torch", "tf", "jax", "jittor"), (0, 1, 2)


def past(backend: str, seed: int, distance: float, **config: object) -> PastRun:
    settings = {
        "command": ["train", backend, "wgan_gp_toy", "--seed", str(seed)],
        "backend": backend,
        "environment": {"device": backend},
        "first_step": 1,
        "seed": seed,
        "data": "8gaussians",
        "system": {"name": "wgan_gp_toy", "batch_size": 8},
        **config,
    }
    entries = [
        {"step": 1, "loss_d": 1.0, "sliced_wasserstein": 9.0, "modes_covered": 1.0},
        {"step": 2, "loss_d": 1.0, "sliced_wasserstein": distance, "modes_covered": 8.0},
        {"step": 3, "loss_d": 1.0},
    ]
    return PastRun(f"{backend}-{seed}", settings, entries, None)


def all_runs(values) -> list[PastRun]:
    pairs = enumerate(product(FRAMEWORKS, SEEDS))
    return [past(backend, seed, values.flat[at]) for at, (backend, seed) in pairs]


def test_runs_are_grouped_by_everything_but_framework_and_seed() -> None:
    values = np.arange(12.0).reshape(4, 3)
    others = [replace(run, config=run.config | {"data": "swissroll"}) for run in all_runs(-values)]
    first, second = experiments([*reversed(all_runs(values)), *others])
    assert (first.data, second.data) == ("8gaussians", "swissroll")
    assert (first.variants, first.seeds) == (FRAMEWORKS, SEEDS)
    assert first.figures == ["sliced_wasserstein", "modes_covered"]
    assert np.array_equal(first.values("sliced_wasserstein"), values)
    assert np.array_equal(second.values("sliced_wasserstein"), -values)


def test_spreads_over_seeds_and_over_frameworks() -> None:
    seeds, frameworks = np.array([0.0, 1.0, 2.0]), np.array([[0.0], [2.0]])
    assert spread(seeds + frameworks) == (1.0, np.sqrt(2.0))


def test_a_framework_that_differs_is_detected() -> None:
    rng = np.random.default_rng(0)
    # Seeds differ widely, which would hide a framework unless labels are permuted within a seed.
    alike = 100 * rng.normal(size=(1, 3)) + 0.1 * rng.normal(size=(4, 3))
    shifted = alike + np.array([[0.0], [0.0], [0.0], [3.0]])
    assert permutation_p_value(alike) > 0.05
    # 4! of the (4!)³ ways keep the frameworks apart; a lone one among three alike, 4 · (3!)³ do.
    assert 24 / 24**3 <= permutation_p_value(shifted) <= 4 * 6**3 / 24**3
    assert permutation_p_value(np.tile(alike[:1], (4, 1))) == 1.0


def test_equal_frameworks_differ_as_often_as_the_significance_level() -> None:
    chances = [
        permutation_p_value(np.random.default_rng(seed).normal(size=(3, 3))) for seed in range(200)
    ]
    assert 0.01 < np.mean(np.array(chances) < 0.05) < 0.1  # 3.3 standard errors around 0.05
    assert 0.4 < np.mean(np.array(chances) < 0.5) < 0.62


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda runs: runs[:-1], "no run of wgan_gp_toy in jittor from seed 2"),
        (lambda runs: [*runs, runs[0]], "the same framework and seed: torch-0"),
        (lambda runs: [replace(runs[0], entries=[{"step": 1.0}]), *runs[1:]], "--evaluate-every"),
        (lambda runs: runs[:3], "in two frameworks and from two seeds"),
        (lambda runs: runs[::3], "in two frameworks and from two seeds"),
    ],
)
def test_runs_that_cannot_be_compared_are_named(tmp_path, spoil, message) -> None:
    with pytest.raises(UsageError, match=message):
        save_results_page(tmp_path / "page.md", spoil(all_runs(np.arange(12.0).reshape(4, 3))))
    assert not list(tmp_path.iterdir())


def test_the_page_shows_means_spreads_verdict_and_command(tmp_path: Path) -> None:
    page = tmp_path / "toy-runs.md"
    values = np.array([[1.0, 2.0, 3.0]]) + np.array([[0.0], [10.0], [20.0], [30.0]])
    assert save_results_page(page, all_runs(values)) == 1
    text = page.read_text()
    assert text.startswith("# Runs side by side\n")
    assert "| sliced wasserstein | 2 ± 1 | 12 ± 1 | 22 ± 1 | 32 ± 1 |" in text
    assert "| modes covered | 8 of 8 | 8 of 8 | 8 of 8 | 8 of 8 |" in text
    assert "of all permutations: they differ significantly" in text
    assert "rosetta train torch wgan_gp_toy --seed 0" in text
    assert (tmp_path / "toy-runs" / "1-wgan_gp_toy.png").read_bytes().startswith(b"\x89PNG")
    save_results_page(page, all_runs(np.tile(values[:1], (4, 1))))
    assert "in 100.0% of all permutations: they do not differ significantly" in page.read_text()


def test_what_was_counted_is_given_as_least_and_most(tmp_path: Path) -> None:
    runs = all_runs(np.arange(12.0).reshape(4, 3))
    entry = {**runs[0].entries[1], "modes_covered": 5.0}
    runs[0] = replace(runs[0], entries=[entry])
    save_results_page(tmp_path / "page.md", runs)
    text = (tmp_path / "page.md").read_text()
    assert "| modes covered | 5 to 8 of 8 | 8 of 8 | 8 of 8 | 8 of 8 |" in text


def test_runs_as_they_are_written_are_grouped(backends, tmp_path) -> None:
    if len(backends) < 2:
        pytest.skip("needs two backends")
    runs = []
    for name, seed in product(backends[:2], (0, 1)):
        folder = tmp_path / f"{name}-{seed}"
        trained(run_of(folder, seed=seed, steps=1, evaluate_every=1), name)
        runs.append(side_by_side.open_run(folder))
    (experiment,) = experiments(runs)
    assert experiment.variants == tuple(backends[:2])
    assert experiment.seeds == (0, 1)


def test_a_run_of_two_frameworks_belongs_to_neither(backends, tmp_path) -> None:
    if len(backends) < 2:
        pytest.skip("needs two backends")
    for steps, name in enumerate(backends[:2], start=1):
        run = run_of(tmp_path / "run", steps=steps, save_every=1, evaluate_every=1)
        trained(run, name, resuming=steps > 1)
    with pytest.raises(UsageError, match=f"was trained in {backends[0]} and in {backends[1]}"):
        experiments([side_by_side.open_run(tmp_path / "run")])


def test_the_file_extension_chooses_the_page_format(tmp_path, monkeypatch) -> None:
    known = {run.name: run for run in all_runs(np.arange(12.0).reshape(4, 3))}
    monkeypatch.setattr(side_by_side, "open_run", lambda folder: known[folder.name])
    for name, beginning in (("page.md", "# Runs side by side"), ("page.html", "<!doctype html>")):
        out = tmp_path / name
        answer = CliRunner().invoke(app, ["compare-runs", *known, "--out", str(out)])
        assert answer.exit_code == 0, answer.output
        assert out.read_text().startswith(beginning)


def test_real_images_stand_beside_the_generated_ones(backends, tmp_path) -> None:
    run = run_of(tmp_path / "run", steps=1, evaluate_every=1)
    trained(run, backends[0])
    past_run = side_by_side.open_run(run.out)
    digits = Experiment("lsgan_mlp", "digits", (backends[0],), (0,), {(backends[0], 0): past_run})
    side = run.system.sample_shape[-1] + 2
    assert real_images(digits).size == (5 * side + 2, 5 * side + 2)
    assert real_images(replace(digits, data="folder:/nosuch")) is None
    (toy,) = experiments(all_runs(np.arange(12.0).reshape(4, 3)))
    assert real_images(toy) is None
