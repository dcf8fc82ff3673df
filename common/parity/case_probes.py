"""What one backend computes before any update: outputs, losses and gradients."""

from typing import Any

import numpy as np

from common.parity.case_run import NETWORKS, CaseRun, Recorded, keyed
from common.parity.keys import Key
from common.parity.starting_state import shifted_biases, with_large_means


def outputs(run: CaseRun) -> Recorded:
    """Both networks in training and in evaluation mode, and the buffers that each leaves."""
    for training, mode in ((True, "train"), (False, "eval")):
        run.load(run.state)
        for name in NETWORKS:
            key = Key(f"output_{mode}", 0, name)
            yield from run.attempted((str(key),), _forward(run, key, name, training=training))
        left = "running_statistics" if training else "evaluation_statistics"
        yield from keyed(left, 0, run.read(trainable=False))


def layers(run: CaseRun) -> Recorded:
    """What each layer with parameters gives on the way to both networks' outputs in training."""
    for name in NETWORKS:
        run.load(run.state)
        yield from run.attempted((f"layer|0|{name}",), _layers(run, "layer", name))


def _layers(run: CaseRun, quantity: str, network: str) -> Recorded:
    contract = run.contracts[network]
    names = list(dict.fromkeys(parameter.module for parameter in contract))
    inputs = _inputs(run, network)
    outputs = run.backend.probes.layer_outputs(getattr(run.gan, network), inputs, names)
    for layer, array in run.backend.interop.read_outputs(outputs, contract).items():
        # Of what is computed from a whole batch Keras' layers take one sample, others none.
        yield Key(quantity, 0, layer), np.atleast_2d(array)


def large_means(run: CaseRun) -> Recorded:
    """Networks in training mode where a large mean enters each batch norm, from its bias.

    With their layers, and in float64 alone: see `expected_keys`.
    """
    for name in NETWORKS if run.is_double else ():
        if biases := shifted_biases(run.case, name):
            key = Key("large_mean", 0, name)
            for computed in (
                _layers(run, key.quantity, name),
                _forward(run, key, name, training=True),
            ):
                run.load(with_large_means(run.state, biases))
                yield from run.attempted((str(key),), computed)


def _forward(run: CaseRun, key: Key, network: str, *, training: bool) -> Recorded:
    inputs = _inputs(run, network)
    output = run.backend.probes.forward(getattr(run.gan, network), inputs, training=training)
    yield key, run.backend.interop.to_canonical(output)


def _inputs(run: CaseRun, network: str) -> Any:
    real, noise, _ = run.probed()
    return noise if network == "generator" else real


def discriminator_gradients(run: CaseRun) -> Recorded:
    """The discriminator's loss before any update, with its gradients in every parameter."""
    gan, interop = run.gan, run.backend.interop
    run.load(run.state)
    loss, fake, gradients = run.backend.probes.first_discriminator_gradients(gan, run.inputs(1))
    yield Key("loss", 0, "discriminator"), interop.to_canonical(loss)
    yield Key("output_train", 0, "fake"), interop.to_canonical(fake)
    read = interop.read_gradients(gradients, gan.discriminator, run.contracts["discriminator"])
    yield from keyed("gradient", 0, read)


def generator_gradients(run: CaseRun) -> Recorded:
    """The generator's loss before any update, with its gradients in every parameter."""
    gan, interop = run.gan, run.backend.interop
    run.load(run.state)
    loss, gradients = run.backend.probes.first_generator_gradients(gan, run.inputs(1))
    yield Key("loss", 0, "generator"), interop.to_canonical(loss)
    read = interop.read_gradients(gradients, gan.generator, run.contracts["generator"])
    yield from keyed("gradient", 0, read)


def sample_gradients(run: CaseRun) -> Recorded:
    """The discriminator's loss' gradients with respect to real samples and fakes."""
    real, noise, _ = run.probed()
    gan, probes, canonical = run.gan, run.backend.probes, run.backend.interop.to_canonical
    run.load(run.state)
    fake = probes.forward(gan.generator, noise, training=True)
    of_real, of_fake = probes.discriminator_input_gradients(
        gan.discriminator, real, fake, loss=gan.discriminator_loss
    )
    yield Key("input_gradient", 0, "real"), canonical(of_real)
    yield Key("input_gradient", 0, "fake"), canonical(of_fake)


def noise_gradients(run: CaseRun) -> Recorded:
    """The generator's loss' gradient with respect to its noise."""
    _, _, noise = run.probed()
    gan, probes = run.gan, run.backend.probes
    run.load(run.state)
    of_noise = probes.generator_input_gradient(
        gan.generator, gan.discriminator, noise, loss=gan.generator_loss
    )
    yield Key("input_gradient", 0, "noise"), run.backend.interop.to_canonical(of_noise)


def penalty_gradients(run: CaseRun) -> Recorded:
    """The gradient penalty alone and its gradient, of second order, in every weight."""
    if run.gan.penalty is None:
        return
    real, noise, _ = run.probed()
    gan, interop, probes = run.gan, run.backend.interop, run.backend.probes
    alpha = interop.to_native(run.inputs(1).discriminator[0].alpha)
    run.load(run.state)
    fake = probes.forward(gan.generator, noise, training=True)
    value, gradients = probes.penalty_gradients(
        gan.discriminator, real, fake, alpha, penalty=gan.penalty
    )
    yield Key("loss", 0, "penalty"), interop.to_canonical(value)
    read = interop.read_gradients(gradients, gan.discriminator, run.contracts["discriminator"])
    yield from keyed("penalty_gradient", 0, read)
