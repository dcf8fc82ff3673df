"""What joins JAX's parts to a script; the marks are those of `glue_numpy`."""

# ruff: noqa: E501
TEXT = '''
import math

import jax.numpy as jnp
import numpy as np
from flax import nnx


def native(array):
    """A NumPy array as one of JAX."""
    return jnp.array(array, float)


def build(rng):
    """Both networks, $INITIALISER, and their optimisers."""
    generator, discriminator = Generator($GENERATOR), Discriminator($DISCRIMINATOR)
    for _, layer in (*nnx.iter_graph(generator), *nnx.iter_graph(discriminator)):
        if isinstance(layer, BatchNorm):  #? dcgan norms
            layer.scale[...] = native(1 + 0.02 * rng.standard_normal(layer.scale.shape))  #? dcgan norms
        if isinstance(layer, nnx.Linear | nnx.Conv | nnx.ConvTranspose):
            *_, inputs, outputs = shape = layer.kernel.shape  #? glorot_uniform
            shape = layer.kernel.shape  #? !glorot_uniform
            bound = math.sqrt(shape[-1] / math.prod(shape))  #? uniform_fan_in
            bound = math.sqrt(shape[-1] / math.prod(shape))  #? dcgan biases_or_linear
            bound = math.sqrt(6 / (math.prod(shape) * (1 / inputs + 1 / outputs)))  #? glorot_uniform
            layer.kernel[...] = native(rng.uniform(-bound, bound, shape))  #? uniform_fan_in
            layer.kernel[...] = native(rng.uniform(-bound, bound, shape))  #? glorot_uniform
            layer.kernel[...] = native(0.02 * rng.standard_normal(shape))  #? normal
            normal, uniform = 0.02 * rng.standard_normal(shape), rng.uniform(-bound, bound, shape)  #? dcgan linear
            layer.kernel[...] = native(normal if len(shape) == 4 else uniform)  #? dcgan linear
            layer.kernel[...] = native(0.02 * rng.standard_normal(shape))  #? dcgan !linear
            if layer.bias is not None:  #? dcgan biases
                layer.bias[...] = native(rng.uniform(-bound, bound, layer.bias.shape))  #? dcgan biases
            layer.bias[...] = native(rng.uniform(-bound, bound, layer.bias.shape))  #? uniform_fan_in
    return generator, discriminator, OPTIMISER(generator), OPTIMISER(discriminator)


$STEP
'''
SAMPLE = """
    generator.eval()
    images = np.asarray(generator(draw_noise(rng, 64)))  #? images
    points = np.asarray(generator(draw_noise(rng, 64)))  #? !images
"""
HEAD = ""
