"""The pair of devnag's GAN on numbers: the discriminator sees four moments."""

import jittor as jt
from jittor import Var, nn

from jittor_impl.layers import Linear, average, spread, tanh


class Generator(nn.Module):
    """Three linear layers from noise (N, latent_dim) to numbers (N, 1)."""

    def __init__(self, *, latent_dim: int, features: int) -> None:
        self.linear1 = Linear(latent_dim, features)
        self.linear2 = Linear(features, features)
        self.linear3 = Linear(features, 1)

    def execute(self, noise: Var) -> Var:
        hidden = tanh(self.linear1(noise))
        hidden = tanh(self.linear2(hidden))
        return self.linear3(hidden)


class Discriminator(nn.Module):
    """Three linear layers on the moments of a whole minibatch (N, 1), to one score (1,)."""

    def __init__(self, *, features: int) -> None:
        self.linear1 = Linear(4, features)
        self.linear2 = Linear(features, features)
        self.linear3 = Linear(features, 1)

    def execute(self, numbers: Var) -> Var:
        hidden = self.linear1(_moments(numbers)).sigmoid()
        hidden = self.linear2(hidden).sigmoid()
        return self.linear3(hidden)


def _moments(numbers: Var) -> Var:
    """Mean, standard deviation, skewness and excess kurtosis, of the population."""
    mean = average(numbers)
    centred = numbers - spread(mean, numbers)
    deviation = average(centred.sqr()).sqrt()
    scaled = centred / spread(deviation, centred)
    skewness, kurtosis = average(scaled.pow(3)), average(scaled.pow(4))
    return jt.concat([mean, deviation, skewness, kurtosis - 3])
