"""Which recordings are needed to judge some backends."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from common.backends import BACKENDS, DISTRIBUTIONS
from common.backends.launching import BY_PROCESS
from common.parity.cases import DEVICES

# Two of each are enough: by the speed of float64 convolutions, and of running the same case again.
REFERENCE_ORDER = ("torch", "tf", "jax", "jittor")
PERTURBED_ORDER = ("torch", "jittor", "jax", "tf")
FULL = ("full",)
REDUCED = ("reduced",)


@dataclass(frozen=True)
class Interpreter:
    """A Python that records, with the versions of the packages in its environment."""

    name: str  # of the environment
    python: str  # the executable
    packages: tuple[tuple[str, str], ...]

    def version_of(self, backend: str) -> str:
        """The main version of a backend, "" if it is not installed there."""
        versions = dict(self.packages)
        return next((versions[d] for d in DISTRIBUTIONS[backend] if d in versions), "")


@dataclass(frozen=True)
class Job:
    """What one backend is to record of every system: a column of the table."""

    backend: str
    device: str
    dtype: str
    kinds: tuple[str, ...]
    perturbed: bool = False
    systems: tuple[str, ...] = ()  # fewer than the plan's, if any are named
    as_tf32: bool = False  # wrong on purpose
    again: bool = False  # the same once more
    by: Interpreter | None = None  # who records, if not the Python that runs this
    devices: int = 1  # that share each batch
    processes: int = 1  # that these devices belong to

    @property
    def label(self) -> str:
        """What tells its recordings from others of the same backend: environment or devices."""
        if self.devices == 1:
            return self.by.name if self.by else ""
        return f"{self.processes} processes" if self.processes > 1 else f"{self.devices} devices"

    @property
    def title(self) -> str:
        """Backend, device, type and kinds of cases in words."""
        words = f"{self.backend} {self.device} {self.dtype} ({' + '.join(self.kinds)})"
        words += f" in {self.label}" if self.label else ""
        return words + (", as TF32" if self.as_tf32 else "") + (", again" if self.again else "")

    @property
    def name(self) -> str:
        """How the files of its recordings begin: two that hold different things differ in it."""
        parts = [self.label.replace(" ", "-")] if self.label else []
        parts += [self.backend, self.device, self.dtype, *self.kinds]
        parts += [name for name in ("perturbed", "as_tf32", "again") if getattr(self, name)]
        return "-".join(parts)


def matrix_jobs(
    held: Mapping[Interpreter, Sequence[str]],
    fewer: Mapping[tuple[str, str], Sequence[str]],
    wanted: Sequence[str],
) -> tuple[Job, ...]:
    """The reduced cases on the CPU, in both types, in the backends that each interpreter has.

    All are judged together: by one float64 reference, and by the noise of two backends, each
    measured in the first environment that has it. `fewer` names the systems of a backend in an
    environment that does not record all of the `wanted` ones.
    """
    by_backend = [(name, by) for name in BACKENDS for by, has in held.items() if name in has]
    firsts = dict(reversed(by_backend))
    perturbed = [name for name in PERTURBED_ORDER if name in firsts][:2]
    jobs = []
    for backend, by in by_backend:
        limit = fewer.get((by.name, backend), wanted)
        systems = tuple(name for name in wanted if name in limit)
        noisy = backend in perturbed and by == firsts[backend]
        for dtype in ("float64", "float32") if systems else ():
            is_perturbed = noisy and dtype == "float32"
            jobs.append(Job(backend, "cpu", dtype, REDUCED, is_perturbed, systems, by=by))
    return tuple(jobs)


def plan_jobs(
    backends: Sequence[str], device: str, dtypes: Sequence[str], kinds: Sequence[str]
) -> tuple[Job, ...]:
    """The recordings that are needed to judge these backends.

    Whatever is judged, on any device, is judged by float64 runs on the CPU, and in float32 also
    by float32 runs there, two of them perturbed. Full width is judged in float32 only, by the
    float64 runs of two backends.
    """
    narrow = tuple(kind for kind in kinds if kind != "full")
    parts = [part for part in (narrow, FULL if "full" in kinds else ()) if part]
    jobs = (job for part in parts for job in _jobs(backends, device, dtypes, part))
    return tuple(dict.fromkeys(jobs))


def devices_jobs(backends: Sequence[str], device: str, devices: int) -> tuple[Job, ...]:
    """Each backend on one device and on several, in every way in which its engine can share.

    TensorFlow and JAX have all devices of a host in one process, and a process for each host; on
    a CPU, two processes of one host stand for two hosts.
    """
    jobs: list[Job] = []
    for backend in backends:
        single = Job(backend, "cpu", "float64", (DEVICES,))
        jobs += dict.fromkeys((single, replace(single, device=device)))
        shared = replace(jobs[-1], devices=devices)
        if backend not in BY_PROCESS:
            jobs.append(shared)
        if backend in BY_PROCESS or device == "cpu":
            jobs.append(replace(shared, processes=devices))
    return tuple(jobs)


def _jobs(
    backends: Sequence[str], device: str, dtypes: Sequence[str], kinds: tuple[str, ...]
) -> Iterator[Job]:
    """The recordings of one part of the kinds."""
    references, perturbed = (
        [name for name in order if name in backends][:2]
        for order in (REFERENCE_ORDER, PERTURBED_ORDER)
    )
    single = "float32" in dtypes
    for backend in backends:
        if kinds != FULL or (single and backend in references):
            yield Job(backend, "cpu", "float64", kinds)
        if single and (device == "cpu" or backend in perturbed):
            yield Job(backend, "cpu", "float32", kinds, backend in perturbed)
        if device != "cpu" and single:
            yield Job(backend, device, "float32", kinds)
        if device != "cpu" and "float64" in dtypes and kinds != FULL:
            yield Job(backend, device, "float64", kinds)
