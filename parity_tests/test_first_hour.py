"""What a newcomer types in the first hour: odd and wrong calls, and what the commands answer."""

import json
import os
import re
from contextlib import nullcontext

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from common import UsageError, __version__
from common import backends as backends_module
from common.backends import load
from common.bench.output import HEADS
from common.cli.application import app, load_commands
from common.cli.benching import _print as print_bench
from common.cli.commands import COMMANDS, GROUPS
from common.parity.summary import read_report
from common.processes.quiet import without_information
from common.systems.options import options_of
from common.training.export_formats import atomic_target, find_format
from common.training.progress import TrainingProgress
from common.training.segments import earlier_segments, makers, segments_of
from common.training.session import check_folder
from common.training.side_by_side import open_run, several_systems, to_html
from parity_tests.running import run_of, trained
from parity_tests.test_command_line import rosetta


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("train torch lsgn_mlp --steps 1 --out OUT", "did you mean lsgan_mlp?"),
        ("train trch lsgan_mlp --steps 1 --out OUT", "did you mean torch?"),
        ("train torch lsgan_mlp --data digit --steps 1 --out OUT", "did you mean digits?"),
        ("params lsgan_mlp --set learning_rat=1", "did you mean learning_rate?"),
        ("export none jaks --out OUT", "unknown format 'jaks'"),
        ("train torch dcgan_mnist --batch-size 1 --steps 1 --out OUT", "at least two samples"),
        ("train torch gan_moments --batch-size 1 --steps 1 --out OUT", "at least two samples"),
        ("train torch lsgan_mlp --ema-decay 1 --steps 1 --out OUT", "would never move; use less"),
        ("train torch lsgan_mlp --resume --steps 1 --out OUT", "leave out --resume to start one"),
        (
            "train torch lsgan_mlp --compile --no-compile --steps 1 --out OUT",
            "give either --compile",
        ),
        ("train torch lsgan_mlp --steps 1 --out FULL", "holds other files; name a new"),
        ("sample FULL torch --out OUT.png", "holds no run (it has no checkpoint.safetensors)"),
        ("sample FULL/file torch --out OUT.txt", "end its name in .png"),
        ("bench lsgan_mlp --out OUT.csv", "name a .json or .md file"),
        ("compare-runs FULL --out OUT.pdf", "end its name in .html or .md for a page"),
        ("parity --timeout -1 --out OUT", "--timeout"),
        ("parity --nosuch", "No such option: --nosuch"),
        ("train torch", "Missing argument 'SYSTEM'; see "),
        ("nosuch", "No such command 'nosuch'; see "),
    ],
    ids=lambda value: value.partition(" --out")[0],
)
def test_a_wrong_call_is_one_line_that_says_what_to_do(tmp_path, arguments, message) -> None:
    full, out = tmp_path / "full", tmp_path / "out"
    full.mkdir()
    (full / "file").touch()
    places = {"FULL": str(full), "OUT": str(out)}
    words = [re.sub("FULL|OUT", lambda m: places[m.group()], word) for word in arguments.split()]
    answer = rosetta(*words)
    assert answer.returncode == 2, answer.stdout
    (line,) = answer.stderr.strip().splitlines()
    assert line.startswith("error: ")
    assert message in line
    assert sorted(tmp_path.iterdir()) == [full]


def test_without_arguments_and_with_version() -> None:
    assert "First steps" in rosetta().stdout
    assert rosetta("--version").stdout == f"rosetta {__version__}\n"


def test_commands_come_in_groups() -> None:
    page = rosetta("--help").stdout
    places = [page.index(f"─ {group} ─") for group in GROUPS]
    assert places == sorted(places)
    assert [*COMMANDS][:1] == ["doctor"]
    assert {name for group in GROUPS.values() for name in group} == set(load_commands())


def test_an_option_s_earlier_name_is_still_taken(tmp_path) -> None:
    answer = rosetta("parity", "--width", "wide", "--out", tmp_path / "report")
    assert "unknown kind of case 'wide'" in answer.stderr


def test_backends_name_their_export_formats() -> None:
    assert find_format("jax") is find_format("flax")
    assert find_format("tf") is find_format("keras")


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("[enforce fail] PytorchStreamWriter failed writing file"),
        ValueError("RESOURCE_EXHAUSTED: No space left on device"),
        OSError(28, "No space left on device"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_export_onto_a_full_disk_leaves_nothing(tmp_path, error) -> None:
    with pytest.raises(UsageError, match="cannot be written"), atomic_target(tmp_path / "x.pt"):
        raise error
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("content", ["[1]", '{"results": [1]}', '{"results": 3}', "no JSON", "{}"])
def test_another_json_is_no_report(tmp_path, content) -> None:
    path = tmp_path / "report.json"
    path.write_text(content)
    with pytest.raises(UsageError, match="not a report of this version"):
        read_report(path)


@pytest.fixture
def two_frameworks(backends, tmp_path):
    """A run of two steps in one framework and two in another."""
    if len(backends) < 2:
        pytest.skip("needs two backends")
    first, second = backends[:2]
    trained(run_of(tmp_path / "run", steps=2), first)
    trained(run_of(tmp_path / "run", steps=4), second, resuming=True)
    return tmp_path / "run", first, second


def test_a_run_names_everybody_who_made_it(two_frameworks) -> None:
    folder, first, second = two_frameworks
    segments = segments_of(json.loads((folder / "config.json").read_text()))
    spans = [(s["backend"], s["first_step"], s["last_step"]) for s in segments]
    assert spans == [(first, 1, 2), (second, 3, 4)]
    assert re.fullmatch(r".+ \(steps 1 to 2\), .+ \(from step 3\)", makers(segments))
    page = to_html([open_run(folder)]).decode()
    assert makers(segments) in page


def test_a_segment_ends_where_the_run_was_stopped(two_frameworks) -> None:
    folder, first, _ = two_frameworks
    (only,) = earlier_segments(run_of(folder), first_step=2)
    assert (only["backend"], only["last_step"]) == (first, 1)


def test_a_run_of_an_earlier_version_has_one_segment() -> None:
    config = {"backend": "torch", "steps": 9, "first_step": 1, "command": [], "environment": {}}
    assert segments_of(config) == [
        {"first_step": 1, "last_step": 9, "backend": "torch", "command": [], "environment": {}}
    ]


def test_runs_with_two_seeds_differ_in_their_seeds(backends, tmp_path) -> None:
    runs = []
    for seed in (0, 1):
        trained(run_of(tmp_path / str(seed), seed=seed, steps=1), backends[0])
        runs.append(open_run(tmp_path / str(seed)))
    page = to_html(runs).decode()
    differing, same = page.split("The same in all")
    assert "<td>seed</td><td>0</td><td>1</td>" in differing
    assert "<td>seed</td>" not in same


def test_no_two_facts_of_a_run_share_a_name(backends, tmp_path) -> None:
    run = run_of(tmp_path, steps=1)
    trained(run, backends[0])
    config = json.loads((tmp_path / "config.json").read_text())
    (segment,) = config["segments"]
    page = to_html([open_run(tmp_path)]).decode()
    own = [k for k, v in config.items() if not isinstance(v, dict | list)]
    names = [*own, *(f"system.{k}" for k in options_of(run.system))]
    names += [f"environment.{k}" for k in segment["environment"]]
    for name in names:
        assert page.count(f"<tr><td>{name}</td>") == 1, name


def test_runs_of_two_systems_are_pointed_out(backends, tmp_path) -> None:
    names = ("lsgan_mlp", "gan_moments")
    for name in names:
        data = "digits" if name == "lsgan_mlp" else "gaussian"
        trained(run_of(tmp_path / name, name, steps=1, data=data), backends[0])
    runs = [open_run(tmp_path / name) for name in names]
    assert "cannot be compared with each other" in several_systems(runs)
    assert several_systems(runs) in to_html(runs).decode()
    assert several_systems(runs[:1]) == ""


def test_a_folder_is_checked_before_anything_is_loaded(tmp_path) -> None:
    check_folder(tmp_path / "new", resuming=False)
    check_folder(tmp_path, resuming=False)
    (tmp_path / "metrics.jsonl").write_text('{"step": 1}\n')
    with pytest.raises(UsageError, match="already holds a run; add --resume"):
        check_folder(tmp_path, resuming=False)


@pytest.mark.parametrize("size", [1])
def test_one_value_per_channel_is_one_line(backend_name, tmp_path, size) -> None:
    """At 16×16 the last maps of this discriminator have one pixel."""
    out = tmp_path / "run"
    options = ("--image-size", "16", "--base-channels", "2", "--batch-size", size)
    answer = rosetta("train", backend_name, "lsgan_pytorch", *options, "--steps", "1", "--out", out)
    if answer.returncode == 0:
        pytest.fail(f"{backend_name} trained on a batch without variance")
    assert answer.returncode == 2, answer.stderr
    assert "use a larger --batch-size than 1" in answer.stderr


def test_a_sample_sheet_has_the_requested_shape(backends, tmp_path) -> None:
    run = run_of(tmp_path / "run", steps=1)
    trained(run, backends[0])
    out = tmp_path / "samples.png"
    what = ("--count", "6", "--columns", "3", "--scale", "2")
    answer = rosetta("sample", run.out, backends[0], "--out", out, *what)
    assert answer.returncode == 0, answer.stderr
    side = 2 * run.system.sample_shape[-1] + 2
    with Image.open(out) as picture:
        assert picture.size == (3 * side + 2, 2 * side + 2)


def test_an_evaluation_shows_what_real_samples_score(backends, tmp_path) -> None:
    run = run_of(tmp_path / "run", steps=1)
    trained(run, backends[0])
    answer = rosetta("evaluate", run.out, backends[0], "--samples", "200")
    assert "200 samples of lsgan_mlp at step 1 against 200 of digits" in answer.stdout
    (digits,) = (line for line in answer.stdout.splitlines() if "digits covered" in line)
    assert "of 10" in digits
    assert "10 of 10" in digits.split("│")[3]
    assert digits.split("│")[4].strip() == "higher"
    (distance,) = (line for line in answer.stdout.splitlines() if "frechet" in line)
    generated, real = (float(cell) for cell in distance.split("│")[2:4])
    assert real < generated


def test_a_recording_says_what_it_holds(backends, tmp_path) -> None:
    out = tmp_path / "file"
    answer = rosetta("record", backends[0], "lsgan_mlp", "--out", out)
    assert re.search(r"\d+ tensors of 1 cases, .* cpu float64; compare it", answer.stdout)


def test_the_progress_bar_fits_80_columns(tmp_path) -> None:
    run = run_of(tmp_path, steps=20_000)
    progress = TrainingProgress(run, 1)
    progress.console.width = 80
    progress.show({"step": 12_345, "loss_d": 10.12345, "loss_g": 10.12345})
    with progress.console.capture() as captured:
        progress.console.print(progress.get_renderable())
    (line,) = captured.get().strip().splitlines()
    assert "12345/20000 D 10.1235 G 10.1235" in line
    assert "…" not in line


@pytest.mark.parametrize("precision", ["exact", "fast"])
def test_no_figure_is_cut_at_80_columns(monkeypatch, capsys, precision) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    measured = {"ratio_low": 0.961, "ratio": 0.987, "ratio_high": 1.024, "peak_memory_mb": 812}
    far = {"exact_loss": 1.39212, "fast_loss": 1.39296, "gradient_error": 0.0333}
    measured |= {"matmul_share": 1.012, "first_step_seconds": 12.3, "data_share": 0.019}
    measured |= {"precision": precision, "divergence": far if precision == "fast" else None}
    speeds = {"images_per_second": 1234.0, "other_images_per_second": 1220.0}
    what = {"system": "dcgan_facade", "backend": "jittor", "batch_size": 128}
    print_bench([{**what, **measured, **speeds, "memory_of": "process"}], HEADS[precision])
    printed = capsys.readouterr().out
    own = ("1.9%", "12.3 s", "812 MB") if precision == "exact" else ("1.392", "+0.0008", "3.3%")
    for figure in ("dcgan_facade", "jittor", "128", "0.99 (0.96-1.02)", "1234", "101.2%", *own):
        assert figure in printed
    assert "…" not in printed


def test_tensorflow_logs_nothing_on_standard_error(need, tmp_path) -> None:
    need("tf")
    answer = rosetta("record", "tf", "lsgan_mlp", "--out", tmp_path / "file")
    assert answer.returncode == 0
    assert "oneDNN custom operations" not in answer.stderr
    assert "absl" not in answer.stderr


def test_any_whole_number_is_a_seed(backends, tmp_path) -> None:
    seeds = (-1, 2**80)
    weights = []
    for seed in seeds:
        run = run_of(tmp_path / str(seed), seed=seed, steps=1)
        weights.append(trained(run, backends[0]).tensors["generator.linear1.weight"])
        assert trained(run_of(run.out, seed=seed, steps=2), backends[0], resuming=True).step == 2
    assert not np.array_equal(*weights)


def test_runs_of_two_frameworks_become_one_animation(backends, tmp_path) -> None:
    if len(backends) < 2:
        pytest.skip("needs two backends")
    for name in backends[:2]:
        trained(run_of(tmp_path / name, steps=4, sample_every=2), name)
    runs = [tmp_path / name for name in backends[:2]]
    out = tmp_path / "learning.gif"
    answer = rosetta("compare-runs", *runs, "--out", out)
    assert f"{out}: 2 runs at 2 steps" in answer.stdout
    with Image.open(out) as picture:
        assert picture.n_frames == 2


def test_runs_without_a_step_in_common_cannot_be_animated(backends, tmp_path) -> None:
    for name, every in (("one", 2), ("two", 3)):
        trained(run_of(tmp_path / name, steps=1, sample_every=every), backends[0])
    (tmp_path / "two" / "samples" / "step-000001.png").unlink(missing_ok=True)
    answer = rosetta(
        "compare-runs", tmp_path / "one", tmp_path / "two", "--out", tmp_path / "x.gif"
    )
    assert answer.returncode == 2
    assert "no sample picture of the same step" in answer.stderr
    assert not (tmp_path / "x.gif").exists()


@pytest.mark.parametrize(
    ("system", "data"),
    [("lsgan_mlp", "digits"), ("wgan_gp_toy", "8gaussians"), ("gan_moments", "gaussian")],
)
def test_every_system_has_data_by_default(backends, tmp_path, system, data) -> None:
    out = tmp_path / "run"
    answer = rosetta("train", backends[0], system, "--steps", "1", "--out", out)
    assert answer.returncode == 0, answer.stderr
    assert json.loads((out / "config.json").read_text())["data"] == data


def test_doctor_says_that_it_compiles_jittor(monkeypatch) -> None:
    monkeypatch.setattr("common.setup.prepare_jittor.core_is_compiled", lambda: False)
    monkeypatch.setattr("common.backends.inspection.installed_versions", lambda name: {name: "1"})
    monkeypatch.setattr(
        "common.backends.inspection.examine",
        lambda name, device: {
            "title": name,
            "versions": {},
            "devices": ["cpu"],
            "problem": "",
            "remedy": "",
        },
    )
    answer = CliRunner().invoke(app, ["doctor", "--backends", "jittor"])
    assert "Jittor compiles its core first; about three minutes" in answer.stderr
    answer = CliRunner().invoke(app, ["doctor", "--backends", "torch"])
    assert "importing each framework" in answer.stderr
    assert "compiles" not in answer.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_a_page_of_help_tears_nothing_at_80_columns(command) -> None:
    page = rosetta(command, "--help", columns=80).stdout
    assert "…" not in page.replace("--…-every", "")
    assert max(map(len, page.splitlines())) <= 80


def test_information_is_held_back_and_a_problem_is_not(capfd) -> None:
    with without_information():
        os.write(2, b"I0000 00:00:1 port.cc:153] oneDNN custom operations are on\nE0000 problem\n")
    assert capfd.readouterr().err == "E0000 problem\n"


def test_only_tensorflow_s_import_is_held_back(need, monkeypatch) -> None:
    """Jittor's compiler says for minutes what it does."""
    need("tf", "torch")
    held = []

    def spy():
        held.append(True)
        return nullcontext()

    monkeypatch.setattr(backends_module, "without_information", spy)
    load("torch", device="cpu", dtype="float64", exact=True)
    assert not held
    load("tf", device="cpu", dtype="float64", exact=True)
    assert held
