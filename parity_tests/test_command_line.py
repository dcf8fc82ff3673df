"""The command line as a user meets it: real processes, exit codes, one-line errors."""

import json
import os
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest

from common import ROOT
from common.backends import TITLES, load
from common.cli import main
from common.cli.commands import COMMANDS
from common.contract import contract, network_contract
from common.contract.initialisers import initial_state
from common.files.tensors import read_tensors, write_tensors
from common.systems import SYSTEMS, find_system
from common.systems.options import apply_settings
from common.training.one_step import as_step_inputs, run_step

SMALL = [
    "--set",
    "latent_dim=3",
    "--set",
    "generator_features=4",
    "--set",
    "discriminator_features=4",
]


def rosetta(*arguments, cwd=ROOT, timeout=600, columns=200):
    return subprocess.run(
        [sys.executable, "-m", "common", *map(str, arguments)],
        cwd=cwd,
        text=True,
        capture_output=True,
        timeout=timeout,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": str(columns)},
    )


@pytest.fixture
def here(capsys, monkeypatch):
    """The command in this process: exit status, output, errors."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["rosetta", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code, *capsys.readouterr()

    return run


def test_every_command_has_help(here) -> None:
    listed = rosetta("--help").stdout
    for command in (
        "doctor",
        "systems",
        "params",
        "step",
        "record",
        "compare",
        "parity",
        "train",
        "sample",
        "evaluate",
        "compare-runs",
        "export",
    ):
        assert command in listed
        status, output, _ = here(command, "--help")
        assert status == 0
        assert "Usage" in output


@pytest.mark.parametrize("name", COMMANDS)
def test_help_fills_the_lines_of_a_narrow_terminal(here, monkeypatch, name) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    status, page, _ = here(name, "--help")
    assert status == 0
    text = [line.strip() for line in page.partition("╭")[0].splitlines()]
    for line, below in pairwise(text):
        if line and below:
            assert len(f"{line} {below.split()[0]}") > 78, page


def test_systems_as_json() -> None:
    systems = json.loads(rosetta("systems", "--json").stdout)
    assert [system["name"] for system in systems] == list(SYSTEMS)
    assert len(systems) == 13
    counts = {system["name"]: system["parameters"] for system in systems}
    assert counts["lsgan_mlp"] == {"generator": 1_952_528, "discriminator": 267_009}
    assert all(system["citation"] for system in systems)


def test_params_as_json_lists_the_contract() -> None:
    listed = json.loads(
        rosetta("params", "lsgan_jittor", "--set", "base_channels=2", "--json").stdout
    )
    system = apply_settings(find_system("lsgan_jittor"), ["base_channels=2"])
    assert [(t["network"], t["name"], t["kind"], tuple(t["shape"])) for t in listed] == [
        (p.network, p.name, p.kind, p.shape) for p in contract(system)
    ]


def test_doctor_finds_every_backend(backends) -> None:
    reports = {r["backend"]: r for r in json.loads(rosetta("doctor", "--json").stdout)}
    for name in backends:
        assert reports[name]["devices"][0] == "cpu"
        assert not reports[name]["problem"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["params", "nope"], "unknown system 'nope'; choose one of"),
        (
            ["train", "caffe", "lsgan_mlp", "--steps", "1", "--out", "OUT"],
            "unknown backend 'caffe'; choose one of",
        ),
        (
            ["train", "torch", "lsgan_mlp", "--data", "mnist", "--steps", "1", "--out", "OUT"],
            "unknown data set for lsgan_mlp: 'mnist'; choose one of",
        ),
        (
            ["train", "torch", "lsgan_mlp", "--batch-size", "5000", "--steps", "1", "--out", "OUT"],
            "fewer than a batch of 5000",
        ),
        (["params", "lsgan_mlp", "--set", "depth=3"], "no option 'depth'; it has"),
        (["params", "lsgan_jittor", "--set", "base_channels=0"], "base_channels=0: must be"),
        (["record", "torch", "--dtype", "float16", "--out", "OUT/r"], "unknown dtype 'float16'"),
        (["record", "torch", "--device", "tpu", "--out", "OUT/r"], "unknown device 'tpu'"),
        (["parity", "--backends", "torch,theano", "--out", "OUT"], "unknown backend 'theano'"),
        (["parity", "--backends", "torch,torch", "--out", "OUT"], "named twice"),
        (["parity", "nope", "--out", "OUT"], "unknown system 'nope'"),
        (["record", "torch", "--kind", "wide", "--out", "OUT/r"], "unknown kind of case 'wide'"),
        (["compare", "OUT/none"], "no such file"),
        (["sample", "OUT/none", "torch", "--out", "OUT/x.png"], "no such file"),
        (["export", "OUT/none", "torch", "--out", "OUT/x.pt"], "no such file"),
        (["export", "OUT/none", "onnx", "--out", "OUT/x"], "unknown format 'onnx'; choose one of"),
        (
            ["step", "torch", "lsgan_mlp", "--inputs", "OUT/none", "--outputs", "OUT/x"],
            "no such file",
        ),
    ],
    ids=lambda value: " ".join(value[:3]) if isinstance(value, list) else None,
)
def test_bad_input_is_one_line_and_exit_2(here, tmp_path, arguments, message) -> None:
    out = tmp_path / "out"
    status, output, errors = here(*(argument.replace("OUT", str(out)) for argument in arguments))
    assert status == 2
    assert message in errors
    assert len(errors.strip().splitlines()) == 1
    assert not output
    assert not out.exists()


def test_bad_input_leaves_no_traceback_in_a_process_of_its_own(tmp_path) -> None:
    answer = rosetta("compare", tmp_path / "none")
    assert answer.returncode == 2
    assert "no such file" in answer.stderr
    assert "Traceback" not in answer.stderr + answer.stdout


def test_parity_on_backends_found_runs_nothing_without_a_gpu(backends, tmp_path) -> None:
    devices = [load(n, device="cpu", dtype="float64", exact=True).device for n in backends]
    if any(len(device.available_devices()) > 1 for device in devices):
        pytest.skip("this machine has a CUDA device")
    out = tmp_path / "report"
    answer = rosetta("parity", "--device", "cuda", "--backends", "found", "--out", out)
    assert answer.returncode == 0
    assert "no backend sees a cuda device here: nothing was run" in answer.stdout
    for name in backends:
        assert f"{TITLES[name]} left out: " in answer.stdout
    assert not out.exists()


def test_missing_cuda_is_a_one_line_error(here, backend, backend_name, tmp_path) -> None:
    if len(backend.device.available_devices()) > 1:
        pytest.skip("this machine has a CUDA device")
    out = tmp_path / "r"
    status, _, errors = here("record", backend_name, "lsgan_mlp", "--device", "cuda", "--out", out)
    assert status == 2
    assert "sees no CUDA device here: " in errors
    assert len(errors.strip().splitlines()) == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere; see the test below")
def test_an_unwritable_folder_is_named(tmp_path) -> None:
    tmp_path.chmod(0o500)
    answer = rosetta("record", "torch", "lsgan_mlp", "--out", tmp_path / "r")
    assert answer.returncode == 2
    assert "cannot be written" in answer.stderr


def test_a_file_where_a_folder_must_be_is_named_before_any_work(here, tmp_path) -> None:
    (tmp_path / "file").write_text("here first")
    for arguments in (
        ["parity", "--out"],
        ["train", "torch", "lsgan_mlp", "--steps", "1", "--out"],
    ):
        status, _, errors = here(*arguments, tmp_path / "file")
        assert status == 2
        assert "cannot be created as a folder" in errors
    assert (tmp_path / "file").read_text() == "here first"


def small_step():
    """A small system, and the inputs that one step of it needs."""
    system = apply_settings(find_system("lsgan_mlp"), SMALL[1::2])
    rng = np.random.default_rng(0)
    return system, {
        **initial_state(system, 0),
        "real": rng.standard_normal((2, 1, 28, 28)),
        "noise_d": rng.standard_normal((2, 3)),
    }


def test_step_reads_and_writes_what_the_contract_says(tmp_path, backend_name) -> None:
    system, inputs = small_step()
    write_tensors(tmp_path / "in.safetensors", inputs)
    answer = rosetta(
        "step",
        backend_name,
        "lsgan_mlp",
        *SMALL,
        "--inputs",
        tmp_path / "in.safetensors",
        "--outputs",
        tmp_path / "out.safetensors",
        "--dtype",
        "float64",
    )
    assert answer.returncode == 0, answer.stderr
    outputs, metadata = read_tensors(tmp_path / "out.safetensors")
    names = [p.full_name for p in contract(system)]
    assert set(outputs) == {
        "loss_d",
        "loss_g",
        "fake",
        *(f"grad.{n}" for n in names),
        *(f"new.{n}" for n in names),
    }
    assert all(array.dtype == np.float64 for array in outputs.values())
    assert outputs["fake"].shape == (2, 1, 28, 28)
    assert outputs["loss_d"].shape == ()
    assert metadata["backend"] == backend_name


def test_five_steps_use_the_same_inputs_five_times(backend) -> None:
    system, inputs = small_step()
    inputs["noise_g"] = inputs["noise_d"]
    once, five = run_step(backend, system, inputs), run_step(backend, system, inputs, steps=5)
    gan = backend.gan.build(system, inputs)
    for _ in range(5):
        backend.schedule.training_step(gan, as_step_inputs(system, inputs))
    for network in ("generator", "discriminator"):
        tensors = backend.interop.read_network(
            getattr(gan, network), network_contract(system, network)
        )
        for name, array in tensors.items():
            assert np.array_equal(five[f"new.{name}"], array), name
            assert not np.array_equal(five[f"new.{name}"], once[f"new.{name}"]), name
    assert all(np.array_equal(five[name], once[name]) for name in once if name[:4] != "new.")


def test_parity_of_one_small_system_writes_its_report(need, tmp_path) -> None:
    need("torch", "jittor")
    what = ("lsgan_mlp", "--kind", "reduced", "--backends", "torch,jittor")
    answer = rosetta("parity", *what, "--out", tmp_path / "report")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "parity holds" in answer.stdout
    report = json.loads((tmp_path / "report" / "report.json").read_text())
    assert set(report) == {"environment", "results", "summary"}
    assert report["summary"]["comparisons_made"] == report["summary"]["comparisons_expected"] > 0
    assert {
        "system",
        "quantity",
        "tensor",
        "backend",
        "device",
        "dtype",
        "step",
        "error",
        "bound",
        "ok",
    } <= set(report["results"][0])
    assert {result["backend"] for result in report["results"]} == {"torch", "jittor"}
    assert {result["dtype"] for result in report["results"]} == {"float32", "float64"}
    page = (tmp_path / "report" / "report.html").read_text()
    assert "Parity holds" in page
    assert "http" not in page.replace("http://www.w3.org", "").replace(
        "http://purl.org", ""
    ).replace("http://creativecommons.org", "").replace("https://matplotlib.org", "")


CRASH = "import os; os._exit(7)", "exit status 7"
HANG = "import time; time.sleep(600)", "hung: stopped after 60 s"
MISSING = "import a_framework_that_is_missing", "cannot be used"
RAISE = "raise MemoryError('no room')", "no room"


def with_broken_ports(tmp_path, sound, faults) -> dict[str, str]:
    """A copy of the project in which device modules do something else at import."""
    import shutil

    for package in ("common", *(f"{name}_impl" for name in (*sound, *faults))):
        shutil.copytree(ROOT / package, tmp_path / package)
    for name, (line, _) in faults.items():
        module = tmp_path / f"{name}_impl" / "device.py"
        module.write_text(f"{line}\n" + module.read_text())
    return {**os.environ, "PYTHONPATH": str(tmp_path), "COLUMNS": "200"}


@pytest.mark.parametrize(
    ("sound", "faults"),
    [("torch,jittor", {"tf": HANG, "jax": CRASH}), ("torch,tf", {"jittor": RAISE, "jax": MISSING})],
)
def test_a_broken_backend_fails_its_own_results_and_the_others_finish(
    need, tmp_path, sound, faults
) -> None:
    need(*sound.split(","), *faults)
    environment = with_broken_ports(tmp_path, sound.split(","), faults)
    answer = subprocess.run(
        [
            sys.executable,
            "-m",
            "common",
            "parity",
            "lsgan_mlp",
            "--kind",
            "reduced",
            "--dtype",
            "float64",
            "--backends",
            ",".join([sound, *faults]),
            "--timeout",
            "60",
            "--out",
            "report",
        ],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert answer.returncode == 1, answer.stderr
    report = json.loads((tmp_path / "report" / "report.json").read_text())
    failed = [result for result in report["results"] if not result["ok"]]
    assert {result["backend"] for result in failed} == set(faults)
    assert all(faults[result["backend"]][1] in result["reason"] for result in failed)
    judged = {result["backend"] for result in report["results"] if result["ok"]}
    assert judged == set(sound.split(","))
    assert not report["summary"]["ok"]


def test_the_same_command_twice_is_bit_equal(tmp_path, backend_name) -> None:
    for name in ("first", "second"):
        answer = rosetta(
            *("record", backend_name, "dcgan_mnist", "--dtype", "float32"),
            *("--set", "base_channels=4", "--set", "dense_features=24", "--set", "latent_dim=12"),
            *("--out", tmp_path / name),
        )
        assert answer.returncode == 0, answer.stderr
    first, second = (read_tensors(tmp_path / name)[0] for name in ("first", "second"))
    assert set(first) == set(second)
    assert [key for key in first if not np.array_equal(first[key], second[key])] == []
