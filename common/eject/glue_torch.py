"""What joins PyTorch's parts to a script; the marks are those of `glue_numpy`."""

TEXT = '''
import torch


def native(array):
    """A NumPy array, images as (N, C, H, W), as a tensor."""
    return torch.as_tensor(array, dtype=torch.float32, device=DEVICE)


def networks():
    """The generator and the discriminator."""
$NETWORKS


def named(pair):
    """Every tensor of both networks, by name."""
    return {
        f"{prefix}.{name}": tensor
        for prefix, network in zip(("generator", "discriminator"), pair)
        for name, tensor in network.state_dict().items()
    }


def build(state):
    """Both networks with these weights, and an optimiser for each."""
    pair = [network.to(DEVICE) for network in networks()]
    for name, tensor in named(pair).items():
        tensor.copy_(native(state[name]))
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
    with torch.no_grad():
        return generator(native(noise)).cpu().numpy()
'''
HEAD = 'DEVICE = "cpu"  # or "cuda"'
