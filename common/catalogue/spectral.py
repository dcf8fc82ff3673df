"""The spectrally normalised GANs."""

from common.catalogue.system import System

SNGAN = System(
    name="sngan",
    seed="S3",
    title="Spectrally normalised GAN, 32×32 SNDCGAN",
    citation="godisboy, SN-GAN: train.py; Miyato et al. 2018, arXiv:1802.05957",
    architecture="sngan",
    image_size=32,
    channels=3,
    latent_dim=128,
    base_channels=64,
    spectral_norm="constant",
    initialiser="dcgan",
    noise="normal",
    noise_reuse="fake",
    loss="vanilla",  # the seed's; the paper's own is "hinge"
    optimiser="adam",
    learning_rate=2e-4,
    beta1=0.0,
    beta2=0.9,
    epsilon=1e-8,
    batch_size=64,
)

SNGAN_RESNET = System(
    name="sngan_resnet",
    seed="S3",
    title="Spectrally normalised GAN, 64×64 residual pair",
    citation="godisboy, SN-GAN: train-res.py; Miyato et al. 2018, arXiv:1802.05957",
    architecture="sngan_resnet",
    image_size=64,
    channels=3,
    latent_dim=128,
    base_channels=64,
    spectral_norm="constant",
    initialiser="dcgan",
    noise="normal",
    noise_reuse="fake",
    loss="vanilla",
    optimiser="adam",
    learning_rate=2e-4,
    beta1=0.5,
    beta2=0.999,
    epsilon=1e-8,
    batch_size=32,
)
