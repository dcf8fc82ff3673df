"""The controls that show that a comparison on some device can fail, and is repeatable."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from common.parity.compare import compare
from common.parity.jobs import PERTURBED_ORDER, Job
from common.parity.parity import Watcher, record_tasks
from common.parity.recording_file import Recording, open_recording
from common.parity.results import Comparison
from common.parity.tasks import Plan, Task

SYSTEMS = ("lsgan_mlp", "sngan", "dcgan_mnist")
KINDS = ("reduced",)


@dataclass(frozen=True)
class Control:
    """One check, and whether it gave the required answer."""

    name: str
    passed: bool
    words: str


def control_jobs(backends: Sequence[str], device: str) -> tuple[Job, ...]:
    """What the controls record: references and yardsticks on the CPU, and three runs on the device.

    Those are a correct one, the same again, and one that computes as TF32 does.
    """
    perturbed = [name for name in PERTURBED_ORDER if name in backends][:2]
    jobs = []
    for backend in backends:
        jobs.append(Job(backend, "cpu", "float64", KINDS))
        if backend in perturbed:
            jobs.append(Job(backend, "cpu", "float32", KINDS, perturbed=True))
        if device != "cpu" or backend not in perturbed:
            jobs.append(Job(backend, device, "float32", KINDS))
        jobs.append(Job(backend, device, "float32", KINDS, again=True))
        jobs.append(Job(backend, device, "float32", KINDS, as_tf32=True))
    return tuple(jobs)


def run_controls(
    plan: Plan, folder: Path, watcher: Watcher | None = None
) -> tuple[Comparison, list[Control]]:
    """Record the plan's jobs; the comparison of the correct ones, and the answers."""
    problems = record_tasks(plan, folder, watcher)
    controls = [
        Control(f"{task.job.title} was recorded", False, f"{task.system}: {problem}")
        for task, problem in problems.items()
        if problem
    ]
    lacking = {task.job for task, problem in problems.items() if problem}
    made = [job for job in plan.jobs if job not in lacking]
    files = Files(folder, plan.systems)
    correct = [job for job in made if not job.as_tf32]
    comparison = files.compare(correct)
    words = "parity holds" if comparison.ok else "parity does not hold; see the report"
    controls.append(Control("the correct recordings agree", comparison.ok, words))
    for job in made:
        if job.again:
            controls += _repeated(files, job, correct)
        if job.as_tf32:
            base = [j for j in correct if j.device == "cpu" and not j.again]
            controls.append(_seen(files, job, base))
    return comparison, controls


@dataclass(frozen=True)
class Files:
    """The recordings of each system that were made."""

    folder: Path
    systems: tuple[str, ...]

    def open(self, job: Job) -> list[Recording]:
        """What a job recorded, a file for each system."""
        return [open_recording(self.folder / Task(job, name).file) for name in self.systems]

    def compare(self, jobs: Sequence[Job]) -> Comparison:
        """Each system of some jobs compared."""
        comparison = Comparison()
        for name in self.systems:
            tasks = [Task(job, name) for job in jobs]
            comparison.add(compare([open_recording(self.folder / task.file) for task in tasks]))
        return comparison


def _repeated(files: Files, job: Job, correct: Sequence[Job]) -> list[Control]:
    """Whether two recordings of the same hold the same bytes in every tensor."""
    controls = []
    for other in correct:
        alike = (job.backend, job.device, job.dtype) == (other.backend, other.device, other.dtype)
        if not alike or other.again:
            continue
        pairs = list(zip(files.open(job), files.open(other), strict=True))
        differing = sum(_differing(*pair) for pair in pairs)
        count = sum(len(first.keys) for _, first in pairs)
        words = f"{differing} of {count} tensors differ" if differing else "equal"
        name = f"{other.title} twice is equal in every byte"
        controls.append(Control(name, not differing, words))
    return controls


def _differing(again: Recording, first: Recording) -> int:
    """How many tensors of two recordings are not the same bytes."""
    both = first.keys & again.keys
    pairs = ((again.file.get_tensor(key), first.file.get_tensor(key)) for key in both)
    differing: int = sum(one.tobytes() != other.tobytes() for one, other in pairs)
    return differing + len(first.keys ^ again.keys)


def _seen(files: Files, job: Job, base: Sequence[Job]) -> Control:
    """Whether a recording that rounds as TF32 does turns the comparison red."""
    place = job.backend, job.device, job.dtype
    # Where a correct run of the same kind is compared too, the file tells them apart.
    ours = [
        r
        for r in files.compare([*base, job]).results
        if place == (r.backend, r.device, r.dtype) and (not r.file or r.file.startswith(job.name))
    ]
    measured = [r for r in ours if r.error is not None]
    red = sum(not r.ok for r in measured)
    words = f"{red} of {len(measured)} comparisons fail"
    return Control(f"{job.title} turns the comparison red", red > 0, words)
