"""Jittor on several devices: what it is told at import, what is refused, how processes end."""

import os
import shutil
import subprocess
import sys

import pytest

from common import ROOT, UsageError
from common.backends import jittor_mpi, load, prepare_environment

SIZE, RANK = jittor_mpi.SIZE, jittor_mpi.LOCAL_RANK
# One of two processes leaves, the other waits for it.
LEAVING = """
import sys
from common.backends import load
parallel = load("jittor", device="cpu", dtype="float32", exact=True, devices=2).parallel
# One write, so that mpirun does not mix the lines of both.
sys.stdout.write(f"largest {{parallel.agree(parallel.shards().first)}}\\n")
sys.stdout.flush()
try:
    if parallel.shards().first == 1:
        {how}
    parallel.agree(0)
finally:
    parallel.disconnect()
"""


@pytest.fixture
def mpi(monkeypatch):
    """Says with how many processes mpirun started this one, and whether there is a compiler."""

    def given(started: int | None, *, compiler: bool = True) -> None:
        for name in (SIZE, jittor_mpi.COMPILER, jittor_mpi.SWITCH):
            monkeypatch.delenv(name, raising=False)
        if started is not None:
            monkeypatch.setenv(SIZE, str(started))
        monkeypatch.setattr(shutil, "which", lambda _: "/usr/bin/mpicc" if compiler else None)

    return given


def test_one_device_leaves_mpi_alone_and_several_ask_for_it() -> None:
    assert prepare_environment("cpu")["use_mpi"] == "0"
    assert prepare_environment("cpu", devices=2)["use_mpi"] == "1"


@pytest.mark.parametrize(
    ("devices", "started", "said"),
    [
        (2, None, "mpirun -np 2"),
        (3, 2, "mpirun started 2"),
        (1, 2, "add --devices 2"),
        (1, None, None),
        (2, 2, None),
    ],
)
def test_another_number_of_processes_is_refused(mpi, devices, started, said) -> None:
    mpi(started)
    problem = jittor_mpi.problem(devices)
    assert (problem is None) if said is None else said in (problem or "")


def test_without_a_compiler_several_devices_are_refused_before_the_import(mpi) -> None:
    mpi(2, compiler=False)
    with pytest.raises(UsageError, match="apt-get install openmpi-bin libopenmpi-dev"):
        load("jittor", device="cpu", dtype="float32", exact=True, devices=2)
    mpi(None, compiler=False)
    assert jittor_mpi.problem(1) is None


@pytest.mark.parametrize(
    ("visible", "rank", "own"),
    [(None, 1, "1"), ("2,3", 1, "3"), ("2,3", 0, "2"), ("2", 1, ""), ("", 0, "")],
)
def test_each_process_sees_one_gpu_of_those_that_are_visible(
    monkeypatch, visible, rank, own
) -> None:
    monkeypatch.setenv(RANK, str(rank))
    monkeypatch.delenv(jittor_mpi.VISIBLE, raising=False)
    if visible is not None:
        monkeypatch.setenv(jittor_mpi.VISIBLE, visible)
    assert jittor_mpi.own_gpu.__wrapped__() == {jittor_mpi.VISIBLE: own}


@pytest.mark.parametrize(
    ("how", "fails"), [("raise ValueError('broken')", True), ("sys.exit(2)", True), ("pass", False)]
)
def test_a_process_that_leaves_early_ends_the_other(need, need_mpi, how, fails) -> None:
    """By itself it would wait in MPI_Finalize for the other, which waits for it."""
    need("jittor")
    need_mpi()
    root = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
    kept = {k: text for k, text in os.environ.items() if k not in prepare_environment("cpu")}
    mpirun = ["mpirun", "--oversubscribe", "--bind-to", "none", "-np", "2"]
    done = subprocess.run(
        [*mpirun, sys.executable, "-c", LEAVING.format(how=how)],
        cwd=ROOT,
        env={**kept, **prepare_environment("cpu", devices=2), **root},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.stdout.count("largest 1") == 2, done.stderr
    assert (done.returncode != 0) == fails, done.stderr
