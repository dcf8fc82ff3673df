"""What `rosetta parity` records when nothing is asked for, and in which environment."""

import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from common import child
from common.backends import BACKENDS
from common.child import ask, share_of_threads
from common.cli.application import app
from common.comparison import parity
from common.comparison.cases import WIDTHS
from common.comparison.recorders import Kind, Recorder
from common.comparison.results import Comparison

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


def test_nothing_asked_for_is_every_backend_type_and_width(monkeypatch, tmp_path) -> None:
    plans = []

    def run_parity(plan, folder, watcher):
        plans.append(plan)
        return Comparison()

    monkeypatch.setattr(parity, "run_parity", run_parity)
    answer = CliRunner().invoke(app, ["parity", "--out", str(tmp_path)])
    assert answer.exit_code == 1, answer.output  # nothing was compared
    jobs = plans[0].jobs
    for dtype in ("float32", "float64"):
        assert {job.backend for job in jobs if job.dtype == dtype} >= set(BACKENDS)
    assert {width for job in jobs for width in job.widths} == set(WIDTHS)
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
    assert ask(["-c", script], variables=variables, timeout=120) == "3"


def test_without_a_choice_tensorflow_takes_every_core(need, monkeypatch) -> None:
    need("tf")
    monkeypatch.setattr(os, "cpu_count", lambda: 7)
    monkeypatch.delenv("TF_NUM_INTRAOP_THREADS", raising=False)
    device = sys.modules.get("tf_impl.device")
    assert device.environment()["threads"] == "7"
