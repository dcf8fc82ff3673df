"""What joins TensorFlow's parts to a script; the marks are those of `glue_numpy`."""

from common.eject.glue_layouts import LAYOUTS

TEXT = f'''
import keras
import numpy as np
import tensorflow as tf

LEAVES = dict(kernel="weight", bias="bias")  #? !norms
NORMS = dict(gamma="weight", moving_mean="running_mean", moving_variance="running_var")  #? norms
LEAVES = dict(kernel="weight", bias="bias", beta="bias", u="u", **NORMS)  #? norms

{LAYOUTS}
def native(array):
    """A NumPy array, images as (N, C, H, W), as a tensor, images as (N, H, W, C)."""
    values = np.asarray(array, np.float32)
    return tf.constant(values.transpose(0, 2, 3, 1) if values.ndim == 4 else values)


def networks():
    """The generator and the discriminator."""
$NETWORKS


def named(prefix, layer):
    """Every variable of a network, and its name in PyTorch."""
    for name, leaf in LEAVES.items():
        if getattr(layer, name, None) is not None:
            yield f"{{prefix}}.{{leaf}}", getattr(layer, name)
    for name, child in vars(layer).items():
        parts = child if isinstance(child, list) else [child]
        for at, part in enumerate(parts):
            if isinstance(part, keras.Layer) and not name.startswith("_"):
                place = f".{{at}}" if isinstance(child, list) else ""
                yield from named(f"{{prefix}}.{{name}}{{place}}", part)


def shapes():
    """The shape of every tensor, by name."""
    pair = zip(("generator", "discriminator"), networks())
    variables = (variable for each in pair for variable in named(*each))
    return {{name: canonical_shape(name, variable.shape) for name, variable in variables}}


def build(state):
    """Both networks with these weights, and an optimiser for each."""
    pair = networks()
    for prefix, network in zip(("generator", "discriminator"), pair):
        for name, variable in named(prefix, network):
            variable.assign(channels_last(name, np.asarray(state[name])))
    return *pair, *(OPTIMISER(network) for network in pair)


def train_step(gan, critic_inputs, generator_inputs):
    """Make every update of a step on NumPy arrays; return the last losses of D and G."""
    generator, discriminator, optimiser_g, optimiser_d = gan
$UPDATES


def sample(generator, noise):
    """Samples for noise (N, latent_dim), with running statistics."""
    samples = generator(native(noise), training=False).numpy()
    return samples.transpose(0, 3, 1, 2)  #? images
    return samples  #? !images
'''
HEAD = 'DEVICE = "/CPU:0"  # or "/GPU:0"'
