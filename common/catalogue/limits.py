"""What each option of a row may be, and which options go together."""

from collections.abc import Iterable, Mapping

from common.catalogue.system import System
from common.errors import UsageError

CHOICES = {
    "normalization": ("batch", "none"),
    "spectral_norm": ("constant", "differentiable"),
    "pixel_range": ("symmetric", "unit"),
    "initialiser": ("uniform_fan_in", "dcgan", "glorot_uniform", "normal"),
    "noise": ("normal", "uniform", "uniform_symmetric"),
    "noise_reuse": ("fresh", "same", "fake"),
    "order": ("discriminator_first", "generator_first"),
    "loss": ("vanilla", "least_squares", "wasserstein", "wasserstein_gp", "hinge"),
    "optimiser": ("adam", "keras_adam", "rmsprop", "sgd"),
}
ALTERNATIVES = {"wgan": ("dcgan", "mlp")}  # architectures that a row may be set to
MULTIPLES = {  # of what the image size is a multiple, and where it starts
    "lsgan_mlp": (1, 1),
    "mlp": (1, 1),
    "dcgan_mnist": (4, 16),
    "lsgan_jittor": (16, 16),
    "lsgan_keras": (4, 4),
    "lsgan_pytorch": (16, 16),
    "sngan_resnet": (32, 32),
}
FIXED = {"wgan_gp": 28, "sngan": 32}  # image sizes that the architecture allows alone
PYRAMIDS = {"dcgan": 16, "facade": 16}  # powers of two from here
FRACTIONS = ("beta1", "beta2", "decay", "momentum", "dropout")
NOT_NEGATIVE = ("learning_rate", "penalty_weight", "weight_clip")
_LABELS = ("real_label", "fake_label", "gen_label", "discriminator_factor", "generator_factor")
READERS = {  # the losses or optimisers that read an option; the others would ignore it
    **dict.fromkeys(_LABELS, ("loss", ("least_squares",))),
    "wasserstein_sign": ("loss", ("wasserstein", "wasserstein_gp")),
    "weight_clip": ("loss", ("wasserstein",)),
    "penalty_weight": ("loss", ("wasserstein_gp",)),
    **dict.fromkeys(("beta1", "beta2"), ("optimiser", ("adam", "keras_adam"))),
    "epsilon": ("optimiser", ("adam", "keras_adam", "rmsprop")),
    "decay": ("optimiser", ("rmsprop",)),
    "momentum": ("optimiser", ("sgd",)),
}


def check(system: System, options: Mapping[str, int | float | str]) -> None:
    """Go through every option of the row.

    Raises:
        UsageError: names the option, its value and what it may be.
    """
    for key, value in options.items():
        if isinstance(value, int) and value < 1:
            raise UsageError(f"{key}={value}: must be at least 1")
        if key in FRACTIONS and not 0 <= float(value) < 1:
            raise UsageError(f"{key}={value}: must be in [0, 1)")
        if key in NOT_NEGATIVE and float(value) < 0:
            raise UsageError(f"{key}={value}: must not be negative")
        if key in CHOICES and value not in CHOICES[key]:
            raise UsageError(f"{key}={value}: choose one of: {', '.join(CHOICES[key])}")
    if system.epsilon <= 0:
        raise UsageError(f"epsilon={system.epsilon}: must be positive")
    if abs(system.wasserstein_sign) != 1:
        raise UsageError(f"wasserstein_sign={system.wasserstein_sign}: must be 1 or -1")
    _check_architecture(system)
    _check_image_size(system)
    _check_pairs(system)


def is_read(system: System, key: str) -> bool:
    """Whether a run of the row depends on that option: some are read by a few losses only."""
    if key not in READERS:
        return True
    reader, fitting = READERS[key]
    return getattr(system, reader) in fitting


def check_read(system: System, changed: Iterable[str]) -> None:
    """Go through the options that somebody changed: each must change something.

    Raises:
        UsageError: names an option that the row's loss or optimiser does not read.
    """
    for key in changed:
        if not is_read(system, key):
            reader, fitting = READERS[key]
            raise UsageError(
                f"{key}: {reader}={getattr(system, reader)} does not read it; leave it out, or set "
                f"{reader}={' or '.join(fitting)}"
            )


def _check_architecture(system: System) -> None:
    own = ALTERNATIVES.get(system.name)
    if own and system.architecture not in own:
        raise UsageError(f"architecture={system.architecture}: choose one of: {', '.join(own)}")
    if system.architecture == "mlp" and system.normalization == "none":
        raise UsageError("normalization=none: architecture=mlp has no norm to leave out")


def _check_image_size(system: System) -> None:
    size, kind = system.image_size, system.architecture
    if size is None:
        return
    if kind in FIXED:
        fits, words = size == FIXED[kind], f"only {FIXED[kind]}"
    elif kind in PYRAMIDS:
        fits = size >= PYRAMIDS[kind] and not size & (size - 1)
        words = f"a power of two from {PYRAMIDS[kind]}"
    else:
        multiple, least = MULTIPLES[kind]
        fits, words = size >= least and not size % multiple, f"a multiple of {multiple}"
        words += f" from {least}"
    if not fits:
        raise UsageError(f"image_size={size}: {system.name} takes {words}")


def _check_pairs(system: System) -> None:
    shared = system.noise_reuse == "fake"
    if system.order == "generator_first" and system.architecture != "lsgan_keras":
        raise UsageError("order=generator_first: only lsgan_keras has it")
    if system.architecture == "lsgan_keras" and (
        system.order != "generator_first" or not shared or system.loss == "wasserstein_gp"
    ):
        raise UsageError(
            "lsgan_keras goes with order=generator_first and noise_reuse=fake, and with every "
            "loss but wasserstein_gp: its discriminator sees one mixed batch"
        )
    if system.loss == "wasserstein_gp":
        if system.architecture == "gan_moments":
            raise UsageError(
                "loss=wasserstein_gp: gan_moments gives one score a minibatch, and the penalty "
                "needs one a sample; choose another loss"
            )
        if system.dropout is not None:
            raise UsageError(
                f"loss=wasserstein_gp: {system.name} drops units, and the penalty would see "
                "other ones than the scores; choose another loss"
            )
        if shared:
            raise UsageError("loss=wasserstein_gp needs its own fakes: add --set noise_reuse=fresh")
    if shared and (system.discriminator_steps, system.generator_steps) != (1, 1):
        raise UsageError(
            "noise_reuse=fake: one discriminator step and one generator step share the fakes; "
            "add --set noise_reuse=fresh"
        )
    warm = (system.warm_discriminator_steps, system.warm_steps, system.warm_every)
    if shared and all(value is not None for value in warm):
        raise UsageError(f"noise_reuse=fake: {system.name} has a warm-up; use fresh or same")
