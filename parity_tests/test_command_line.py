"""The command line as a user meets it: real processes, exit codes, one-line errors."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from common.backends import load
from common.catalogue import SYSTEMS, find_system
from common.contract import contract
from common.initialise import initial_state
from common.settings import apply_settings
from common.tensors import read_tensors, write_tensors

ROOT = Path(__file__).resolve().parent.parent
SMALL = [
    "--set",
    "latent_dim=3",
    "--set",
    "generator_features=4",
    "--set",
    "discriminator_features=4",
]


def rosetta(*arguments, cwd=ROOT, timeout=600):
    return subprocess.run(
        [sys.executable, "-m", "common", *map(str, arguments)],
        cwd=cwd,
        text=True,
        capture_output=True,
        timeout=timeout,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"},
    )


def test_every_command_teaches() -> None:
    told = rosetta("--help").stdout
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
        assert command in told
        answer = rosetta(command, "--help")
        assert answer.returncode == 0
        assert "Usage" in answer.stdout


def test_systems_as_json() -> None:
    rows = json.loads(rosetta("systems", "--json").stdout)
    assert [row["name"] for row in rows] == list(SYSTEMS)
    assert len(rows) == 13
    counts = {row["name"]: row["parameters"] for row in rows}
    assert counts["lsgan_mlp"] == {"generator": 1_952_528, "discriminator": 267_009}
    assert all(row["citation"] for row in rows)


def test_params_as_json_lists_the_contract() -> None:
    listed = json.loads(
        rosetta("params", "lsgan_jittor", "--set", "base_channels=2", "--json").stdout
    )
    row = apply_settings(find_system("lsgan_jittor"), ["base_channels=2"])
    assert [(t["network"], t["name"], t["kind"], tuple(t["shape"])) for t in listed] == [
        (p.network, p.name, p.kind, p.shape) for p in contract(row)
    ]


def test_doctor_finds_every_backend(backends) -> None:
    reports = {r["backend"]: r for r in json.loads(rosetta("doctor", "--json").stdout)}
    for name in backends:
        assert reports[name]["devices"][0] == "cpu"
        assert not reports[name]["problem"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["params", "nope"], "unknown system 'nope'; choose one of"),
        (
            ["train", "caffe", "lsgan_mlp", "--steps", "1", "--out", "OUT"],
            "unknown backend 'caffe'; choose one of",
        ),
        (
            ["train", "torch", "lsgan_mlp", "--data", "mnist", "--steps", "1", "--out", "OUT"],
            "no data set 'mnist' for lsgan_mlp; choose one of",
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
        (["record", "torch", "--width", "wide", "--out", "OUT/r"], "unknown width 'wide'"),
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
def test_bad_input_is_one_line_and_exit_2(tmp_path, arguments, words) -> None:
    out = tmp_path / "out"
    answer = rosetta(*(argument.replace("OUT", str(out)) for argument in arguments))
    assert answer.returncode == 2
    assert words in answer.stderr
    assert len(answer.stderr.strip().splitlines()) == 1
    assert "Traceback" not in answer.stderr + answer.stdout
    assert not out.exists()


def test_parity_on_the_backends_that_see_a_gpu_claims_nothing_without_one(
    backends, tmp_path
) -> None:
    devices = [load(n, device="cpu", dtype="float64", exact=True).device for n in backends]
    if any(len(device.available_devices()) > 1 for device in devices):
        pytest.skip("this machine has a CUDA device")
    out = tmp_path / "report"
    answer = rosetta("parity", "--device", "cuda", "--backends", "found", "--out", out)
    assert answer.returncode == 0
    assert answer.stdout.strip() == "no backend sees a cuda device here: nothing was run"
    assert not out.exists()


def test_cuda_where_there_is_none_is_one_line(backend, backend_name, tmp_path) -> None:
    if len(backend.device.available_devices()) > 1:
        pytest.skip("this machine has a CUDA device")
    answer = rosetta(
        "record", backend_name, "lsgan_mlp", "--device", "cuda", "--out", tmp_path / "r"
    )
    assert answer.returncode == 2
    assert "sees no CUDA device here: use --device cpu" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere; see the test below")
def test_an_unwritable_folder_is_named(tmp_path) -> None:
    tmp_path.chmod(0o500)
    answer = rosetta("record", "torch", "lsgan_mlp", "--out", tmp_path / "r")
    assert answer.returncode == 2
    assert "cannot be written" in answer.stderr


def test_a_file_where_a_folder_must_be_is_named_before_any_work(tmp_path) -> None:
    (tmp_path / "file").write_text("here first")
    for arguments in (
        ["parity", "--out"],
        ["train", "torch", "lsgan_mlp", "--steps", "1", "--out"],
    ):
        answer = rosetta(*arguments, tmp_path / "file")
        assert answer.returncode == 2
        assert "cannot be made into a folder" in answer.stderr
    assert (tmp_path / "file").read_text() == "here first"


def test_step_reads_and_writes_what_the_contract_says(tmp_path, backend_name) -> None:
    row = apply_settings(find_system("lsgan_mlp"), SMALL[1::2])
    rng = np.random.default_rng(0)
    inputs = {
        **initial_state(row, 0),
        "real": rng.standard_normal((2, 1, 28, 28)),
        "noise_d": rng.standard_normal((2, 3)),
    }
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
    found, about = read_tensors(tmp_path / "out.safetensors")
    names = [p.full_name for p in contract(row)]
    assert set(found) == {
        "loss_d",
        "loss_g",
        "fake",
        *(f"grad.{n}" for n in names),
        *(f"new.{n}" for n in names),
    }
    assert all(array.dtype == np.float64 for array in found.values())
    assert found["fake"].shape == (2, 1, 28, 28)
    assert found["loss_d"].shape == ()
    assert about["backend"] == backend_name


def test_parity_of_one_small_system_writes_its_report(tmp_path, backends) -> None:
    answer = rosetta("parity", "lsgan_mlp", "--width", "reduced", "--out", tmp_path / "report")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "every row ok" in answer.stdout
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
    assert {row["backend"] for row in report["results"]} == {"torch", "tf", "jax", "jittor"}
    page = (tmp_path / "report" / "report.html").read_text()
    assert "Every row ok" in page
    assert "http" not in page.replace("http://www.w3.org", "").replace(
        "http://purl.org", ""
    ).replace("http://creativecommons.org", "").replace("https://matplotlib.org", "")


def broken_port(tmp_path, line: str) -> dict[str, str]:
    """A copy of the project in which JAX's device module does `line` at import."""
    import shutil

    for package in ("common", "torch_impl", "jax_impl"):
        shutil.copytree(ROOT / package, tmp_path / package)
    module = tmp_path / "jax_impl" / "device.py"
    module.write_text(f"{line}\n" + module.read_text())
    return {**os.environ, "PYTHONPATH": str(tmp_path), "COLUMNS": "200"}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("import os; os._exit(7)", "exit status 7"),
        ("import time; time.sleep(600)", "hung: stopped after 25 s"),
        ("import a_framework_that_is_missing", "cannot be used"),
        ("raise MemoryError('no room')", "no room"),
    ],
    ids=["crash", "hang", "missing", "raise"],
)
def test_a_broken_backend_fails_its_own_rows_and_the_others_finish(tmp_path, line, words) -> None:
    environment = broken_port(tmp_path, line)
    answer = subprocess.run(
        [
            sys.executable,
            "-m",
            "common",
            "parity",
            "lsgan_mlp",
            "--width",
            "reduced",
            "--backends",
            "torch,jax",
            "--timeout",
            "25",
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
    failed = [row for row in report["results"] if not row["ok"]]
    assert {row["backend"] for row in failed} == {"jax"}
    assert all(words in row["reason"] for row in failed)
    assert any(row["ok"] and row["backend"] == "torch" for row in report["results"])
    assert not report["summary"]["ok"]


@pytest.mark.parametrize(
    ("dtype", "system", "settings"),
    [
        ("float64", "lsgan_mlp", ["generator_features=32"]),
        ("float32", "dcgan_mnist", ["base_channels=4", "dense_features=24", "latent_dim=12"]),
    ],
)
def test_the_same_command_twice_is_bit_equal(
    tmp_path, backend_name, dtype, system, settings
) -> None:
    for name in ("first", "second"):
        answer = rosetta(
            *("record", backend_name, system, "--dtype", dtype, "--out", tmp_path / name),
            *(part for setting in settings for part in ("--set", setting)),
        )
        assert answer.returncode == 0, answer.stderr
    first, second = (read_tensors(tmp_path / name)[0] for name in ("first", "second"))
    assert set(first) == set(second)
    assert [key for key in first if not np.array_equal(first[key], second[key])] == []
