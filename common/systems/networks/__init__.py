"""The network families: their sizes, the arguments every port receives, and their tensors."""

from common.systems.networks.dcgan import DCGAN, Facade
from common.systems.networks.digits import WGANGP, DCGANMnist
from common.systems.networks.lsgan import LSGANJittor, LSGANKeras, LSGANPyTorch
from common.systems.networks.mlp import LSGANMLP, MLP, GANMoments, ToyMLP
from common.systems.networks.sngan import SNDCGAN, SNGANResNet

__all__ = [
    "DCGAN",
    "LSGANMLP",
    "MLP",
    "SNDCGAN",
    "WGANGP",
    "DCGANMnist",
    "Facade",
    "GANMoments",
    "LSGANJittor",
    "LSGANKeras",
    "LSGANPyTorch",
    "Networks",
    "SNGANResNet",
    "ToyMLP",
]

Networks = (
    LSGANJittor
    | LSGANKeras
    | LSGANPyTorch
    | Facade
    | GANMoments
    | DCGAN
    | MLP
    | WGANGP
    | ToyMLP
    | SNDCGAN
    | SNGANResNet
    | LSGANMLP
    | DCGANMnist
)
