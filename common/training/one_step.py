"""One discriminator and one generator update on tensors from a file: `rosetta step`."""

from pathlib import Path
from typing import Any

import numpy as np

from common import UsageError
from common.backends import Backend
from common.contract import contract, network_contract
from common.contract.initialisers import CONSTANTS
from common.files.tensors import Tensors, check_tensors, read_tensors
from common.streams.masks import mask_roles
from common.streams.step_inputs import DiscriminatorInputs, GeneratorInputs, StepInputs
from common.systems import System
from common.systems.losses import WassersteinGP
from common.systems.schedules import MixedBatch

NETWORKS = ("generator", "discriminator")


def read_step_inputs(path: Path, system: System) -> Tensors:
    """Read and check the file's tensors, and fill in the optional ones.

    Running means default to zeros, running variances to ones, and `noise_g` to `noise_d` if the
    system uses the same noise again; without masks nothing is dropped.

    Raises:
        UsageError: a tensor is missing, unknown, not finite, or of the wrong shape or type.
    """
    tensors, _ = read_tensors(path)
    required, optional = _shapes(system, _batch_size(path, tensors))
    check_tensors(path, tensors, required, optional)
    for parameter in contract(system):
        if parameter.full_name not in tensors:
            value = CONSTANTS[parameter.kind]
            tensors[parameter.full_name] = np.full(parameter.shape, value)
    return tensors if "noise_g" in tensors else {**tensors, "noise_g": tensors["noise_d"]}


def _shapes(
    system: System, batch: int
) -> tuple[dict[str, tuple[int, ...]], dict[str, tuple[int, ...]]]:
    """The required and the optional tensors of the file."""
    tensors = contract(system)
    required = {p.full_name: p.shape for p in tensors if p.kind not in CONSTANTS or p.trainable}
    optional = {p.full_name: p.shape for p in tensors if p.full_name not in required}
    required["real"] = (batch, *system.sample_shape)
    if isinstance(system.schedule, MixedBatch):
        required["noise_g"] = (2 * batch, system.latent_dim)
    else:
        required["noise_d"] = (batch, system.latent_dim)
        again = required if system.schedule.noise_reuse == "fresh" else optional
        again["noise_g"] = required["noise_d"]
    if isinstance(system.loss, WassersteinGP):
        required["alpha"] = (batch,)
    for role, count in mask_roles(system).items():
        for mask in system.networks.masks:
            optional[f"mask.{role}.{mask.name}"] = (count * batch, *mask.shape)
    return required, optional


def as_step_inputs(system: System, inputs: Tensors) -> StepInputs:
    """The tensors of the file as the inputs of one step."""
    mixed = isinstance(system.schedule, MixedBatch)
    critic = DiscriminatorInputs(
        inputs["real"],
        None if mixed else inputs["noise_d"],
        inputs.get("alpha"),
        _masks(system, inputs, "mixed" if mixed else "real"),
        _masks(system, inputs, "fake"),
    )
    generator = GeneratorInputs(inputs["noise_g"], _masks(system, inputs, "generator"))
    return StepInputs(1, (critic,), (generator,))


def run_step(backend: Backend, system: System, inputs: Tensors, *, steps: int = 1) -> Tensors:
    """The losses, fakes and gradients of the first step, and all new state after the last.

    Every step makes both updates on the same arrays.
    """
    system = system.one_each()
    arrays, canonical = as_step_inputs(system, inputs), backend.interop.to_canonical
    gan = backend.gan.build(system, inputs)

    loss_d, fake, grads_d = backend.probes.first_discriminator_gradients(gan, arrays)
    outputs = {"loss_d": canonical(loss_d), "fake": canonical(fake)}
    outputs |= _gradients(backend, system, gan, "discriminator", grads_d)
    _load(backend, system, gan, inputs)
    # In the other schedules the discriminator is updated before the generator.
    if not isinstance(system.schedule, MixedBatch):
        backend.schedule.update_discriminator(gan, arrays.discriminator[0])
        if system.schedule.noise_reuse == "fake":
            _load(backend, system, gan, inputs, networks=("generator",))
    loss_g, grads_g = backend.probes.first_generator_gradients(gan, arrays)
    outputs["loss_g"] = canonical(loss_g)
    outputs |= _gradients(backend, system, gan, "generator", grads_g)

    gan = backend.gan.build(system, inputs)  # with fresh optimisers
    for _ in range(steps):
        backend.schedule.training_step(gan, arrays)
    outputs |= {f"new.{name}": array for name, array in _read(backend, system, gan).items()}
    return {name: np.asarray(array) for name, array in outputs.items()}


def _batch_size(path: Path, tensors: Tensors) -> int:
    for name in ("real", "noise_d"):
        if name in tensors and tensors[name].ndim and tensors[name].shape[0]:
            return int(tensors[name].shape[0])
    raise UsageError(f"{path}: tensor 'real' is missing or empty; it holds a batch of samples")


def _masks(system: System, inputs: Tensors, role: str) -> tuple[Any, ...]:
    """The masks of one forward pass; if only some are given, the others are ones."""
    names = [f"mask.{role}.{mask.name}" for mask in system.networks.masks]
    if not any(name in inputs for name in names):
        return ()
    count = len(inputs["real"]) * mask_roles(system)[role]
    shapes = {n: (count, *mask.shape) for n, mask in zip(names, system.networks.masks, strict=True)}
    return tuple(inputs.get(name, np.ones(shapes[name])) for name in names)


def _gradients(backend: Backend, system: System, gan: Any, network: str, gradients: Any) -> Tensors:
    parameters = network_contract(system, network)
    read = backend.interop.read_gradients(gradients, getattr(gan, network), parameters)
    return {f"grad.{name}": array for name, array in read.items()}


def _load(
    backend: Backend,
    system: System,
    gan: Any,
    state: Tensors,
    networks: tuple[str, ...] = NETWORKS,
) -> None:
    for name in networks:
        network = getattr(gan, name)
        backend.interop.load_network(network, network_contract(system, name), state)


def _read(backend: Backend, system: System, gan: Any) -> Tensors:
    state: Tensors = {}
    for name in NETWORKS:
        network = getattr(gan, name)
        state |= backend.interop.read_network(network, network_contract(system, name))
    return state
