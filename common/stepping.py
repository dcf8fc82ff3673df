"""One discriminator and one generator update on tensors from a file: `rosetta step`."""

from pathlib import Path
from typing import Any

import numpy as np

from common.backends import Backend
from common.catalogue import System
from common.contract import contract, network_contract
from common.errors import UsageError
from common.initialise import CONSTANTS
from common.tensors import Tensors, check_tensors, read_tensors

NETWORKS = ("generator", "discriminator")


def read_step_inputs(path: Path, system: System) -> Tensors:
    """The file's tensors, checked, with what may be left out filled in.

    Buffers default to zeros and ones; `noise_g` to `noise_d` where the row's source takes the
    same noise again.

    Raises:
        UsageError: a tensor is missing, unknown, misshapen, not finite or of another type.
    """
    found, _ = read_tensors(path)
    batch = _batch_size(path, found)
    image = (batch, system.channels, system.image_size, system.image_size)
    latent = (batch, system.latent_dim)
    required = {p.full_name: p.shape for p in contract(system) if p.trainable}
    required |= {"real": image, "noise_d": latent}
    optional = {p.full_name: p.shape for p in contract(system) if not p.trainable}
    if system.noise_reuse == "same":
        optional["noise_g"] = latent
    else:
        required["noise_g"] = latent
    check_tensors(path, found, required, optional)
    for parameter in contract(system):
        if parameter.full_name not in found:
            value = CONSTANTS[parameter.kind]
            found[parameter.full_name] = np.full(parameter.shape, value)
    return {"noise_g": found["noise_d"], **found}


def run_step(backend: Backend, system: System, inputs: Tensors) -> Tensors:
    """Losses, fakes, gradients and everything new after the two updates, by canonical name."""
    native, canonical = backend.interop.to_native, backend.interop.to_canonical
    real, noise_d, noise_g = (native(inputs[name]) for name in ("real", "noise_d", "noise_g"))
    gan, steps = backend.gan.build(system, inputs), backend.steps

    loss_d, fake, grads_d = steps.discriminator_gradients(
        gan.generator, gan.discriminator, real, noise_d, loss=gan.discriminator_loss
    )
    found = {"loss_d": canonical(loss_d), "fake": canonical(fake)}
    found |= _gradients(backend, system, gan, "discriminator", grads_d)
    _load(backend, system, gan, inputs)  # the update below starts where the gradients did
    steps.discriminator_step(
        gan.generator,
        gan.discriminator,
        gan.discriminator_optimiser,
        real,
        noise_d,
        loss=gan.discriminator_loss,
    )
    between = _read(backend, system, gan)

    loss_g, grads_g = steps.generator_gradients(
        gan.generator, gan.discriminator, noise_g, loss=gan.generator_loss
    )
    found["loss_g"] = canonical(loss_g)
    found |= _gradients(backend, system, gan, "generator", grads_g)
    _load(backend, system, gan, between)
    steps.generator_step(
        gan.generator, gan.discriminator, gan.generator_optimiser, noise_g, loss=gan.generator_loss
    )
    found |= {f"new.{name}": array for name, array in _read(backend, system, gan).items()}
    return {name: np.asarray(array) for name, array in found.items()}


def _batch_size(path: Path, found: Tensors) -> int:
    for name in ("real", "noise_d"):
        if name in found and found[name].ndim and found[name].shape[0]:
            return int(found[name].shape[0])
    raise UsageError(f"{path}: tensor 'real' is missing or empty; it holds a batch of images")


def _gradients(backend: Backend, system: System, gan: Any, network: str, gradients: Any) -> Tensors:
    parameters = network_contract(system, network)
    read = backend.interop.read_gradients(gradients, getattr(gan, network), parameters)
    return {f"grad.{name}": array for name, array in read.items()}


def _load(backend: Backend, system: System, gan: Any, state: Tensors) -> None:
    for name in NETWORKS:
        network = getattr(gan, name)
        backend.interop.load_network(network, network_contract(system, name), state)


def _read(backend: Backend, system: System, gan: Any) -> Tensors:
    found: Tensors = {}
    for name in NETWORKS:
        network = getattr(gan, name)
        found |= backend.interop.read_network(network, network_contract(system, name))
    return found
