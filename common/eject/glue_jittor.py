"""What joins Jittor's parts to a script; the marks are those of `glue_numpy`."""

TEXT = '''
import jittor as jt
import numpy as np


def native(array):
    """A NumPy array, images as (N, C, H, W), as a tensor."""
    return jt.array(np.asarray(array, DTYPE))


def networks():
    """The generator and the discriminator."""
$NETWORKS


def named(pair):
    """Every tensor of both networks, by name."""
    return {
        f"{prefix}.{name}": tensor
        for prefix, network in zip(("generator", "discriminator"), pair)
        for name, tensor in network.named_parameters()
    }


def build(state):
    """Both networks with these weights, and an optimiser for each."""
    pair = [network.float32() for network in networks()]
    for name, tensor in named(pair).items():
        # Left lazy, the broadcast of a bias of one element may fail to compile.
        tensor.update(native(state[name])).sync(False, False)
    return *pair, *(OPTIMISER(network) for network in pair)


def compute(gan, losses):
    """Compute what Jittor would leave lazy, and fuse with the next update."""
    generator, discriminator, *optimisers = gan
    groups = [(group, each.slots) for each in optimisers for group in each.param_groups]
    slots = [slot for group, names in groups for name in names for slot in group[name]]
    jt.sync([*generator.parameters(), *discriminator.parameters(), *slots, *losses])


def train_step(gan, critic_inputs, generator_inputs):
    """Make every update of a step on NumPy arrays; return the last losses of D and G."""
    generator, discriminator, optimiser_g, optimiser_d = gan
    generator.train()
    discriminator.train()
$UPDATES


def sample(generator, noise):
    """Samples for noise (N, latent_dim), with running statistics."""
    generator.eval()
    return generator(native(noise)).numpy()
'''
HEAD = 'DTYPE = "float32"'
