"""How much JAX's compiler does for a recording: most of what it costs, where few steps run."""

from collections.abc import Iterable

from common.backends import FULL, LEAST, LESS

# XLA's float64 convolutions are plain loops: unoptimised, on these images, they cost more time
# than optimising them.
LONG_IN_DOUBLE = {"lsgan_jittor", "lsgan_pytorch", "wgan"}
# At full width these show what XLA makes by itself. The others would take five to ten times as
# long to compile: three minutes more for numbers that hold either way.
AS_XLA_WOULD = {"lsgan_keras", "gan_moments", "wgan_gp", "wgan_gp_toy", "lsgan_mlp", "dcgan_mnist"}


def effort_for(
    systems: Iterable[str], *, backend: str, device: str, dtype: str, is_full: bool
) -> str:
    """XLA's effort for recordings of these systems, at full width or reduced ones."""
    if backend != "jax" or device != "cpu":
        return FULL
    if is_full:
        return FULL if AS_XLA_WOULD.intersection(systems) else LEAST
    return LESS if dtype == "float64" and LONG_IN_DOUBLE.intersection(systems) else LEAST
