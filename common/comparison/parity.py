"""All backends recorded, each in a process of its own, then compared."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from common.backends import prepare_environment
from common.child import last_words, python_path, share_of_threads
from common.comparison.cases import WIDTHS, Case, cases
from common.comparison.comparing import compare
from common.comparison.recorded import open_recording
from common.comparison.recording import expected_keys
from common.comparison.results import Comparison, failed_recording
from common.errors import UsageError

# Two of each are enough: by the speed of float64 convolutions, and of running the same case again.
TRUTH_ORDER = ("torch", "tf", "jax", "jittor")
SHAKEN_ORDER = ("torch", "jax", "jittor", "tf")
FULL = ("full",)
COSTLIEST = ("jax", "torch", "tf", "jittor")  # JAX compiles longer than the others run


@dataclass(frozen=True)
class Job:
    """One recording to make."""

    backend: str
    device: str
    dtype: str
    widths: tuple[str, ...]
    shaken: bool = False
    systems: tuple[str, ...] = ()  # fewer than the plan's, if any are named

    @property
    def title(self) -> str:
        """Backend, device, type and widths in words."""
        return f"{self.backend} {self.device} {self.dtype} ({' + '.join(self.widths)})"


@dataclass(frozen=True)
class Plan:
    """What a parity run records, and how."""

    jobs: tuple[Job, ...]
    systems: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    seed: int = 0
    timeout: float = 1800.0
    workers: int = 2

    def cases(self, job: Job) -> list[Case]:
        """The cases of one job."""
        return cases(job.systems or self.systems, job.widths, self.settings)


def plan_jobs(
    backends: Sequence[str], device: str, dtypes: Sequence[str], widths: Sequence[str]
) -> tuple[Job, ...]:
    """The recordings that judging these backends takes, the longest first.

    Full width is judged in float32 only, against the float64 truth of two backends. Runs on
    another device are judged against float64 runs of the same backends on the CPU.
    """
    truths, shaken = (
        [name for name in order if name in backends][:2] for order in (TRUTH_ORDER, SHAKEN_ORDER)
    )
    narrow = tuple(width for width in widths if width != "full")
    parts = [part for part in (narrow, FULL if "full" in widths else ()) if part]
    jobs = []
    for backend in backends:
        for part in parts:
            if "float32" in dtypes:
                jobs.append(Job(backend, device, "float32", part, backend in shaken))
            if part != FULL or ("float32" in dtypes and backend in truths):
                jobs.append(Job(backend, "cpu", "float64", part))
            if device != "cpu" and "float64" in dtypes and part != FULL:
                jobs.append(Job(backend, device, "float64", part))
    return tuple(sorted(jobs, key=_rank))


def _rank(job: Job) -> tuple[int, bool]:
    """Small for the jobs that take long, so that a short one is the last to be waited for."""
    return COSTLIEST.index(job.backend), not job.shaken


def run_parity(
    plan: Plan, folder: Path, progress: Callable[[Job, str], None] = lambda job, state: None
) -> Comparison:
    """Record every job of the plan into `folder` and compare what came of it.

    A recording that crashes, hangs or lacks its framework becomes failed rows of its backend;
    the others go on.
    """

    def record(job: Job) -> str:
        progress(job, "running")
        problem = _record(plan, job, _file(folder, job))
        progress(job, problem or "done")
        return problem

    with ThreadPoolExecutor(plan.workers) as pool:
        problems = dict(zip(plan.jobs, pool.map(record, plan.jobs), strict=True))
    made = [open_recording(_file(folder, job)) for job, problem in problems.items() if not problem]
    comparison = compare(made)
    for job, problem in problems.items():
        for case in plan.cases(job) if problem else []:
            comparison.expected += len(expected_keys(case))
            row = failed_recording(case, job.backend, job.device, job.dtype, problem)
            comparison.results.append(row)
    return comparison


def _file(folder: Path, job: Job) -> Path:
    return folder / f"{job.backend}-{job.device}-{job.dtype}-{job.widths[0]}.safetensors"


def _record(plan: Plan, job: Job, out: Path) -> str:
    command = [
        sys.executable,
        "-m",
        "common",
        "record",
        job.backend,
        *(job.systems or plan.systems),
        "--device",
        job.device,
        "--dtype",
        job.dtype,
        "--seed",
        str(plan.seed),
        "--out",
        str(out),
    ]
    for width in job.widths:
        command += ["--width", width]
    command += ["--shaken"] if job.shaken else []
    for setting in plan.settings:
        command += ["--set", setting]
    quick = job.widths != FULL and job.device == "cpu"
    environment = {
        **share_of_threads(plan.workers),
        **os.environ,
        **prepare_environment(job.device, quick=quick, keep_compiled=True),
        "PYTHONPATH": python_path(),
    }
    try:
        done = subprocess.run(
            command,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=plan.timeout,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        return f"hung: stopped after {plan.timeout:.0f} s"
    if done.returncode == 0:
        return ""
    return last_words(done)


def check_widths(widths: Sequence[str]) -> tuple[str, ...]:
    """The widths themselves; all there are, if none is named.

    Raises:
        UsageError: there is no such width.
    """
    for width in widths:
        if width not in WIDTHS:
            raise UsageError(f"unknown width {width!r}; choose one of: {', '.join(WIDTHS)}")
    return tuple(widths) or WIDTHS
