"""One case run in one backend: every quantity as a named array."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from common.backends import Backend
from common.bounds import SHAKE
from common.cases import BATCH_SIZE, Case
from common.catalogue import System
from common.contract import network_contract
from common.initialise import initial_state
from common.streams import Array, Streams, generator_at
from common.tensors import Tensors

NETWORKS = ("generator", "discriminator")


def record_case(backend: Backend, case: Case, seed: int, shake: int = 0) -> Tensors:
    """Every quantity of one case by "quantity|step|tensor".

    A case at full width leaves out what its gradients and updated parameters already tell, to
    keep recordings of tens of millions of numbers small.
    """
    run = _Run(backend, case.system, seed, shake)
    found = {**run.gradients(), **run.steps(case.steps, slots=case.width != "full")}
    if case.width != "full":
        found |= {**run.outputs(), **run.input_gradients()}
    return found


class _Run:
    """One backend on one system: fresh networks for each quantity, the same arrays for all."""

    def __init__(self, backend: Backend, system: System, seed: int, shake: int) -> None:
        self.backend, self.system, self.shake = backend, system, shake
        self.streams = Streams(seed)
        initial = initial_state(system, seed)
        self.state = {name: self.shaken(array, name) for name, array in initial.items()}
        self.contracts = {name: network_contract(system, name) for name in NETWORKS}
        self.gan = backend.gan.build(system, self.state)

    def inputs(self, step: int) -> tuple[Any, Any, Any]:
        """Real images, and the noise of each network's update."""
        system = self.system
        images = (BATCH_SIZE, system.channels, system.image_size, system.image_size)
        latent = (BATCH_SIZE, system.latent_dim)
        real = self.streams.images(step, images)
        first = self.streams.noise("discriminator", step, latent, system.noise)
        second = (
            first
            if system.noise_reuse == "same"
            else self.streams.noise("generator", step, latent, system.noise)
        )
        native = self.backend.interop.to_native
        named = {"real": real, "first": first, "second": second}
        shaken = {k: native(self.shaken(array, f"{k}/{step}")) for k, array in named.items()}
        return shaken["real"], shaken["first"], shaken["second"]

    def shaken(self, array: Array, name: str) -> Array:
        """The array itself, or with every element moved by about SHAKE of its size."""
        if not self.shake:
            return array
        rng = generator_at(self.streams.seed, "shake", self.shake, name)
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

    def outputs(self) -> Tensors:
        """Both networks in training mode, the statistics that leaves, and in evaluation mode."""
        real, noise, _ = self.inputs(1)
        forward, canonical = self.backend.probes.forward, self.backend.interop.to_canonical
        found: Tensors = {}
        for mode, state in (("train", self.state), ("eval", self.settled_state())):
            self.load(state)
            for name, inputs in (("generator", noise), ("discriminator", real)):
                output = forward(getattr(self.gan, name), inputs, training=mode == "train")
                found[f"output_{mode}|0|{name}"] = canonical(output)
            if mode == "train":
                found |= _keyed("running_statistics", 0, self.read(trainable=False))
        return found

    def settled_state(self) -> dict[str, Array]:
        """The initial state with running statistics as after some training."""
        state = dict(self.state)
        for parameter in (p for contract in self.contracts.values() for p in contract):
            name = parameter.full_name
            rng = generator_at(self.streams.seed, "settled", name)
            if parameter.kind == "running_mean":
                state[name] = 0.5 * rng.standard_normal(parameter.shape)
            elif parameter.kind == "running_variance":
                state[name] = 0.5 + rng.random(parameter.shape)
        return state

    def gradients(self) -> Tensors:
        """Both losses before any update, with their gradients in every parameter."""
        real, first, second = self.inputs(1)
        gan, steps, interop = self.gan, self.backend.steps, self.backend.interop
        self.load(self.state)
        loss_d, fake, grads_d = steps.discriminator_gradients(
            gan.generator, gan.discriminator, real, first, loss=gan.discriminator_loss
        )
        canonical = interop.to_canonical
        found = {"loss|0|discriminator": canonical(loss_d), "output_train|0|fake": canonical(fake)}
        read = interop.read_gradients(grads_d, gan.discriminator, self.contracts["discriminator"])
        found |= _keyed("gradient", 0, read)
        self.load(self.state)
        loss_g, grads_g = steps.generator_gradients(
            gan.generator, gan.discriminator, second, loss=gan.generator_loss
        )
        found["loss|0|generator"] = canonical(loss_g)
        read = interop.read_gradients(grads_g, gan.generator, self.contracts["generator"])
        return found | _keyed("gradient", 0, read)

    def input_gradients(self) -> Tensors:
        """The losses' gradients with respect to real images, fakes and noise."""
        real, first, second = self.inputs(1)
        gan, probes, canonical = self.gan, self.backend.probes, self.backend.interop.to_canonical
        self.load(self.state)
        fake = probes.forward(gan.generator, first, training=True)
        of_real, of_fake = probes.discriminator_input_gradients(
            gan.discriminator, real, fake, loss=gan.discriminator_loss
        )
        self.load(self.state)
        of_noise = probes.generator_input_gradient(
            gan.generator, gan.discriminator, second, loss=gan.generator_loss
        )
        named = {"real": of_real, "fake": of_fake, "noise": of_noise}
        return {f"input_gradient|0|{name}": canonical(value) for name, value in named.items()}

    def steps(self, count: int, *, slots: bool) -> Tensors:
        """Whole steps, discriminator first: losses, parameters, buffers and slots after each."""
        self.load(self.state)
        gan, canonical = self.gan, self.backend.interop.to_canonical
        found: Tensors = {}
        for step in range(1, count + 1):
            real, first, second = self.inputs(step)
            loss_d = self.backend.steps.discriminator_step(
                gan.generator,
                gan.discriminator,
                gan.discriminator_optimiser,
                real,
                first,
                loss=gan.discriminator_loss,
            )
            loss_g = self.backend.steps.generator_step(
                gan.generator,
                gan.discriminator,
                gan.generator_optimiser,
                second,
                loss=gan.generator_loss,
            )
            found[f"loss|{step}|discriminator"] = canonical(loss_d)
            found[f"loss|{step}|generator"] = canonical(loss_g)
            found |= _keyed("parameter", step, self.read(trainable=True))
            found |= _keyed("buffer", step, self.read(trainable=False))
            if slots:
                found |= _keyed("slot", step, self.slots())
        return found

    def slots(self) -> Tensors:
        """Both optimisers' slots."""
        found: Tensors = {}
        for name in NETWORKS:
            optimiser = getattr(self.gan, f"{name}_optimiser")
            network = getattr(self.gan, name)
            read = self.backend.interop.read_slots(optimiser, network, self.contracts[name])
            found |= {key if key != "step" else f"step.{name}": v for key, v in read.items()}
        return found


def _keyed(quantity: str, step: int, arrays: Mapping[str, Any]) -> Tensors:
    return {f"{quantity}|{step}|{name}": np.asarray(array) for name, array in arrays.items()}
