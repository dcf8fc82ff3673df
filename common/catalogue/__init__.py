"""The systems: one frozen row each, every number written out, with the source it comes from."""

from common.catalogue import least_squares, spectral, vanilla, wasserstein
from common.catalogue.system import System
from common.errors import UsageError

__all__ = ["SYSTEMS", "System", "find_system"]

ROWS = (
    least_squares.LSGAN_JITTOR,
    least_squares.LSGAN_KERAS,
    least_squares.LSGAN_PYTORCH,
    least_squares.LSGAN_FACADE,
    vanilla.DCGAN_FACADE,
    vanilla.GAN_MOMENTS,
    wasserstein.WGAN,
    wasserstein.WGAN_GP,
    wasserstein.WGAN_GP_TOY,
    spectral.SNGAN,
    spectral.SNGAN_RESNET,
    least_squares.LSGAN_MLP,
    vanilla.DCGAN_MNIST,
)
SYSTEMS: dict[str, System] = {row.name: row for row in ROWS}


def find_system(name: str) -> System:
    """The row of that name.

    Raises:
        UsageError: no row has it; the message lists those there are.
    """
    if name not in SYSTEMS:
        raise UsageError(f"unknown system {name!r}; choose one of: {', '.join(SYSTEMS)}")
    return SYSTEMS[name]
