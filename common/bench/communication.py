"""What the devices that share a batch tell each other in one step, counted from the contract."""

from dataclasses import dataclass
from math import prod

from common.contract import network_contract
from common.systems import System
from common.systems.losses import WassersteinGP
from common.systems.schedules import MixedBatch, SharedFakes

FLOAT32 = 4  # bytes


@dataclass(frozen=True)
class Link:
    """What connects devices: bytes a second in each direction, and seconds until the first."""

    name: str
    bandwidth: float
    latency: float


# Assumptions, not measurements.
CARDS = Link("8 cards of one host, 300 GB/s each", 300e9, 10e-6)
HOSTS = Link("16 hosts, 25 GB/s each", 25e9, 30e-6)


@dataclass(frozen=True)
class Communication:
    """Sums over all devices in one step: the bytes of their arrays, and how many there are."""

    gradients: int
    statistics: int
    sums: int

    def seconds(self, devices: int, link: Link) -> float:
        """The time of ring all-reduces one after the other, with nothing computed meanwhile."""
        share = 2 * (devices - 1) / devices
        rounds = 2 * (devices - 1) * self.sums
        return share * (self.gradients + self.statistics) / link.bandwidth + rounds * link.latency


def communication(system: System, step: int = 2) -> Communication:
    """The sums of one step of the system's own schedule: gradients, and statistics of the batch.

    Every update sums the gradients of one network, in one piece. Every batch norm sums two
    vectors in a forward pass and two in a backward pass.
    """
    schedule = system.schedule
    updates = {
        "discriminator": schedule.discriminator_steps_at(step),
        "generator": schedule.generator_steps,
    }
    gradients = sum(count * FLOAT32 * _parameters(system, name) for name, count in updates.items())
    vectors = sum(_passes(system, step)[name] * norms for name, norms in _norms(system).items())
    channels = sum(_passes(system, step)[name] * size for name, size in _channels(system).items())
    return Communication(gradients, 2 * FLOAT32 * channels, sum(updates.values()) + 2 * vectors)


def _passes(system: System, step: int) -> dict[str, int]:
    """How often each network runs in training mode in one step, forwards and backwards together."""
    critic = system.schedule.discriminator_steps_at(step)
    generator = system.schedule.generator_steps
    match system.schedule:
        case SharedFakes():
            return {"generator": 2, "discriminator": 6}
        case MixedBatch():
            return {"generator": 2, "discriminator": 2}
    # Fakes for the critic need no backward pass; a penalty runs forwards, back, and back again.
    penalty = 4 if isinstance(system.loss, WassersteinGP) else 0
    return {
        "generator": critic + 2 * generator,
        "discriminator": critic * (4 + penalty) + 2 * generator,
    }


def _parameters(system: System, name: str) -> int:
    return sum(prod(p.shape) for p in network_contract(system, name) if p.trainable)


def _norms(system: System) -> dict[str, int]:
    return {name: len(_statistics(system, name)) for name in ("generator", "discriminator")}


def _channels(system: System) -> dict[str, int]:
    return {name: sum(_statistics(system, name)) for name in ("generator", "discriminator")}


def _statistics(system: System, name: str) -> list[int]:
    return [p.shape[0] for p in network_contract(system, name) if p.kind == "running_mean"]
