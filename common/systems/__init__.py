"""The systems: every hyper-parameter of each GAN written out, with its source."""

from common import unknown
from common.systems import least_squares, spectral, vanilla, wasserstein
from common.systems.system import System

__all__ = ["SYSTEMS", "System", "find_system"]

SYSTEMS: dict[str, System] = {
    system.name: system
    for system in (
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
}


def find_system(name: str) -> System:
    """The system of that name.

    Raises:
        UsageError: there is none; the message lists the known ones.
    """
    if name not in SYSTEMS:
        raise unknown("system", name, SYSTEMS)
    return SYSTEMS[name]
