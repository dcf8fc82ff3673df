"""The training loop and sampling."""

from collections.abc import Iterable, Iterator

import numpy as np
from jittor import Var, nn

from common.batches import Batch
from jittor_impl import probes
from jittor_impl.gan import GAN
from jittor_impl.interop import to_canonical, to_native
from jittor_impl.steps import discriminator_step, generator_step


def train(gan: GAN, batches: Iterable[Batch]) -> Iterator[tuple[int, Var, Var]]:
    """Update D, then G, on each batch and yield (step, discriminator loss, generator loss).

    The losses stay on the device: reading one waits for it.
    """
    for batch in batches:
        gan.generator.train()
        gan.discriminator.train()
        discriminator_loss = discriminator_step(
            gan.generator,
            gan.discriminator,
            gan.discriminator_optimiser,
            to_native(batch.real),
            to_native(batch.discriminator_noise),
            loss=gan.discriminator_loss,
        )
        generator_loss = generator_step(
            gan.generator,
            gan.discriminator,
            gan.generator_optimiser,
            to_native(batch.generator_noise),
            loss=gan.generator_loss,
        )
        yield batch.step, discriminator_loss, generator_loss


def sample(generator: nn.Module, noise: np.ndarray) -> np.ndarray:
    """Images (N, C, H, W) for noise (N, latent_dim), with running statistics, as an array."""
    return to_canonical(probes.forward(generator, to_native(noise), training=False))
