"""What joins PyTorch's parts to a script; the marks are those of `glue_numpy`."""

TEXT = '''
import torch
from torch import nn


def native(array):
    """A NumPy array as a tensor."""
    return torch.as_tensor(array, dtype=torch.float32, device=DEVICE)


def build(rng):
    """Both networks, $INITIALISER, and their optimisers."""
    torch.manual_seed(int(rng.integers(2**31)))  # PyTorch itself draws U(±1/√fan_in)
    generator, discriminator = Generator($GENERATOR), Discriminator($DISCRIMINATOR)
    for layer in (*generator.modules(), *discriminator.modules()):  #? dcgan
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):  #? dcgan
            nn.init.normal_(layer.weight, 0, 0.02)  #? dcgan
        elif isinstance(layer, BatchNorm):  #? dcgan norms
            nn.init.normal_(layer.weight, 1, 0.02)  #? dcgan norms
    for layer in (*generator.modules(), *discriminator.modules()):  #? !dcgan !uniform_fan_in
        if isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):  #? !dcgan !uniform_fan_in
            nn.init.xavier_uniform_(layer.weight)  #? glorot_uniform
            nn.init.normal_(layer.weight, 0, 0.02)  #? normal
            nn.init.zeros_(layer.bias)  #? !dcgan !uniform_fan_in
    generator, discriminator = generator.to(DEVICE), discriminator.to(DEVICE)
    return generator, discriminator, OPTIMISER(generator), OPTIMISER(discriminator)


$STEP
'''
SAMPLE = """
    generator.eval()
    with torch.no_grad():
        images = generator(draw_noise(rng, 64)).permute(0, 2, 3, 1).cpu().numpy()  #? images
        points = generator(draw_noise(rng, 64)).cpu().numpy()  #? !images
"""
HEAD = 'DEVICE = "cpu"  # or "cuda"'
