"""One backend on one case: its networks, its arrays, and what can be read between steps."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from common.backends import Backend
from common.bounds import PERTURBATION
from common.comparison.cases import Case
from common.comparison.starting import starting_state
from common.contract import network_contract
from common.rounds import Round, draw_round
from common.stand_ins import stand_in
from common.streams import Array, Streams, generator_at
from common.tensors import Tensors

NETWORKS = ("generator", "discriminator")
Found = Iterator[tuple[str, Array]]
METRICS = {"loss_d": "discriminator", "loss_g": "generator"}


class CaseRun:
    """Networks with the case's seeded weights, and the same arrays for every quantity.

    With `perturbation` 0 a run is the case itself; each other number is a run of its own, whose
    weights and inputs differ from the case's by a few rounding errors of float32. A `rounded` run
    is a control: weights and inputs keep the ten bits that TF32 would leave them.
    """

    def __init__(
        self,
        backend: Backend,
        case: Case,
        seed: int,
        *,
        perturbation: int = 0,
        rounded: bool = False,
    ) -> None:
        self.backend, self.case, self.system = backend, case, case.system
        self.seed, self.perturbation, self.rounded = seed, perturbation, rounded
        initial = starting_state(case, seed)
        self.state = {name: self.entering(array, name) for name, array in initial.items()}
        self.contracts = {name: network_contract(case.system, name) for name in NETWORKS}
        self.problems: dict[str, str] = {}  # by how the keys of what failed begin
        self.build()

    def build(self) -> None:
        """Networks and optimisers, with the case's weights."""
        self.gan = self.backend.gan.build(self.system, self.state)

    def round(self, step: int) -> Round:
        """What the step consumes, perturbed or rounded if the run is."""
        system, batch = self.system, self.case.batch_size

        def real(index: int) -> Array:
            return stand_in(system, self.seed, step, index, batch)

        drawn = draw_round(system, self.seed, step, batch, real)
        if not self.perturbation and not self.rounded:
            return drawn
        critic = tuple(
            replace(
                draw,
                real=self.entering(draw.real, f"real/{step}/{index}"),
                noise=self.entering(draw.noise, f"first/{step}/{index}"),
            )
            for index, draw in enumerate(drawn.discriminator)
        )
        shared = critic[-1].noise if system.noise_reuse != "fresh" else None
        generator = tuple(
            replace(draw, noise=self.entering(draw.noise, f"second/{step}/{index}"))
            if shared is None
            else replace(draw, noise=shared)
            for index, draw in enumerate(drawn.generator)
        )
        return Round(step, critic, generator)

    def grid_noise(self) -> Array:
        """The noise that samples are drawn from."""
        shape = (self.case.batch_size, self.system.latent_dim)
        noise = Streams(self.seed).noise("grid", 0, shape, self.system.noise)
        found: Array = self.entering(noise, "grid")
        return found

    def entering(self, array: Array | None, name: str) -> Any:
        """The array as it enters the backend: itself, perturbed or rounded."""
        if array is None:
            return None
        if self.perturbation:
            rng = generator_at(self.seed, "perturbation", self.perturbation, name)
            array = array * (1 + PERTURBATION * rng.standard_normal(array.shape))
        return as_tf32(array) if self.rounded else array

    def load(self, state: Mapping[str, Array]) -> None:
        """Put a canonical state into both networks."""
        for name in NETWORKS:
            self.backend.interop.load_network(getattr(self.gan, name), self.contracts[name], state)

    def read(self, *, trainable: bool) -> Tensors:
        """Both networks' parameters, or their buffers."""
        found: Tensors = {}
        for name in NETWORKS:
            chosen = [p for p in self.contracts[name] if p.trainable == trainable]
            found |= self.backend.interop.read_network(getattr(self.gan, name), chosen)
        return found

    @property
    def is_double(self) -> bool:
        """Whether the backend computes in float64."""
        return all(a.dtype == np.float64 for a in self.read(trainable=True).values())

    def probed(self) -> tuple[Any, Any, Any]:
        """Real samples and both networks' noise, of the first step, with as many rows each."""
        native, arrays = self.backend.interop.to_native, self.round(1)
        real, last = arrays.discriminator[0].real, arrays.generator[0].noise[: self.case.batch_size]
        first = arrays.discriminator[0].noise
        return native(real), native(last if first is None else first), native(last)

    def played(self, steps: Iterable[int]) -> Iterator[tuple[int, Tensors]]:
        """Each step once it is played, with its metrics."""
        canonical = self.backend.interop.to_canonical
        for step in steps:
            metrics = self.backend.rounds.play_round(self.gan, self.round(step))
            yield (
                step,
                {f"loss|{step}|{METRICS.get(k, k)}": canonical(v) for k, v in metrics.items()},
            )

    def attempted(self, begins: Sequence[str], found: Found) -> Found:
        """What is found until an exception, which is noted under each beginning of a key."""
        try:
            yield from found
        except Exception as error:
            self.problems |= dict.fromkeys(begins, words(error))

    def slots(self) -> Tensors:
        """Both optimisers' slots."""
        found: Tensors = {}
        for name in NETWORKS:
            optimiser = getattr(self.gan, f"{name}_optimiser")
            network = getattr(self.gan, name)
            read = self.backend.interop.read_slots(optimiser, network, self.contracts[name])
            found |= {key if key != "step" else f"step.{name}": v for key, v in read.items()}
        return found


def keyed(quantity: str, step: int, arrays: Mapping[str, Any]) -> Found:
    """Arrays by "quantity|step|name"."""
    return ((f"{quantity}|{step}|{name}", np.asarray(array)) for name, array in arrays.items())


def words(error: Exception) -> str:
    """An exception in one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:300]}" if text else type(error).__name__


def as_tf32(array: Array) -> Array:
    """The numbers that TF32 keeps: ten bits of mantissa, the rest cut off."""
    bits = np.asarray(array, np.float32).view(np.uint32) & np.uint32(0xFFFFE000)
    return bits.view(np.float32).astype(np.float64)
