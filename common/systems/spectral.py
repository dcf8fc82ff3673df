"""The spectrally normalised GANs."""

from common.systems.losses import Vanilla
from common.systems.networks import SNDCGAN, SNGANResNet
from common.systems.optimisers import Adam
from common.systems.schedules import SharedFakes
from common.systems.system import System

SNGAN = System(
    name="sngan",
    title="Spectrally normalised GAN, 32×32 SNDCGAN",
    source="godisboy, SN-GAN: train.py",
    citation="Miyato et al. 2018, arXiv:1802.05957",
    networks=SNDCGAN(
        latent_dim=128, base_channels=64, spectral_norm="detached", channels=3, image_size=32
    ),
    initialiser="dcgan",
    noise="normal",
    loss=Vanilla(),  # the source's; the paper uses "hinge"
    schedule=SharedFakes(),
    optimiser=Adam(learning_rate=2e-4, beta1=0.0, beta2=0.9, epsilon=1e-8),
    batch_size=64,
)

SNGAN_RESNET = System(
    name="sngan_resnet",
    title="Spectrally normalised GAN, 64×64 residual pair",
    source="godisboy, SN-GAN: train-res.py",
    citation="Miyato et al. 2018, arXiv:1802.05957",
    networks=SNGANResNet(
        latent_dim=128, base_channels=64, spectral_norm="detached", channels=3, image_size=64
    ),
    initialiser="dcgan",
    noise="normal",
    loss=Vanilla(),
    schedule=SharedFakes(),
    optimiser=Adam(learning_rate=2e-4, beta1=0.5, beta2=0.999, epsilon=1e-8),
    batch_size=32,
)
