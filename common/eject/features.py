"""What a system has, as the marks of the glue name it."""

from collections.abc import Iterator

from common.contract import contract
from common.systems import System
from common.systems.losses import WassersteinGP
from common.systems.schedules import Alternating, MixedBatch, SharedFakes


def features(backend: str, system: System) -> Iterator[str]:
    """What the marks of the glue ask for."""
    tensors = contract(system)
    yield from (system.initialiser, f"noise_{system.noise}")
    images = len(system.sample_shape) == 3
    yield "images" if images else "numbers" if system.sample_shape == (1,) else "points"
    flags = {
        "named": backend in ("torch", "jittor"),
        "unit": system.networks.pixel_range == "unit",
        "norms": any(p.kind == "running_mean" for p in tensors),
        "spectral_or_norms": any(p.kind in ("running_mean", "spectral_u") for p in tensors),
        "spectral": any(p.kind == "spectral_u" for p in tensors),
        "maps_in": any(p.maps_in for p in tensors),
        "maps_out": any(p.maps_out for p in tensors),
        "maps": any(p.maps_in or p.maps_out for p in tensors),
        "masks": bool(system.networks.masks),
        "penalty": isinstance(system.loss, WassersteinGP),
        "shared": isinstance(system.schedule, SharedFakes),
        "mixed": isinstance(system.schedule, MixedBatch),
    }
    yield from (name for name, is_on in flags.items() if is_on)
    if isinstance(system.schedule, Alternating):
        yield from ("alternating", system.schedule.noise_reuse)
        if system.schedule.warm_up is not None:
            yield "warm"
        elif (system.schedule.discriminator_steps, system.schedule.generator_steps) == (1, 1):
            yield "single"
            return
        yield "several"
