"""The layers of each architecture family, listed once and independently of the ports."""

from collections.abc import Callable, Iterator

from common.catalogue import System
from common.networks import dcgan, digits, lsgan, mlp, sngan
from common.parameters import Parameter

NETWORKS: dict[str, Callable[[System], Iterator[Parameter]]] = {
    "lsgan_jittor": lsgan.lsgan_jittor,
    "lsgan_keras": lsgan.lsgan_keras,
    "lsgan_pytorch": lsgan.lsgan_pytorch,
    "facade": dcgan.facade,
    "gan_moments": mlp.gan_moments,
    "dcgan": dcgan.dcgan,
    "mlp": mlp.mlp,
    "wgan_gp": digits.wgan_gp,
    "toy_mlp": mlp.toy_mlp,
    "sngan": sngan.sngan,
    "sngan_resnet": sngan.sngan_resnet,
    "lsgan_mlp": mlp.lsgan_mlp,
    "dcgan_mnist": digits.dcgan_mnist,
}
