"""What parity runs: every system reduced in width with each of its losses, and at full width."""

from collections.abc import Sequence
from dataclasses import dataclass

from common.catalogue import SYSTEMS, System, find_system
from common.settings import apply_settings

REDUCED = {
    "lsgan_mlp": ("latent_dim=12", "generator_features=32", "discriminator_features=24"),
    "dcgan_mnist": ("latent_dim=12", "base_channels=4", "dense_features=24"),
    "lsgan_jittor": ("latent_dim=16", "base_channels=4"),
}
EXTRA_LOSSES = {"dcgan_mnist": ("least_squares",)}
STEPS = {"reduced": 5, "full": 1, "custom": 5}
BATCH_SIZE = 4


@dataclass(frozen=True)
class Case:
    """One system with one loss at one width.

    Reduced cases shrink the widths only: depth, kernels, strides and image size are the row's.
    """

    system: System
    width: str  # "reduced", "full" or "custom"
    settings: tuple[str, ...]

    @property
    def name(self) -> str:
        """The system, its loss and the width: "dcgan_mnist/vanilla/reduced"."""
        return f"{self.system.name}/{self.system.loss}/{self.width}"

    @property
    def steps(self) -> int:
        """How many whole steps the case runs."""
        return STEPS[self.width]


def cases(
    names: Sequence[str] = (), widths: Sequence[str] = ("reduced",), settings: Sequence[str] = ()
) -> list[Case]:
    """The cases of the named systems (all, if none is named).

    With `settings`, each named system runs once, as set, and `widths` plays no part.

    Raises:
        UsageError: an unknown system or a bad setting.
    """
    systems = [find_system(name) for name in (names or SYSTEMS)]
    if settings:
        return [_case(system, "custom", tuple(settings)) for system in systems]
    return [
        _case(system, width, (*(REDUCED[system.name] if width == "reduced" else ()), *loss))
        for width in widths
        for system in systems
        for loss in _losses(system.name, width)
    ]


def _losses(name: str, width: str) -> list[tuple[str, ...]]:
    """The settings of each loss to run: at full width, where layers are the point, the row's."""
    extra = EXTRA_LOSSES.get(name, ()) if width == "reduced" else ()
    return [(), *((f"loss={loss}",) for loss in extra)]


def _case(system: System, width: str, settings: tuple[str, ...]) -> Case:
    return Case(apply_settings(system, settings), width, settings)
