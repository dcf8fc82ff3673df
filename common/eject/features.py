"""What a system has, as the marks of the glue name it."""

from collections.abc import Iterator

from common.contract import contract
from common.systems import System


def features(system: System) -> Iterator[str]:
    """What the marks of the glue ask for."""
    tensors = contract(system)
    yield from (system.initialiser, f"noise_{system.noise}")
    images = len(system.sample_shape) == 3
    yield "images" if images else "numbers" if system.sample_shape == (1,) else "points"
    kinds = {parameter.kind for parameter in tensors}
    flags = {
        "unit": system.networks.pixel_range == "unit",
        "norms": "running_mean" in kinds,
        "linear": "linear" in kinds,
        "biases": "bias" in kinds,
        "biases_or_linear": bool(kinds & {"bias", "linear"}),
        "masks": bool(system.networks.masks),
    }
    yield from (name for name, is_on in flags.items() if is_on)
