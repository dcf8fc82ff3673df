"""What the families below share."""

from common.parameters import NetworkBuilder

GENERATOR = NetworkBuilder("generator")
DISCRIMINATOR = NetworkBuilder("discriminator")


def width(value: int | None) -> int:
    """An option that the family needs, known to be there."""
    assert value is not None, "a row of the catalogue lacks an option that its architecture needs"
    return value
