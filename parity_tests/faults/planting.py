"""What a planted fault is, and the recordings with which it is compared."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from common.backends import load
from common.parity.cases import Case, cases
from common.parity.compare import compare
from common.parity.record import save_recording
from common.parity.recording_file import Recording, open_recording
from common.parity.results import Comparison
from common.streams.step_inputs import StepInputs
from common.systems import options as system_options

Plant = Callable[[pytest.MonkeyPatch], None]
# The backends without a fault, for each that has one: the two that record a case the fastest.
REFERENCES = {
    "torch": ("jittor", "tf"),
    "tf": ("torch", "jittor"),
    "jax": ("torch", "jittor"),
    "jittor": ("torch", "tf"),
}


@dataclass(frozen=True)
class Fault:
    """One mistake in one port, the case that must show it, and the phase that it belongs to."""

    name: str
    backend: str
    case: str  # the label of a reduced case, with its loss after a slash if it is not the first
    phase: str  # one of common.parity.timeline
    plant: Plant
    quantity: str = ""  # the quantity that must show it first, where the fault is made for one
    layer: str = ""  # the layer that must show it first: its own, or the first behind it

    def __str__(self) -> str:
        return f"{self.backend}, {self.name}"


def part(backend: str, name: str) -> ModuleType:
    """A module of a port, as in "layers" or "models.dcgan_mnist"."""
    return import_module(f"{backend}_impl.{name}")


def change(patch: pytest.MonkeyPatch, owner: Any, name: str, to: Callable[[Any], Any]) -> None:
    """Put `to(what was there)` in the place of an attribute."""
    patch.setattr(owner, name, to(getattr(owner, name)))


def with_options(patch: pytest.MonkeyPatch, backend: str, builder: str, **options: Any) -> None:
    """Let build_losses, build_penalty or build_optimiser read other options of the system."""
    gan = part(backend, "gan")
    build = getattr(gan, builder)
    patch.setattr(
        gan,
        builder,
        lambda system, *others: build(system_options.with_options(system, options), *others),
    )


def with_losses(
    patch: pytest.MonkeyPatch, backend: str, to: Callable[[Any, Any], tuple[Any, Any]]
) -> None:
    """Put `to(generator's loss, discriminator's loss)` in the place of both losses."""
    change(patch, part(backend, "gan"), "build_losses", lambda build: lambda s: to(*build(s)))


def with_penalty(patch: pytest.MonkeyPatch, backend: str, to: Callable[[Any], Any]) -> None:
    """Put `to(the penalty)` in the place of the gradient penalty."""
    change(patch, part(backend, "gan"), "build_penalty", lambda build: lambda s: to(build(s)))


def with_arrays(
    patch: pytest.MonkeyPatch, backend: str, to: Callable[[StepInputs], StepInputs]
) -> None:
    """Give every training step other inputs than were drawn for it."""
    change(
        patch,
        part(backend, "schedule"),
        "training_step",
        lambda step: lambda gan, arrays: step(gan, to(arrays)),
    )


def find_case(label: str) -> Case:
    """The reduced case of that label."""
    matching = [c for c in cases() if label in (c.label, f"{c.label}/{c.system.loss.name}")]
    return matching[0]


class Judge:
    """Compares one backend, as it is at the moment, with two that have no fault."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._references: dict[tuple[str, str], Recording] = {}

    def judge(self, backend: str, case: Case) -> Comparison:
        """The comparison of a new recording with those of the references."""
        references = [self.reference(name, case) for name in REFERENCES[backend]]
        return compare([*references, self.record(backend, case, "faulty")])

    def reference(self, backend: str, case: Case) -> Recording:
        """A backend's recording of a case, made once; nothing may be planted in that backend."""
        if (backend, case.name) not in self._references:
            name = f"reference-{len(self._references)}"
            self._references[backend, case.name] = self.record(backend, case, name)
        return self._references[backend, case.name]

    def record(self, backend: str, case: Case, name: str) -> Recording:
        """What a backend records of a case now."""
        if backend == "jax":
            # A compiled function would stay as it was before the fault was planted.
            import_module("jax").clear_caches()
        loaded = load(backend, device="cpu", dtype="float64", exact=True)
        path = self.folder / f"{name}.safetensors"
        save_recording(path, loaded, [case], device="cpu", dtype="float64", seed=0)
        return open_recording(path)
