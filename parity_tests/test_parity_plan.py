"""What `rosetta parity` records when nothing is asked for, and in which environment."""

import os
import subprocess
import sys
from importlib import metadata

import pytest
from typer.testing import CliRunner

from common.backends import BACKENDS, FULL, LEAST, LESS, prepare_environment, xla_flags
from common.cli import watching
from common.cli.application import app
from common.parity.cases import KINDS
from common.parity.effort import AS_XLA_WOULD, effort_for
from common.parity.recorders import Kind, Recorder
from common.parity.results import Comparison
from common.processes import child
from common.processes.child import run_python, share_of_threads
from common.systems import SYSTEMS

VARIABLES = {"OMP_NUM_THREADS", "NPROC", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"}


@pytest.mark.parametrize(("cores", "processes", "each"), [(8, 2, "4"), (2, 2, "1"), (None, 2, "1")])
def test_a_process_has_its_share_of_the_cores(monkeypatch, cores, processes, each) -> None:
    monkeypatch.setattr(child.os, "cpu_count", lambda: cores)
    assert share_of_threads(processes) == dict.fromkeys(VARIABLES, each)


def test_a_recording_has_its_share_unless_somebody_chose(monkeypatch) -> None:
    seen = {}

    def popen(command, *, env, **_):
        seen.update(env)

    monkeypatch.setattr(subprocess, "Popen", popen)
    monkeypatch.setattr(child.os, "cpu_count", lambda: 6)
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    made = Recorder(Kind("torch", "cpu", "float64"), processes=2, timeout=60)
    made._errors.close()
    assert {name: seen[name] for name in VARIABLES} == {
        **dict.fromkeys(VARIABLES, "3"),
        "OMP_NUM_THREADS": "5",
    }


def test_nothing_asked_for_is_every_backend_type_and_kind(monkeypatch, tmp_path) -> None:
    plans = []

    def run_parity(plan, folder, watcher):
        plans.append(plan)
        return Comparison()

    monkeypatch.setattr(watching, "run_parity", run_parity)
    answer = CliRunner().invoke(app, ["parity", "--out", str(tmp_path)])
    assert answer.exit_code == 1, answer.output  # nothing was compared
    jobs = plans[0].jobs
    for dtype in ("float32", "float64"):
        assert {job.backend for job in jobs if job.dtype == dtype} >= set(BACKENDS)
    assert {kind for job in jobs for kind in job.kinds} == set(KINDS)
    assert not plans[0].systems


def test_tensorflow_says_how_many_threads_it_was_given(need) -> None:
    need("tf")
    script = (
        "import json\n"
        "from common.backends import load\n"
        "port = load('tf', device='cpu', dtype='float32', exact=False)\n"
        "print(json.dumps(port.device.environment()['threads']))"
    )
    variables = {"TF_NUM_INTRAOP_THREADS": "3"}
    assert run_python(["-c", script], variables=variables, timeout=120) == "3"


def test_without_a_choice_tensorflow_takes_every_core(need, monkeypatch) -> None:
    need("tf")
    monkeypatch.setattr(os, "cpu_count", lambda: 7)
    monkeypatch.delenv("TF_NUM_INTRAOP_THREADS", raising=False)
    device = sys.modules.get("tf_impl.device")
    assert device.environment()["threads"] == "7"


@pytest.mark.parametrize(
    ("installed", "emitters"), [("0.7.1", True), ("0.12.0.1", False), ("0.70.0", False)]
)
def test_xla_is_asked_only_for_what_its_version_knows(monkeypatch, installed, emitters) -> None:
    """An unknown flag ends the process."""
    monkeypatch.setattr(metadata, "version", lambda name: installed)
    for effort, level in ((LESS, 1), (LEAST, 0)):
        flags = xla_flags(effort)
        assert f"--xla_backend_optimization_level={level}" in flags.split()
        assert ("--xla_cpu_use_fusion_emitters=false" in flags.split()) == emitters
    assert xla_flags(FULL) == ""


@pytest.mark.parametrize("effort", [FULL, LESS, LEAST])
def test_the_xla_that_is_installed_takes_the_flags(need, monkeypatch, effort) -> None:
    need("jax")
    monkeypatch.delenv("XLA_FLAGS", raising=False)
    script = "import jax, json; print(json.dumps(float(jax.numpy.ones(3).sum())))"
    variables = prepare_environment("cpu", effort=effort)
    assert run_python(["-c", script], variables=variables, timeout=120) == 3.0


def test_an_unknown_flag_would_end_it(need) -> None:
    need("jax")
    script = "import jax; print(float(jax.numpy.ones(3).sum()))"
    variables = {"XLA_FLAGS": "--xla_cpu_use_what_nobody_knows=false"}
    with pytest.raises(RuntimeError):
        run_python(["-c", script], variables=variables, timeout=120)


def test_somebody_s_own_level_is_left_to_them(monkeypatch) -> None:
    monkeypatch.setenv("XLA_FLAGS", "--xla_backend_optimization_level=2")
    chosen = prepare_environment("cpu", effort=LEAST)["XLA_FLAGS"]
    assert chosen == "--xla_backend_optimization_level=2"


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_only_jax_on_a_cpu_compiles_with_less_effort(backend, device) -> None:
    where = {"backend": backend, "device": device, "dtype": "float32", "is_full": False}
    less = effort_for(["sngan"], **where) != FULL
    assert less == (backend == "jax" and device == "cpu")


def test_full_width_shows_what_xla_makes_by_itself_too() -> None:
    where = {"backend": "jax", "device": "cpu", "dtype": "float32", "is_full": True}
    efforts = {name: effort_for([name], **where) for name in SYSTEMS}
    assert set(efforts.values()) == {FULL, LEAST}
    assert {name for name, effort in efforts.items() if effort == FULL} == AS_XLA_WOULD
    assert effort_for(SYSTEMS, **where) == FULL


def test_large_images_in_double_precision_are_worth_optimising() -> None:
    where = {"backend": "jax", "device": "cpu", "is_full": False}
    assert effort_for(["lsgan_jittor"], dtype="float64", **where) == LESS
    assert effort_for(["lsgan_jittor"], dtype="float32", **where) == LEAST
    assert effort_for(["lsgan_mlp"], dtype="float64", **where) == LEAST
