"""How many modules lie between a command and a gradient, and that CONTRIBUTING names them."""

import sys

import pytest

from common import ROOT, systems
from common.backends import load
from common.parity.recorder_process import _record

OURS = ("common", "torch_impl")
# From the command, or from the process that records, down to the function that has the gradients.
TRAINING = (
    "common.cli",
    "common.cli.training",
    "common.cli.running",
    "common.training.loop",
    "torch_impl.schedule",
    "torch_impl.steps",
)
PARITY = (
    "common.parity.recorder_process",
    "common.parity.record",
    "common.parity.case_record",
    "common.parity.case_run",
    "common.parity.case_steps",
    "torch_impl.schedule",
    "torch_impl.steps",
)
MOST = {TRAINING: 12, PARITY: 8}


@pytest.fixture
def passed(monkeypatch):
    """The modules of this project on the way to each loss that is computed, the command first."""
    gan = load("torch", device="cpu", dtype="float64", exact=True).gan
    paths = set()

    def watched(loss):
        def watching(*scores, **options):
            paths.add(modules_on_the_stack())
            return loss(*scores, **options)

        return watching

    kind = systems.losses.LeastSquares
    monkeypatch.setitem(gan.LOSSES, kind, tuple(map(watched, gan.LOSSES[kind])))
    return paths


def modules_on_the_stack() -> tuple[str, ...]:
    names, frame = [], sys._getframe()
    while frame is not None:
        name = frame.f_globals.get("__name__", "")
        if name.partition(".")[0] in OURS:
            names.append(name)
        frame = frame.f_back
    return tuple(dict.fromkeys(reversed(names)))


def test_training_passes_few_modules(passed, tmp_path, monkeypatch) -> None:
    from common.cli import main

    arguments = ["train", "torch", "lsgan_mlp", "--steps", "1", "--data", "noise"]
    monkeypatch.setattr(sys, "argv", ["rosetta", *arguments, "--out", str(tmp_path / "run")])
    with pytest.raises(SystemExit, match="0"):
        main()
    load("torch", device="cpu", dtype="float64", exact=True)
    assert passed == {TRAINING}


def test_parity_passes_few_modules(passed, tmp_path) -> None:
    backend = load("torch", device="cpu", dtype="float64", exact=True)
    where = {"device": "cpu", "dtype": "float64", "seed": 0}
    order = {"systems": ["lsgan_mlp"], "kinds": ["cycle", "reduced"], "settings": [], **where}
    order["out"] = str(tmp_path / "recording.safetensors")
    assert not _record(backend, order, lambda **progress: None)
    assert PARITY in passed
    assert {len(path) <= MOST[PARITY] for path in passed} == {True}


@pytest.mark.parametrize("path", MOST)
def test_contributing_names_the_modules_in_their_order(path) -> None:
    assert len(path) <= MOST[path]
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    files = [name.replace(".", "/").replace("torch_impl", "*") for name in path]
    places = [text.find(f"`{file}") for file in files]
    assert -1 not in places, files
    (line,) = [part for part in text.split("\n\n") if all(f"`{file}" in part for file in files)]
    assert sorted(files, key=line.find) == files
