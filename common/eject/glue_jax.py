"""What joins JAX's parts to a script; the marks are those of `glue_numpy`."""

from common.eject.glue_layouts import LAYOUTS

TEXT = f'''
import jax.numpy as jnp
import numpy as np
from flax import nnx

LEAVES = dict(kernel="weight", bias="bias")  #? !norms
NORMS = dict(scale="weight", mean="running_mean", var="running_var")  #? norms
LEAVES = dict(kernel="weight", bias="bias", u="u", **NORMS)  #? norms

{LAYOUTS}
def native(array):
    """A NumPy array, images as (N, C, H, W), as an array of JAX, images as (N, H, W, C)."""
    return jnp.array(np.transpose(array, (0, 2, 3, 1)) if np.ndim(array) == 4 else array, float)


def networks():
    """The generator and the discriminator."""
$NETWORKS


def named(prefix, network):
    """The path of every tensor of a network, its name in PyTorch, and its shape there."""
    for path, variable in nnx.to_flat_state(nnx.state(network)):
        name = ".".join([prefix, *map(str, path[:-1]), LEAVES[path[-1]]])
        yield path, name, canonical_shape(name, variable.shape)


def shapes():
    """The shape of every tensor, by name."""
    pair = zip(("generator", "discriminator"), nnx.eval_shape(networks))
    return {{name: shape for each in pair for _, name, shape in named(*each)}}


def build(state):
    """Both networks with these weights, and an optimiser for each."""
    pair = nnx.eval_shape(networks)
    for prefix, network in zip(("generator", "discriminator"), pair):
        values = {{
            path: jnp.array(channels_last(name, np.asarray(state[name])), float)
            for path, name, _ in named(prefix, network)
        }}
        nnx.update(network, nnx.from_flat_state(values))
    return *pair, *(OPTIMISER(network) for network in pair)


def train_step(gan, critic_inputs, generator_inputs):
    """Make every update of a step on NumPy arrays; return the last losses of D and G."""
    generator, discriminator, optimiser_g, optimiser_d = gan
    generator.train()
    discriminator.train()
$UPDATES


def sample(generator, noise):
    """Samples for noise (N, latent_dim), with running statistics."""
    generator.eval()
    samples = np.asarray(generator(native(noise)))
    return samples.transpose(0, 3, 1, 2)  #? images
    return samples  #? !images
'''
HEAD = ""
