"""What joins TensorFlow's parts to a script; the marks are those of `glue_numpy`."""

# ruff: noqa: E501
TEXT = '''
import math

import keras
import tensorflow as tf


def native(array):
    """A NumPy array as a tensor."""
    return tf.constant(array, tf.float32)


def build(rng):
    """Both networks, $INITIALISER, and their optimisers."""
    keras.utils.set_random_seed(int(rng.integers(2**31)))
    generator, discriminator = Generator($GENERATOR), Discriminator($DISCRIMINATOR)
    for variable in generator.trainable_variables + discriminator.trainable_variables:  #? !glorot_uniform
        name, shape = variable.name, variable.shape  #? !glorot_uniform
        if name == "kernel":  #? uniform_fan_in
            bound = math.sqrt(shape[-1] / math.prod(shape))  # also of the bias, which follows  #? uniform_fan_in
        if name in ("kernel", "bias"):  #? uniform_fan_in norms
            variable.assign(rng.uniform(-bound, bound, shape))  #? uniform_fan_in norms
        variable.assign(rng.uniform(-bound, bound, shape))  #? uniform_fan_in !norms
        if name == "kernel":  #? normal
            variable.assign(0.02 * rng.standard_normal(shape))  #? normal
        if name == "gamma":  #? dcgan norms
            variable.assign(1 + 0.02 * rng.standard_normal(shape))  #? dcgan norms
        if name == "kernel":  #? dcgan biases_or_linear
            bound = math.sqrt(shape[-1] / math.prod(shape))  # also of the bias, which follows  #? dcgan biases_or_linear
        if name == "kernel" and len(shape) == 4:  #? dcgan
            variable.assign(0.02 * rng.standard_normal(shape))  #? dcgan
        elif name in ("kernel", "bias"):  #? dcgan biases_or_linear
            variable.assign(rng.uniform(-bound, bound, shape))  #? dcgan biases_or_linear
    return generator, discriminator, OPTIMISER(generator), OPTIMISER(discriminator)


$STEP
'''
SAMPLE = """
    images = generator(draw_noise(rng, 64), training=False).numpy()  #? images
    points = generator(draw_noise(rng, 64), training=False).numpy()  #? !images
"""
HEAD = 'DEVICE = "/CPU:0"  # or "/GPU:0"'
