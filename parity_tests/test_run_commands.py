"""Commands that concern runs: options, evaluations, pages of several runs."""

import json
import re

import numpy as np
import pytest

from common import UsageError
from common.backends import load
from common.cli.hyper_parameters import as_settings
from common.data import load_dataset
from common.parity.measure import require_named
from common.systems import find_system
from common.systems.options import options_of
from common.training.checkpoint import read_checkpoint
from common.training.loop import train
from common.training.session import start
from parity_tests.running import run_of, trained
from parity_tests.test_command_line import rosetta


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--learning-rate", "1e-4"], ["learning_rate=1e-4"]),
        (["--gen-label=-1", "--latent-dim", "5"], ["gen_label=-1", "latent_dim=5"]),
        (["--gen-label", "-1"], ["gen_label=-1"]),
    ],
)
def test_every_hyper_parameter_is_an_option(arguments, expected) -> None:
    assert list(as_settings(find_system("lsgan_mlp"), arguments)) == expected


def test_the_options_are_those_of_the_system() -> None:
    for name in ("wgan", "sngan", "lsgan_keras"):
        system = find_system(name)
        arguments = [
            argument
            for k, v in options_of(system).items()
            for argument in (f"--{k.replace('_', '-')}", str(v))
        ]
        assert len(list(as_settings(system, arguments))) == len(options_of(system))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--learning-rat", "1"], "did you mean --learning-rate"),
        (["--learning-rate"], "--learning-rate needs a value, as in --learning-rate 0.0003"),
        (["--learning-rate", "--latent-dim"], "needs a value"),
        (["--dropout", "0.3"], "lsgan_mlp has no option --dropout"),
        (["more"], "unexpected argument 'more'"),
    ],
)
def test_a_wrong_option_is_named(arguments, message) -> None:
    with pytest.raises(UsageError, match=re.escape(message)):
        list(as_settings(find_system("lsgan_mlp"), arguments))


def test_a_run_from_the_command_line(tmp_path) -> None:
    """Options, epochs, evaluation, a second run, and one page of both."""
    command = ["train", "torch", "lsgan_mlp", "--generator-features", "16", "--batch-size", "599"]
    command += ["--discriminator-features", "16", "--epochs", "2", "--evaluate-every", "3"]
    for name, rate in (("a", "1e-3"), ("b", "1e-4")):
        answer = rosetta(*command, "--learning-rate", rate, "--out", tmp_path / name)
        assert answer.returncode == 0, answer.stderr
        assert "waited for data" in " ".join(answer.stdout.split())
    config = json.loads((tmp_path / "a" / "config.json").read_text())
    assert config["steps"] == 6
    assert config["system"]["learning_rate"] == 1e-3
    newest = tmp_path / "a" / "checkpoint.safetensors"
    answer = rosetta("evaluate", newest, "torch", "--json")
    last = json.loads((tmp_path / "a" / "metrics.jsonl").read_text().splitlines()[-1])
    figures = json.loads(answer.stdout)
    assert set(figures) == set(last) - {"step", "loss_d", "loss_g"}
    for name, value in figures.items():
        require_named(np.array(value), np.array(last[name]), "closed_form_float32", name)
    page = tmp_path / "runs.html"
    answer = rosetta("compare-runs", tmp_path / "a", tmp_path / "b", "--out", page)
    assert answer.returncode == 0, answer.stderr
    text = page.read_text()
    assert text.count("data:image/png;base64,") == 2
    assert text.count("<svg") == len(set(last) - {"step"})
    assert not re.search(r"(src|href)=.http|url\(http|@import", text)
    differing = text[text.index("Where they differ") : text.index("The same in all")]
    assert "learning_rate" in differing
    assert "latent_dim" not in differing


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "torch", "lsgan_mlp", "--out", "{}"], "either --steps or --epochs"),
        (["compare-runs", "{}"], "no run of rosetta train"),
        (["evaluate", "{}/none.safetensors", "torch"], "no such file"),
    ],
)
def test_bad_input_is_one_line(tmp_path, arguments, message) -> None:
    answer = rosetta(*(argument.format(tmp_path) for argument in arguments))
    assert answer.returncode == 2
    assert message in answer.stderr
    assert "Traceback" not in answer.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["tf", "jax", "jittor"])
def test_eager_mode_is_the_same_up_to_rounding(tmp_path, need, name) -> None:
    need(name)
    compiled = trained(run_of(tmp_path / "compiled", steps=3), name)
    run = run_of(tmp_path / "eager", steps=3)
    try:
        backend = load(name, device="cpu", dtype="float64", exact=True, compiled=False)
        assert not backend.device.is_compiled()
        session = start(run, backend, load_dataset(run.data, run.system, run.seed))
        train(session)
        for key, array in session.checkpoint(3).tensors.items():
            require_named(array, compiled.tensors[key], "update", key)
    finally:
        load(name, device="cpu", dtype="float64", exact=True)
    assert backend.device.is_compiled()


def test_compiled_pytorch_is_the_same_up_to_rounding(tmp_path) -> None:
    """In a process of its own: PyTorch's compiler forks, which JAX may not survive."""
    command = ["train", "torch", "lsgan_mlp", "--steps", "3", "--dtype", "float64"]
    command += ["--generator-features", "8", "--discriminator-features", "8", "--batch-size", "8"]
    tensors = []
    for way in ("--compile", "--no-compile"):
        answer = rosetta(*command, way, "--out", tmp_path / way)
        assert answer.returncode == 0, answer.stderr
        config = json.loads((tmp_path / way / "config.json").read_text())
        assert config["segments"][0]["environment"]["compiled"] == str(way == "--compile")
        tensors.append(read_checkpoint(tmp_path / way / "checkpoint.safetensors").tensors)
    for key, array in tensors[1].items():
        require_named(tensors[0][key], array, "update", key)


def test_pytorch_refuses_what_it_cannot_compile(tmp_path) -> None:
    backend = load("torch", device="cpu", dtype="float64", exact=True, compiled=True)
    try:
        run = run_of(tmp_path, "wgan_gp_toy", data="8gaussians")
        with pytest.raises(UsageError, match="use --no-compile"):
            start(run, backend, load_dataset(run.data, run.system, run.seed))
        assert not run.checkpoint_path.exists()
    finally:
        load("torch", device="cpu", dtype="float64", exact=True)
