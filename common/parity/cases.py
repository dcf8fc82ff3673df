"""What parity runs: every system reduced in width with each of its losses, and at full width."""

from collections.abc import Sequence
from dataclasses import dataclass

from common import UsageError, unknown
from common.systems import SYSTEMS, System, find_system
from common.systems.options import apply_settings

Settings = tuple[str, ...]

# Widths alone are reduced: depth, kernels, strides and image size are the system's.
REDUCED: dict[str, Settings] = {
    "lsgan_jittor": ("latent_dim=16", "base_channels=4"),
    "lsgan_keras": ("latent_dim=12", "base_channels=4"),
    "lsgan_pytorch": ("latent_dim=12", "base_channels=4"),
    "lsgan_facade": ("latent_dim=12", "base_channels=4"),
    "dcgan_facade": ("latent_dim=12", "base_channels=4"),
    "gan_moments": (),
    "wgan": ("latent_dim=12", "base_channels=4"),
    "wgan_gp": ("latent_dim=12", "base_channels=4"),
    "wgan_gp_toy": ("generator_features=32", "discriminator_features=32"),
    "sngan": ("latent_dim=12", "base_channels=4"),
    "sngan_resnet": ("latent_dim=12", "base_channels=2"),
    "lsgan_mlp": ("latent_dim=12", "generator_features=32", "discriminator_features=24"),
    "dcgan_mnist": ("latent_dim=12", "base_channels=4", "dense_features=24"),
}
# Long inner loops are cut to two updates, except in the cycles, which run them in full.
SHORT: dict[str, Settings] = {
    "gan_moments": ("discriminator_steps=2", "generator_steps=2"),
    "wgan": ("discriminator_steps=2", "warm_discriminator_steps=3", "warm_steps=1"),
    "wgan_gp": ("discriminator_steps=2",),
    "wgan_gp_toy": ("discriminator_steps=2",),
}
VARIANTS: dict[str, dict[str, Settings]] = {
    # Hinge is not run on sngan itself: its gradients of real and fake cancel in conv7 to the 1e-12
    # that the norms add to their lengths, and Adam blows the rounding of that up to 3e-11.
    "dcgan_mnist": {"": ("loss=least_squares",), "hinge": ("loss=hinge",)},
    "wgan": {
        "no_norm": ("normalization=none",),
        "mlp": ("architecture=mlp", "base_channels=32"),  # of four ReLU units all may be dead
        # The penalty of a critic with batch norm: second derivatives through its statistics.
        "penalty": ("loss=wasserstein_gp", "wasserstein_sign=1"),
    },
    "sngan": {
        "differentiable": ("spectral_norm=differentiable",),
    },
}
CYCLES = ("wgan", "gan_moments")
TRAJECTORIES = ("wgan_gp_toy", "gan_moments")
KINDS = ("reduced", "cycle", "trajectory", "full")
# Run on one and on several devices, which share each batch; not among the kinds that a user names.
DEVICES = "devices"
STEPS = {"reduced": 5, "cycle": 1, "trajectory": 100, "full": 1, "custom": 5, DEVICES: 5}
TRAJECTORY_STEPS = (1, 2, 5, 10, 20, 50, 100)
# Dividing by a power of two is exact in every type, by 5 and 15 it is not: the narrow cases would
# not see a share 1/N that is rounded to float32 if all batches were of 4 and 16.
BATCH_SIZE, ODD_BATCH_SIZE = 4, 5
# For points and numbers; and for dcgan_mnist, whose generator has its ReLU in front of the batch
# norm: over five samples some unit is hardly ever active, and its norm divides by next to nothing.
LARGER = {4: 16, 5: 15, 12: 24}
# Two, three, four and six devices can share it; shares of two devices are no powers of two.
SHARED_BATCH_SIZE = 12
LARGER_BATCHES = ("gan_moments", "wgan_gp_toy", "dcgan_mnist")
VARIED = ("reduced", "custom", DEVICES)


@dataclass(frozen=True)
class Case:
    """One system with one loss, and what is run of it.

    `kind` is "reduced"; "cycle": reduced, one step of the system's own schedule; "trajectory":
    reduced, a hundred steps; "full"; "custom", as `--set` says; or "devices": reduced, with batches
    that several devices can share.
    """

    system: System
    kind: str
    settings: Settings
    variant: str = ""

    @property
    def label(self) -> str:
        """The system and, after a dot, its variant."""
        return f"{self.system.name}.{self.variant}" if self.variant else self.system.name

    @property
    def name(self) -> str:
        """The label, the loss and the kind: "dcgan_mnist/vanilla/reduced"."""
        return f"{self.label}/{self.system.loss.name}/{self.kind}"

    @property
    def steps(self) -> int:
        """How many whole steps the case runs."""
        return STEPS[self.kind]

    @property
    def is_varied(self) -> bool:
        """Whether it starts from varied weights and takes odd batches, unlike training."""
        return self.kind in VARIED

    @property
    def batch_size(self) -> int:
        """Real samples in one update of the discriminator."""
        size = ODD_BATCH_SIZE if self.is_varied else BATCH_SIZE
        size = SHARED_BATCH_SIZE if self.kind == DEVICES else size
        return LARGER[size] if self.system.name in LARGER_BATCHES else size


def cases(
    names: Sequence[str] = (), kinds: Sequence[str] = ("reduced",), settings: Sequence[str] = ()
) -> list[Case]:
    """The cases of the named systems (all, if none is named).

    With `settings`, each named system runs once, as set, and `kinds` is ignored.

    Raises:
        UsageError: an unknown system or a bad setting.
    """
    systems = [find_system(name) for name in (names or SYSTEMS)]
    if settings:
        return [_case(system, "custom", tuple(settings)) for system in systems]
    return [case for kind in kinds for system in systems for case in _of_kind(system, kind)]


def check_kinds(kinds: Sequence[str]) -> tuple[str, ...]:
    """The kinds of cases themselves; all there are, if none is named.

    Raises:
        UsageError: there is no such kind.
    """
    for kind in kinds:
        if kind not in KINDS:
            raise unknown("kind of case", kind, KINDS)
    return tuple(kinds) or KINDS


def check_sharing(devices: int) -> int:
    """The number of devices itself.

    Raises:
        UsageError: they cannot share the cases' batches equally.
    """
    if SHARED_BATCH_SIZE % devices:
        raise UsageError(
            f"--devices {devices}: cannot share batches of {SHARED_BATCH_SIZE} and "
            f"{LARGER[SHARED_BATCH_SIZE]} equally; use 2, 3, 4, 6 or 12"
        )
    return devices


def _of_kind(system: System, kind: str) -> list[Case]:
    reduced, short = REDUCED[system.name], SHORT.get(system.name, ())
    match kind:
        case "full":
            return [_case(system, kind, short)]
        case "cycle":
            return [_case(system, kind, reduced)] if system.name in CYCLES else []
        case "trajectory":
            # The schedule is part of a trajectory, but a hundred cycles of forty updates are not.
            own = short if system.name == "gan_moments" else ()
            chosen = system.name in TRAJECTORIES
            return [_case(system, kind, (*reduced, *own))] if chosen else []
    settings = (*reduced, *short)
    variants = VARIANTS.get(system.name, {}).items()
    return [_case(system, kind, settings)] + [
        _case(system, kind, (*settings, *changes), variant) for variant, changes in variants
    ]


def _case(system: System, kind: str, settings: Settings, variant: str = "") -> Case:
    return Case(apply_settings(system, settings), kind, settings, variant)
