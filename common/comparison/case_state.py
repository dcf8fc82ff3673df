"""One backend on one case: its networks, its arrays, and what can be read between steps."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from common.backends import Backend
from common.bounds import SHAKE
from common.comparison.cases import Case
from common.contract import network_contract
from common.initialise import initial_state
from common.rounds import Round, draw_round
from common.stand_ins import stand_in
from common.streams import Array, generator_at
from common.tensors import Tensors

NETWORKS = ("generator", "discriminator")
METRICS = {"loss_d": "discriminator", "loss_g": "generator"}


class CaseRun:
    """Networks with the case's seeded weights, and the same arrays for every quantity."""

    def __init__(self, backend: Backend, case: Case, seed: int, shake: int) -> None:
        self.backend, self.case, self.system = backend, case, case.system
        self.seed, self.shake = seed, shake
        initial = initial_state(case.system, seed)
        self.state = {name: self.shaken(array, name) for name, array in initial.items()}
        self.contracts = {name: network_contract(case.system, name) for name in NETWORKS}
        self.gan = backend.gan.build(case.system, self.state)

    def round(self, step: int) -> Round:
        """What the step consumes, shaken if the run is."""
        system, batch = self.system, self.case.batch_size

        def real(index: int) -> Array:
            return stand_in(system, self.seed, step, index, batch)

        drawn = draw_round(system, self.seed, step, batch, real)
        if not self.shake:
            return drawn
        critic = tuple(
            replace(
                draw,
                real=self.shaken(draw.real, f"real/{step}/{index}"),
                noise=self.shaken(draw.noise, f"first/{step}/{index}"),
            )
            for index, draw in enumerate(drawn.discriminator)
        )
        shared = critic[-1].noise if system.noise_reuse != "fresh" else None
        generator = tuple(
            replace(draw, noise=self.shaken(draw.noise, f"second/{step}/{index}"))
            if shared is None
            else replace(draw, noise=shared)
            for index, draw in enumerate(drawn.generator)
        )
        return Round(step, critic, generator)

    def shaken(self, array: Array | None, name: str) -> Any:
        """The array itself, or with every element moved by about SHAKE of its size."""
        if not self.shake or array is None:
            return array
        rng = generator_at(self.seed, "shake", self.shake, name)
        return array * (1 + SHAKE * rng.standard_normal(array.shape))

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

    def probed(self) -> tuple[Any, Any, Any]:
        """Real samples and both networks' noise, of the first step, with one row a real sample."""
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

    def slots(self) -> Tensors:
        """Both optimisers' slots."""
        found: Tensors = {}
        for name in NETWORKS:
            optimiser = getattr(self.gan, f"{name}_optimiser")
            network = getattr(self.gan, name)
            read = self.backend.interop.read_slots(optimiser, network, self.contracts[name])
            found |= {key if key != "step" else f"step.{name}": v for key, v in read.items()}
        return found
