"""One backend on one case: its networks, its arrays, and what can be read between steps."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from common.backends import Backend
from common.contract import network_contract
from common.files.tensors import Tensors
from common.parity.bounds import PERTURBATION
from common.parity.cases import Case
from common.parity.keys import Key
from common.parity.starting_state import starting_state
from common.streams import Array, Streams, generator_at
from common.streams.shards import Shards
from common.streams.step_inputs import StepInputs, draw_step_inputs
from common.streams.synthetic import synthetic_batch

NETWORKS = ("generator", "discriminator")
Recorded = Iterator[tuple[Key, Array]]
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
        self.problems: dict[str, str] = {}  # by the beginning of the keys that failed
        self.build()

    def build(self) -> None:
        """Networks and optimisers, with the case's weights."""
        self.gan = self.backend.gan.build(self.system, self.state)

    def inputs(self, step: int) -> StepInputs:
        """The inputs of that step for this process's shards, perturbed or rounded if the run is."""
        system, batch = self.system, self.case.batch_size
        shards: Shards = self.backend.parallel.shards()

        def real(index: int) -> Array:
            return shards.cut(synthetic_batch(system, self.seed, step, index, batch))

        drawn = draw_step_inputs(system, self.seed, step, batch, real)
        inputs = shards.cut_inputs(system, drawn)
        if not self.perturbation and not self.rounded:
            return inputs
        critic = tuple(
            replace(
                update,
                real=self.entering(update.real, f"real/{step}/{index}"),
                noise=self.entering(update.noise, f"first/{step}/{index}"),
            )
            for index, update in enumerate(inputs.discriminator)
        )
        shared = critic[-1].noise if system.schedule.noise_reuse != "fresh" else None
        generator = tuple(
            replace(update, noise=self.entering(update.noise, f"second/{step}/{index}"))
            if shared is None
            else replace(update, noise=shared)
            for index, update in enumerate(inputs.generator)
        )
        return StepInputs(step, critic, generator)

    def grid_noise(self) -> Array:
        """The noise that samples are drawn from."""
        shape = (self.case.batch_size, self.system.latent_dim)
        noise = Streams(self.seed).noise("grid", 0, shape, self.system.noise)
        entered: Array = self.entering(noise, "grid")
        return entered

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
        tensors: Tensors = {}
        for name in NETWORKS:
            chosen = [p for p in self.contracts[name] if p.trainable == trainable]
            tensors |= self.backend.interop.read_network(getattr(self.gan, name), chosen)
        return tensors

    @property
    def is_double(self) -> bool:
        """Whether the backend computes in float64."""
        return all(a.dtype == np.float64 for a in self.read(trainable=True).values())

    def probed(self) -> tuple[Any, Any, Any]:
        """Real samples and both networks' noise, equally many of each, of the first step."""
        native, inputs = self.backend.interop.to_native, self.inputs(1)
        real, last = inputs.discriminator[0].real, inputs.generator[0].noise[: self.case.batch_size]
        first = inputs.discriminator[0].noise
        return native(real), native(last if first is None else first), native(last)

    def played(self, steps: Iterable[int]) -> Iterator[tuple[int, dict[Key, Array]]]:
        """Each step once it has run, with its metrics."""
        canonical = self.backend.interop.to_canonical
        for step in steps:
            shard = self.backend.schedule.training_step(self.gan, self.inputs(step))
            metrics = self.backend.parallel.averaged(shard)
            yield (
                step,
                {Key("loss", step, METRICS.get(k, k)): canonical(v) for k, v in metrics.items()},
            )

    def attempted(self, begins: Sequence[str], computed: Recorded) -> Recorded:
        """All that is computed until an exception, noted for keys with these beginnings."""
        try:
            yield from computed
        except Exception as error:
            self.problems |= dict.fromkeys(begins, words(error))

    def slots(self) -> Tensors:
        """Both optimisers' slots."""
        slots: Tensors = {}
        for name in NETWORKS:
            optimiser = getattr(self.gan, f"{name}_optimiser")
            network = getattr(self.gan, name)
            read = self.backend.interop.read_slots(optimiser, network, self.contracts[name])
            slots |= {key if key != "step" else f"step.{name}": v for key, v in read.items()}
        return slots


def keyed(quantity: str, step: int, arrays: Mapping[str, Any]) -> Recorded:
    """Named arrays under the keys of a quantity after a step."""
    return ((Key(quantity, step, name), np.asarray(array)) for name, array in arrays.items())


def words(error: Exception) -> str:
    """An exception in one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:300]}" if text else type(error).__name__


def as_tf32(array: Array) -> Array:
    """The numbers that TF32 keeps: ten bits of mantissa, the rest cut off."""
    bits = np.asarray(array, np.float32).view(np.uint32) & np.uint32(0xFFFFE000)
    return bits.view(np.float32).astype(np.float64)
