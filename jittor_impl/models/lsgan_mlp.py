"""The MLP pair of CS231n's GANs on MNIST."""

from jittor import Var, nn

from jittor_impl.layers import Linear, leaky_relu, tanh


class Generator(nn.Module):
    """Three linear layers from noise (N, latent_dim) to images in (−1, 1)."""

    def __init__(self, *, latent_dim: int, features: int, image_size: int, channels: int) -> None:
        self.image_shape = (channels, image_size, image_size)
        self.linear1 = Linear(latent_dim, features)
        self.linear2 = Linear(features, features)
        self.linear3 = Linear(features, channels * image_size**2)

    def execute(self, noise: Var) -> Var:
        hidden = nn.relu(self.linear1(noise))
        hidden = nn.relu(self.linear2(hidden))
        return tanh(self.linear3(hidden)).reshape((-1, *self.image_shape))


class Discriminator(nn.Module):
    """Three linear layers from images to scores (N,), without a sigmoid."""

    def __init__(self, *, features: int, image_size: int, channels: int) -> None:
        self.linear1 = Linear(channels * image_size**2, features)
        self.linear2 = Linear(features, features)
        self.linear3 = Linear(features, 1)

    def execute(self, images: Var) -> Var:
        hidden = leaky_relu(self.linear1(images.flatten(1)), negative_slope=0.2)
        hidden = leaky_relu(self.linear2(hidden), negative_slope=0.2)
        return self.linear3(hidden).squeeze(1)
