"""All backends recorded, each in a process of its own, then compared."""

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from common.backends import prepare_environment
from common.child import last_words, python_path, share_of_threads
from common.comparison.cases import Case, cases
from common.comparison.comparing import compare
from common.comparison.jobs import FULL, Job
from common.comparison.recorded import open_recording
from common.comparison.recording import expected_keys
from common.comparison.results import Comparison, Run, failed_recording
from common.examining import version_of


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


def run_parity(
    plan: Plan, folder: Path, progress: Callable[[Job, str], None] = lambda job, state: None
) -> Comparison:
    """Record every job of the plan into `folder` and compare what came of it.

    A recording that crashes, hangs or lacks its framework becomes failed results of its backend;
    the others go on.
    """

    problems = record_jobs(plan, folder, progress)
    made = [open_recording(folder / job.file) for job, problem in problems.items() if not problem]
    comparison = compare(made)
    for job, problem in problems.items():
        for case in plan.cases(job) if problem else []:
            comparison.expected += len(expected_keys(case, job.dtype))
            run = Run(job.backend, version_of(job.backend), job.device, job.dtype)
            comparison.results.append(failed_recording(case, run, problem))
    return comparison


def record_jobs(
    plan: Plan, folder: Path, progress: Callable[[Job, str], None] = lambda job, state: None
) -> dict[Job, str]:
    """Record every job of the plan into `folder`; what went wrong with each, "" if nothing."""

    def record(job: Job) -> str:
        progress(job, "running")
        problem = _record(plan, job, folder / job.file)
        progress(job, problem or "done")
        return problem

    with ThreadPoolExecutor(plan.workers) as pool:
        return dict(zip(plan.jobs, pool.map(record, plan.jobs), strict=True))


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
    command += ["--perturbed"] if job.perturbed else []
    command += ["--as-tf32"] if job.as_tf32 else []
    for setting in plan.settings:
        command += ["--set", setting]
    quick = job.widths != FULL and job.device == "cpu"
    environment = {
        **share_of_threads(plan.workers),
        **os.environ,
        **prepare_environment(job.device, quick=quick, keep_compiled=True, exact=not job.as_tf32),
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
