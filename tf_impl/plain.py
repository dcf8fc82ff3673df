"""A plain training loop on this framework's own layers, for comparison in `rosetta bench`."""

from collections.abc import Callable, Iterator

import keras
import numpy as np
import tensorflow as tf

from common.streams.step_inputs import StepInputs
from common.systems import System
from common.systems.losses import Hinge, LeastSquares, Vanilla, Wasserstein, WassersteinGP
from common.systems.optimisers import SGD, RMSprop
from common.systems.schedules import MixedBatch
from tf_impl.device import chosen_device
from tf_impl.gan import build_networks
from tf_impl.interop import to_native
from tf_impl.layers import BatchNorm


def plain_step(system: System) -> Callable[[StepInputs], tf.Tensor]:
    """A function that runs a step on its own networks and returns the generator's loss."""
    # In deterministic mode, TensorFlow refuses to draw random numbers without a seed.
    tf.random.set_seed(0)
    with tf.device(chosen_device()):
        generator, discriminator = build_networks(system)
    weights_g = _built_in(generator, to_native(np.zeros((2, system.latent_dim))))
    weights_d = _built_in(discriminator, to_native(np.zeros((2, *system.sample_shape))))
    optimiser_g, optimiser_d = _optimiser(system), _optimiser(system)
    discriminator_loss, generator_loss = _losses(system)

    def separate(real, fake, masks) -> None:
        with tf.GradientTape() as tape:
            if isinstance(system.schedule, MixedBatch):
                mixed = tf.concat([real, fake], axis=0)
                scores = discriminator(mixed, *masks[0], training=True)
                loss = discriminator_loss(scores[: len(real)], scores[len(real) :])
            else:
                real_scores = discriminator(real, *masks[0], training=True)
                loss = discriminator_loss(
                    real_scores, discriminator(fake, *masks[1], training=True)
                )
            if isinstance(system.loss, WassersteinGP):
                loss += _penalty(system.loss.penalty_weight, discriminator, real, fake)
        optimiser_d.apply_gradients(zip(tape.gradient(loss, weights_d), weights_d, strict=True))
        if isinstance(system.loss, Wasserstein):
            for weight in weights_d:
                weight.assign(
                    tf.clip_by_value(weight, -system.loss.weight_clip, system.loss.weight_clip)
                )

    def descend(tape, loss) -> tf.Tensor:
        optimiser_g.apply_gradients(zip(tape.gradient(loss, weights_g), weights_g, strict=True))
        return loss

    @tf.function
    def update_discriminator(real, noise, masks) -> None:
        separate(real, generator(noise, training=True), masks)

    @tf.function
    def update_generator(noise, masks) -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss = generator_loss(
                discriminator(generator(noise, training=True), *masks, training=True)
            )
        return descend(tape, loss)

    @tf.function
    def update_both(real, noise, masks) -> tf.Tensor:
        with tf.GradientTape() as tape:
            fake = generator(noise, training=True)
            if isinstance(system.schedule, MixedBatch):
                loss = generator_loss(discriminator(fake, training=True))
        if isinstance(system.schedule, MixedBatch):
            descend(tape, loss)
            separate(real, fake[: len(real)], masks)
            return loss
        separate(real, fake, masks)
        with tape:
            loss = generator_loss(discriminator(fake, *masks[2], training=True))
        return descend(tape, loss)

    def step(inputs: StepInputs) -> tf.Tensor:
        last = inputs.generator[-1]
        for update in inputs.discriminator:
            real, noise = to_native(update.real), to_native(last.noise)
            masks = [_native(each) for each in (update.real_masks, update.fake_masks, last.masks)]
            if system.schedule.noise_reuse == "fake":
                return update_both(real, noise, masks)
            update_discriminator(real, to_native(update.noise), masks)
        for update in inputs.generator:
            loss = update_generator(to_native(update.noise), _native(update.masks))
        return loss

    return step


def _losses(system: System) -> tuple[Callable[..., tf.Tensor], Callable[..., tf.Tensor]]:
    cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)
    squared = keras.losses.MeanSquaredError()
    match system.loss:
        case Vanilla():
            return (
                lambda real, fake: (
                    cross_entropy(tf.ones_like(real), real)
                    + cross_entropy(tf.zeros_like(fake), fake)
                ),
                lambda fake: cross_entropy(tf.ones_like(fake), fake),
            )
        case LeastSquares():
            return (
                lambda real, fake: (
                    system.loss.discriminator_factor
                    * (
                        squared(tf.ones_like(real) * system.loss.real_label, real)
                        + squared(tf.ones_like(fake) * system.loss.fake_label, fake)
                    )
                ),
                lambda fake: (
                    system.loss.generator_factor
                    * squared(tf.ones_like(fake) * system.loss.gen_label, fake)
                ),
            )
        case Hinge():
            return (
                lambda real, fake: (
                    tf.reduce_mean(tf.nn.relu(1 - real)) + tf.reduce_mean(tf.nn.relu(1 + fake))
                ),
                lambda fake: -tf.reduce_mean(fake),
            )
    sign = system.loss.wasserstein_sign
    return (
        lambda real, fake: sign * (tf.reduce_mean(fake) - tf.reduce_mean(real)),
        lambda fake: -sign * tf.reduce_mean(fake),
    )


def _penalty(
    weight: float, discriminator: keras.Model, real: tf.Tensor, fake: tf.Tensor
) -> tf.Tensor:
    alpha = tf.random.uniform((len(real), *[1] * (len(real.shape) - 1)), dtype=real.dtype)
    between = alpha * real + (1 - alpha) * fake
    with tf.GradientTape() as tape:
        tape.watch(between)
        scores = discriminator(between, training=True)
    slopes = tf.reshape(tape.gradient(scores, between), (len(real), -1))
    return weight * tf.reduce_mean((tf.norm(slopes, axis=1) - 1) ** 2)


def _optimiser(system: System) -> keras.optimizers.Optimizer:
    rate = system.optimiser.learning_rate
    match system.optimiser:
        case RMSprop(decay=decay, epsilon=epsilon):
            return keras.optimizers.RMSprop(rate, rho=decay, epsilon=epsilon)
        case SGD(momentum=momentum):
            return keras.optimizers.SGD(rate, momentum=momentum)
    adam = system.optimiser
    return keras.optimizers.Adam(rate, adam.beta1, adam.beta2, adam.epsilon)


def _native(masks: tuple) -> list[tf.Tensor]:
    return [to_native(mask) for mask in masks]


def _built_in(network: keras.Model, inputs: tf.Tensor) -> list[keras.Variable]:
    """Have Keras' own batch norm compute in the place of ours; the weights to train."""
    ours, norms = [], []
    for layer in _layers(network):
        if isinstance(layer, BatchNorm):
            norm = keras.layers.BatchNormalization(
                momentum=1 - layer.momentum, epsilon=layer.epsilon
            )
            # Keras does not accept new layers in a network that has been built.
            object.__setattr__(layer, "call", norm)
            ours += layer.trainable_variables
            norms.append(norm)
    network(inputs, training=False)  # builds the norms
    kept = [v for v in network.trainable_variables if not any(v is gone for gone in ours)]
    return kept + [variable for norm in norms for variable in norm.trainable_variables]


def _layers(layer: keras.layers.Layer) -> Iterator[keras.layers.Layer]:
    for value in vars(layer).values():
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, keras.layers.Layer):
                yield each
                yield from _layers(each)
