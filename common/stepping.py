"""One discriminator and one generator update on tensors from a file: `rosetta step`."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from common.backends import Backend
from common.catalogue import System
from common.contract import contract, network_contract
from common.errors import UsageError
from common.initialise import CONSTANTS
from common.masks import mask_roles, masks_of
from common.rounds import DiscriminatorDraw, GeneratorDraw, Round
from common.tensors import Tensors, check_tensors, read_tensors

NETWORKS = ("generator", "discriminator")
MIXED = "generator_first"


def one_each(system: System) -> System:
    """The row with one update of each network a step, whatever its schedule."""
    return replace(
        system,
        discriminator_steps=1,
        generator_steps=1,
        warm_discriminator_steps=1 if system.warm_discriminator_steps else None,
    )


def read_step_inputs(path: Path, system: System) -> Tensors:
    """The file's tensors, checked, with what may be left out filled in.

    Running statistics default to zeros and ones; `noise_g` to `noise_d` where the row's source
    takes the same noise again; without masks nothing is dropped.

    Raises:
        UsageError: a tensor is missing, unknown, misshapen, not finite or of another type.
    """
    found, _ = read_tensors(path)
    required, optional = _shapes(system, _batch_size(path, found))
    check_tensors(path, found, required, optional)
    for parameter in contract(system):
        if parameter.full_name not in found:
            value = CONSTANTS[parameter.kind]
            found[parameter.full_name] = np.full(parameter.shape, value)
    return found if "noise_g" in found else {**found, "noise_g": found["noise_d"]}


def _shapes(
    system: System, batch: int
) -> tuple[dict[str, tuple[int, ...]], dict[str, tuple[int, ...]]]:
    """What the file must hold and what it may hold."""
    tensors = contract(system)
    required = {p.full_name: p.shape for p in tensors if p.kind not in CONSTANTS or p.trainable}
    optional = {p.full_name: p.shape for p in tensors if p.full_name not in required}
    required["real"] = (batch, *system.sample_shape)
    if system.order == MIXED:
        required["noise_g"] = (2 * batch, system.latent_dim)
    else:
        required["noise_d"] = (batch, system.latent_dim)
        (required if system.noise_reuse == "fresh" else optional)["noise_g"] = required["noise_d"]
    if system.loss == "wasserstein_gp":
        required["alpha"] = (batch,)
    for role, rows in mask_roles(system).items():
        for mask in masks_of(system):
            optional[f"mask.{role}.{mask.name}"] = (rows * batch, *mask.shape)
    return required, optional


def as_round(system: System, inputs: Tensors) -> Round:
    """The tensors of the file as one round."""
    mixed = system.order == MIXED
    critic = DiscriminatorDraw(
        inputs["real"],
        None if mixed else inputs["noise_d"],
        inputs.get("alpha"),
        _masks(system, inputs, "mixed" if mixed else "real"),
        _masks(system, inputs, "fake"),
    )
    generator = GeneratorDraw(inputs["noise_g"], _masks(system, inputs, "generator"))
    return Round(1, (critic,), (generator,))


def run_step(backend: Backend, system: System, inputs: Tensors, *, steps: int = 1) -> Tensors:
    """Losses, fakes and gradients of the first step, and everything new after the last.

    Every step plays both updates on the same arrays.
    """
    system = one_each(system)
    arrays, canonical, rounds = (
        as_round(system, inputs),
        backend.interop.to_canonical,
        backend.rounds,
    )
    gan = backend.gan.build(system, inputs)

    loss_d, fake, grads_d = rounds.first_discriminator_gradients(gan, arrays)
    found = {"loss_d": canonical(loss_d), "fake": canonical(fake)}
    found |= _gradients(backend, system, gan, "discriminator", grads_d)
    _load(backend, system, gan, inputs)
    if system.order != MIXED:  # the generator's update meets the discriminator after its own
        rounds.update_discriminator(gan, arrays.discriminator[0])
        if system.noise_reuse == "fake":
            _load(backend, system, gan, inputs, networks=("generator",))
    loss_g, grads_g = rounds.first_generator_gradients(gan, arrays)
    found["loss_g"] = canonical(loss_g)
    found |= _gradients(backend, system, gan, "generator", grads_g)

    gan = backend.gan.build(system, inputs)  # with fresh optimisers
    for _ in range(steps):
        rounds.play_round(gan, arrays)
    found |= {f"new.{name}": array for name, array in _read(backend, system, gan).items()}
    return {name: np.asarray(array) for name, array in found.items()}


def _batch_size(path: Path, found: Tensors) -> int:
    for name in ("real", "noise_d"):
        if name in found and found[name].ndim and found[name].shape[0]:
            return int(found[name].shape[0])
    raise UsageError(f"{path}: tensor 'real' is missing or empty; it holds a batch of samples")


def _masks(system: System, inputs: Tensors, role: str) -> tuple[Any, ...]:
    """The masks of one pass; ones where only some of them are given."""
    names = [f"mask.{role}.{mask.name}" for mask in masks_of(system)]
    if not any(name in inputs for name in names):
        return ()
    rows = len(inputs["real"]) * mask_roles(system)[role]
    shapes = {n: (rows, *mask.shape) for n, mask in zip(names, masks_of(system), strict=True)}
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
    found: Tensors = {}
    for name in NETWORKS:
        network = getattr(gan, name)
        found |= backend.interop.read_network(network, network_contract(system, name))
    return found
