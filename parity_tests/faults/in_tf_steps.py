"""Faults planted in TensorFlow: gradients, updates, what a step is given, averages and samples."""

from dataclasses import replace
from itertools import count

import numpy as np
import pytest
import tensorflow as tf

from common.parity.timeline import (
    AVERAGE,
    GRADIENT,
    INPUTS,
    SAMPLING,
    UPDATE,
)
from parity_tests.faults.planting import Fault, part, with_arrays, with_losses, with_options


def _real_scores_off_the_tape(patch: pytest.MonkeyPatch) -> None:
    with_losses(patch, "tf", lambda g, d: (g, lambda real, fake: d(tf.stop_gradient(real), fake)))


def _gradients_of_two_layers_swapped(patch: pytest.MonkeyPatch) -> None:
    steps = part("tf", "steps")
    original = steps.discriminator_gradients

    def swapped(generator, discriminator, *others, **named):
        *values, gradients = original(generator, discriminator, *others, **named)
        variables = [id(variable) for variable in discriminator.trainable_variables]
        second = variables.index(id(discriminator.linear2.kernel))
        third = variables.index(id(discriminator.linear3.kernel))
        order = list(range(len(gradients)))
        order[second], order[third] = third, second
        return *values, [gradients[place] for place in order]

    patch.setattr(steps, "discriminator_gradients", swapped)


def _beta1_of_keras(patch: pytest.MonkeyPatch) -> None:
    with_options(patch, "tf", "build_optimiser", beta1=0.9)


def _epsilon_inside_the_root(patch: pytest.MonkeyPatch) -> None:
    """Keras' own RMSprop has it there."""

    def update_step(self, gradient, variable, learning_rate):
        average = self.square_averages[self._get_variable_index(variable)]
        self.assign_add(average, (1 - self.decay) * (tf.square(gradient) - average))
        step = learning_rate * gradient / tf.sqrt(average + self.epsilon)
        self.assign_sub(variable, step)

    patch.setattr(part("tf", "optimisers")._RMSprop, "update_step", update_step)


def _learning_rate_in_the_momentum(patch: pytest.MonkeyPatch) -> None:
    """Keras' own SGD keeps it there."""

    def update_step(self, gradient, variable, learning_rate):
        momentum = self.momenta[self._get_variable_index(variable)]
        self.assign(momentum, self.momentum * momentum - learning_rate * gradient)
        self.assign_add(variable, momentum)

    patch.setattr(part("tf", "optimisers")._SGD, "update_step", update_step)


def _clipped_gradients(patch: pytest.MonkeyPatch) -> None:
    gan = part("tf", "gan")
    original = gan.build_optimiser

    def build(system, network):
        optimiser = original(system, network)
        optimiser.global_clipnorm = 0.01
        return optimiser

    patch.setattr(gan, "build_optimiser", build)


def _generator_first(patch: pytest.MonkeyPatch) -> None:
    schedule = part("tf", "schedule")
    original = schedule.training_step

    def step(gan, arrays):
        metrics = original(gan, replace(arrays, discriminator=()))
        return metrics | original(gan, replace(arrays, generator=()))

    patch.setattr(schedule, "training_step", step)


def _noise_of_the_discriminator(patch: pytest.MonkeyPatch) -> None:
    """The generator's step should draw its own."""

    def reused(arrays):
        noise = arrays.discriminator[-1].noise
        again = tuple(replace(inputs, noise=noise) for inputs in arrays.generator)
        return replace(arrays, generator=again)

    with_arrays(patch, "tf", reused)


def _average_from_zeros(patch: pytest.MonkeyPatch) -> None:
    sampling = part("tf", "sampling")
    original = sampling.start_average

    def start(gan):
        average = original(gan)
        average.set_weights([np.zeros_like(weight) for weight in average.get_weights()])
        return average

    patch.setattr(sampling, "start_average", start)


def _decay_that_warms_up(patch: pytest.MonkeyPatch) -> None:
    """TensorFlow's own average does so where it is given the number of updates."""
    sampling = part("tf", "sampling")
    original, updates = sampling.update_average, count(1)

    def update(average, generator, *, decay):
        done = next(updates)
        original(average, generator, decay=min(decay, (1 + done) / (10 + done)))

    patch.setattr(sampling, "update_average", update)


def _samples_with_channels_last(patch: pytest.MonkeyPatch) -> None:
    sampling = part("tf", "sampling")
    patch.setattr(
        sampling,
        "sample",
        lambda network, noise: network(sampling.to_native(noise), training=False).numpy(),
    )


FAULTS = [
    Fault("real scores off the tape", "tf", "lsgan_mlp", GRADIENT, _real_scores_off_the_tape),
    Fault(
        "gradients of two layers swapped",
        "tf",
        "wgan_gp_toy",
        GRADIENT,
        _gradients_of_two_layers_swapped,
    ),
    Fault("beta1 of Keras", "tf", "wgan_gp_toy", UPDATE, _beta1_of_keras),
    Fault("epsilon inside the root", "tf", "wgan.mlp", UPDATE, _epsilon_inside_the_root),
    Fault(
        "learning rate in the momentum",
        "tf",
        "gan_moments",
        UPDATE,
        _learning_rate_in_the_momentum,
    ),
    Fault("clipped gradients", "tf", "lsgan_mlp", UPDATE, _clipped_gradients),
    Fault("generator first", "tf", "lsgan_mlp", INPUTS, _generator_first),
    Fault("noise of the discriminator", "tf", "wgan_gp_toy", INPUTS, _noise_of_the_discriminator),
    Fault("average from zeros", "tf", "gan_moments", AVERAGE, _average_from_zeros),
    Fault("a decay that warms up", "tf", "gan_moments", AVERAGE, _decay_that_warms_up),
    Fault("samples with channels last", "tf", "lsgan_mlp", SAMPLING, _samples_with_channels_last),
]
