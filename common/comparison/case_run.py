"""One case run in one backend: every quantity as a named array."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from common.backends import Backend
from common.comparison.case_state import NETWORKS, CaseRun
from common.comparison.cases import TRAJECTORY_STEPS, Case
from common.contract import RUNNING
from common.streams import Array, generator_at
from common.tensors import Tensors

THINNED = 2**16  # numbers kept of one tensor at full width


def record_case(backend: Backend, case: Case, seed: int, shake: int = 0) -> Tensors:
    """Every quantity of one case by "quantity|step|tensor".

    A case at full width leaves out what its gradients and updated parameters already tell, and
    keeps evenly spaced elements of large tensors. A cycle keeps its last state, a trajectory
    its parameters at a few steps.
    """
    run = CaseRun(backend, case, seed, shake)
    match case.width:
        case "trajectory":
            return trajectory(run)
        case "cycle":
            return steps(run, slots=True)
        case "full":
            found = {**gradients(run), **steps(run, slots=False)}
            return {key: thinned(array) for key, array in found.items()}
    return {
        **gradients(run),
        **steps(run, slots=True),
        **outputs(run),
        **input_gradients(run),
        **penalty_gradients(run),
    }


def thinned(array: Array) -> Array:
    """The array, or evenly spaced elements of it where it is large."""
    return array if array.size <= THINNED else array.ravel()[:: array.size // THINNED]


def outputs(run: CaseRun) -> Tensors:
    """Both networks in training mode, the buffers that leaves, and in evaluation mode."""
    real, noise, _ = run.probed()
    forward, canonical = run.backend.probes.forward, run.backend.interop.to_canonical
    found: Tensors = {}
    for mode, state in (("train", run.state), ("eval", settled_state(run))):
        run.load(state)
        for name, inputs in (("generator", noise), ("discriminator", real)):
            output = forward(getattr(run.gan, name), inputs, training=mode == "train")
            found[f"output_{mode}|0|{name}"] = canonical(output)
        if mode == "train":
            found |= _keyed("running_statistics", 0, run.read(trainable=False))
    return found


def settled_state(run: CaseRun) -> dict[str, Array]:
    """The initial state with running statistics as after some training."""
    state = dict(run.state)
    for parameter in (p for contract in run.contracts.values() for p in contract):
        name, (mean, variance) = parameter.full_name, RUNNING
        rng = generator_at(run.seed, "settled", name)
        if parameter.kind == mean:
            state[name] = 0.5 * rng.standard_normal(parameter.shape)
        elif parameter.kind == variance:
            state[name] = 0.5 + rng.random(parameter.shape)
    return state


def gradients(run: CaseRun) -> Tensors:
    """Both losses before any update, with their gradients in every parameter."""
    arrays, gan, rounds = run.round(1), run.gan, run.backend.rounds
    interop = run.backend.interop
    run.load(run.state)
    loss_d, fake, grads_d = rounds.first_discriminator_gradients(gan, arrays)
    canonical = interop.to_canonical
    found = {"loss|0|discriminator": canonical(loss_d), "output_train|0|fake": canonical(fake)}
    read = interop.read_gradients(grads_d, gan.discriminator, run.contracts["discriminator"])
    found |= _keyed("gradient", 0, read)
    run.load(run.state)
    loss_g, grads_g = rounds.first_generator_gradients(gan, arrays)
    found["loss|0|generator"] = canonical(loss_g)
    read = interop.read_gradients(grads_g, gan.generator, run.contracts["generator"])
    return found | _keyed("gradient", 0, read)


def input_gradients(run: CaseRun) -> Tensors:
    """The losses' gradients with respect to real samples, fakes and noise."""
    real, first, second = run.probed()
    gan, probes, canonical = run.gan, run.backend.probes, run.backend.interop.to_canonical
    run.load(run.state)
    fake = probes.forward(gan.generator, first, training=True)
    of_real, of_fake = probes.discriminator_input_gradients(
        gan.discriminator, real, fake, loss=gan.discriminator_loss
    )
    run.load(run.state)
    of_noise = probes.generator_input_gradient(
        gan.generator, gan.discriminator, second, loss=gan.generator_loss
    )
    named = {"real": of_real, "fake": of_fake, "noise": of_noise}
    return {f"input_gradient|0|{name}": canonical(value) for name, value in named.items()}


def penalty_gradients(run: CaseRun) -> Tensors:
    """The gradient penalty alone and its gradient, of second order, in every weight."""
    if run.gan.penalty is None:
        return {}
    real, noise, _ = run.probed()
    gan, interop, probes = run.gan, run.backend.interop, run.backend.probes
    alpha = interop.to_native(run.round(1).discriminator[0].alpha)
    run.load(run.state)
    fake = probes.forward(gan.generator, noise, training=True)
    value, gradients = probes.penalty_gradients(
        gan.discriminator, real, fake, alpha, penalty=gan.penalty
    )
    contract = run.contracts["discriminator"]
    read = interop.read_gradients(gradients, gan.discriminator, contract)
    found = {"loss|0|penalty": interop.to_canonical(value)}
    return found | _keyed("penalty_gradient", 0, read)


def steps(run: CaseRun, *, slots: bool) -> Tensors:
    """Whole steps of the row's schedule: metrics, parameters, buffers and slots after each."""
    run.load(run.state)
    found: Tensors = {}
    for step, metrics in run.played(range(1, run.case.steps + 1)):
        found |= metrics
        found |= _keyed("parameter", step, run.read(trainable=True))
        found |= _keyed("buffer", step, run.read(trainable=False))
        if slots:
            found |= _keyed("slot", step, run.slots())
    return found


def trajectory(run: CaseRun) -> Tensors:
    """Both networks' parameters, each as one vector, at a few of a hundred steps."""
    found: Tensors = {}
    for step, _ in run.played(range(1, run.case.steps + 1)):
        if step in TRAJECTORY_STEPS:
            state = run.read(trainable=True)
            for name in NETWORKS:
                parts = [a.ravel() for k, a in state.items() if k.startswith(name)]
                found[f"trajectory|{step}|{name}"] = np.concatenate(parts)
    return found


def _keyed(quantity: str, step: int, arrays: Mapping[str, Any]) -> Tensors:
    return {f"{quantity}|{step}|{name}": np.asarray(array) for name, array in arrays.items()}
