"""What joins Jittor's parts to a script; the marks are those of `glue_numpy`."""

# ruff: noqa: E501
TEXT = '''
import math

import jittor as jt
import numpy as np
from jittor import nn


def native(array):
    """A NumPy array as a tensor."""
    return jt.array(np.asarray(array, np.float32))


def build(rng):
    """Both networks, $INITIALISER, and their optimisers."""
    generator, discriminator = Generator($GENERATOR).float32(), Discriminator($DISCRIMINATOR).float32()
    for layer in (*generator.modules(), *discriminator.modules()):
        if isinstance(layer, BatchNorm):  #? dcgan norms
            layer.weight.update(native(1 + 0.02 * rng.standard_normal(layer.weight.shape)))  #? dcgan norms
        if isinstance(layer, nn.Linear | nn.Conv | nn.ConvTranspose):
            outputs, inputs, *_ = shape = tuple(layer.weight.shape)  #? glorot_uniform
            shape = tuple(layer.weight.shape)  #? !glorot_uniform
            bound = 1 / math.sqrt(math.prod(shape[1:]))  #? uniform_fan_in
            bound = 1 / math.sqrt(math.prod(shape[1:]))  #? dcgan biases_or_linear
            bound = math.sqrt(6 / (math.prod(shape) * (1 / inputs + 1 / outputs)))  #? glorot_uniform
            layer.weight.update(native(rng.uniform(-bound, bound, shape)))  #? uniform_fan_in
            layer.weight.update(native(rng.uniform(-bound, bound, shape)))  #? glorot_uniform
            layer.weight.update(native(0.02 * rng.standard_normal(shape)))  #? normal
            normal, uniform = 0.02 * rng.standard_normal(shape), rng.uniform(-bound, bound, shape)  #? dcgan linear
            layer.weight.update(native(normal if len(shape) == 4 else uniform))  #? dcgan linear
            layer.weight.update(native(0.02 * rng.standard_normal(shape)))  #? dcgan !linear
            if layer.bias is not None:  #? dcgan biases
                layer.bias.update(native(rng.uniform(-bound, bound, layer.bias.shape)))  #? dcgan biases
            layer.bias.update(native(rng.uniform(-bound, bound, layer.bias.shape)))  #? uniform_fan_in
            layer.bias.update(native(np.zeros(layer.bias.shape)))  #? normal
            layer.bias.update(native(np.zeros(layer.bias.shape)))  #? glorot_uniform
    # Left lazy, the broadcast of a bias of one element may fail to compile.
    jt.sync([*generator.parameters(), *discriminator.parameters()])
    return generator, discriminator, OPTIMISER(generator), OPTIMISER(discriminator)


def compute(generator, discriminator, optimiser_g, optimiser_d, *losses):
    """Compute what Jittor would leave lazy, and fuse with the next update."""
    groups = [(group, each.slots) for each in (optimiser_g, optimiser_d) for group in each.param_groups]
    slots = [slot for group, names in groups for name in names for slot in group[name]]
    jt.sync([*generator.parameters(), *discriminator.parameters(), *slots, *losses])


$STEP
'''
SAMPLE = """
    generator.eval()
    images = generator(draw_noise(rng, 64)).numpy().transpose(0, 2, 3, 1)  #? images
    points = generator(draw_noise(rng, 64)).numpy()  #? !images
"""
HEAD = 'DTYPE = "float32"'
