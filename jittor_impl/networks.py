"""The two networks of a row, with the sizes that its options give them."""

from jittor import nn

from common.catalogue import System
from jittor_impl.device import _chosen_dtype
from jittor_impl.models import (
    dcgan,
    dcgan_mnist,
    facade,
    gan_moments,
    lsgan_jittor,
    lsgan_keras,
    lsgan_mlp,
    lsgan_pytorch,
    mlp,
    sngan,
    sngan_resnet,
    toy_mlp,
    wgan_gp,
)


def build_networks(system: System) -> tuple[nn.Module, nn.Module]:
    """The row's generator and discriminator with this framework's own initial weights."""
    # Jittor's layers create float32 parameters; the method is network.float32 or network.float64.
    return tuple(getattr(network, _chosen_dtype())() for network in _pair(system))


def _pair(system: System) -> tuple[nn.Module, nn.Module]:
    image = {"image_size": system.image_size, "channels": system.channels}
    latent = {"latent_dim": system.latent_dim}
    width = {"base_channels": system.base_channels}
    match system.architecture:
        case "lsgan_jittor":
            return (
                lsgan_jittor.Generator(**latent, **width, **image),
                lsgan_jittor.Discriminator(**width, **image),
            )
        case "lsgan_keras":
            return (
                lsgan_keras.Generator(**latent, **width, **image),
                lsgan_keras.Discriminator(**width, **image, dropout=system.dropout),
            )
        case "lsgan_pytorch":
            return (
                lsgan_pytorch.Generator(**latent, **width, **image),
                lsgan_pytorch.Discriminator(**width, **image, dropout=system.dropout),
            )
        case "facade":
            return (
                dcgan.Generator(**latent, **width, **image, normalization="batch"),
                facade.Discriminator(**width, **image),
            )
        case "gan_moments":
            return (
                gan_moments.Generator(**latent, features=system.generator_features),
                gan_moments.Discriminator(features=system.discriminator_features),
            )
        case "dcgan":
            norm = {"normalization": system.normalization}
            return (
                dcgan.Generator(**latent, **width, **image, **norm),
                dcgan.Discriminator(**width, **image, **norm),
            )
        case "mlp":
            return mlp.Generator(**latent, **width, **image), mlp.Discriminator(**width, **image)
        case "wgan_gp":
            channels = {"channels": system.channels}
            return (
                wgan_gp.Generator(**latent, **width, **channels),
                wgan_gp.Discriminator(**width, **channels),
            )
        case "toy_mlp":
            points = {"point_dim": system.point_dim}
            return (
                toy_mlp.Generator(**latent, features=system.generator_features, **points),
                toy_mlp.Discriminator(features=system.discriminator_features, **points),
            )
        case "sngan":
            channels = {"channels": system.channels}
            return (
                sngan.Generator(**latent, **width, **channels),
                sngan.Discriminator(**width, **channels, rule=system.spectral_norm),
            )
        case "sngan_resnet":
            rule, channels = {"rule": system.spectral_norm}, {"channels": system.channels}
            return (
                sngan_resnet.Generator(**latent, **width, **image),
                sngan_resnet.Discriminator(**width, **channels, **rule),
            )
        case "lsgan_mlp":
            return (
                lsgan_mlp.Generator(**latent, features=system.generator_features, **image),
                lsgan_mlp.Discriminator(features=system.discriminator_features, **image),
            )
        case "dcgan_mnist":
            dense = {"dense_features": system.dense_features}
            return (
                dcgan_mnist.Generator(**latent, **width, **dense, **image),
                dcgan_mnist.Discriminator(**width, **dense, **image),
            )
    raise ValueError(f"no architecture {system.architecture!r}")
