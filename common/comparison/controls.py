"""The controls that show that a comparison on some device can fail, and is repeatable."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from common.comparison.comparing import compare
from common.comparison.jobs import PERTURBED_ORDER, Job
from common.comparison.parity import Plan, record_jobs
from common.comparison.recorded import open_recording
from common.comparison.results import Comparison

SYSTEMS = ("lsgan_mlp", "sngan", "dcgan_mnist")
WIDTHS = ("reduced",)


@dataclass(frozen=True)
class Control:
    """One question, and whether the answer was the one that it had to be."""

    name: str
    passed: bool
    words: str


def control_jobs(backends: Sequence[str], device: str) -> tuple[Job, ...]:
    """What the controls record: references and yardsticks on the CPU, and three runs on the device.

    Those are an honest one, the same again, and one that computes as TF32 does.
    """
    perturbed = [name for name in PERTURBED_ORDER if name in backends][:2]
    jobs = []
    for backend in backends:
        jobs.append(Job(backend, "cpu", "float64", WIDTHS))
        if backend in perturbed:
            jobs.append(Job(backend, "cpu", "float32", WIDTHS, perturbed=True))
        if device != "cpu" or backend not in perturbed:
            jobs.append(Job(backend, device, "float32", WIDTHS))
        jobs.append(Job(backend, device, "float32", WIDTHS, again=True))
        jobs.append(Job(backend, device, "float32", WIDTHS, as_tf32=True))
    return tuple(jobs)


def run_controls(
    plan: Plan, folder: Path, progress: Callable[[Job, str], None]
) -> tuple[Comparison, list[Control]]:
    """Record the plan's jobs; the comparison of the honest ones, and the answers."""
    problems = record_jobs(plan, folder, progress)
    found = [
        Control(f"{job.title} was recorded", not problem, problem or "recorded")
        for job, problem in problems.items()
        if problem
    ]
    made = [job for job, problem in problems.items() if not problem]
    honest = [job for job in made if not job.as_tf32]
    comparison = _compare(folder, honest)
    words = "parity holds" if comparison.ok else "parity does not hold; see the report"
    found.append(Control("the honest recordings agree", comparison.ok, words))
    for job in made:
        if job.again:
            found += _repeated(folder, job, honest)
        if job.as_tf32:
            base = [j for j in honest if j.device == "cpu" and not j.again]
            found.append(_seen(folder, job, base))
    return comparison, found


def _compare(folder: Path, jobs: Sequence[Job]) -> Comparison:
    return compare([open_recording(folder / job.file) for job in jobs])


def _repeated(folder: Path, job: Job, honest: Sequence[Job]) -> list[Control]:
    """Whether two recordings of the same hold the same bytes in every tensor."""
    again = open_recording(folder / job.file)
    found = []
    for other in honest:
        alike = (job.backend, job.device, job.dtype) == (other.backend, other.device, other.dtype)
        if not alike or other.again:
            continue
        first = open_recording(folder / other.file)
        differing = sum(
            again.file.get_tensor(key).tobytes() != first.file.get_tensor(key).tobytes()
            for key in first.keys & again.keys
        ) + len(first.keys ^ again.keys)
        words = f"{differing} of {len(first.keys)} tensors differ" if differing else "equal"
        name = f"{other.title} twice is equal in every byte"
        found.append(Control(name, not differing, words))
    return found


def _seen(folder: Path, job: Job, base: Sequence[Job]) -> Control:
    """Whether a recording that rounds as TF32 does turns the comparison red."""
    results = _compare(folder, [*base, job]).results
    place, names = (job.backend, job.device, job.dtype), ("", Path(job.file).stem)
    ours = [r for r in results if r.run.file in names and place == (r.backend, r.device, r.dtype)]
    measured = [r for r in ours if r.error is not None]
    red = sum(not r.ok for r in measured)
    words = f"{red} of {len(measured)} comparisons fail"
    return Control(f"{job.title} turns the comparison red", red > 0, words)
