"""The GANs with the cross-entropy of the original paper, non-saturating."""

from common.catalogue.system import System

DCGAN_FACADE = System(
    name="dcgan_facade",
    seed="S2",
    title="The cross-entropy baseline of lsgan_facade: the same networks",
    citation=(
        "the discriminator of the seed; generator, initialiser and Adam are our choice, after "
        "Radford et al. 2016, arXiv:1511.06434"
    ),
    architecture="facade",
    image_size=64,
    channels=3,
    latent_dim=100,
    base_channels=64,
    initialiser="dcgan",
    noise="normal",
    noise_reuse="fake",
    loss="vanilla",
    optimiser="adam",
    learning_rate=2e-4,
    beta1=0.5,
    beta2=0.999,
    epsilon=1e-8,
    batch_size=64,
)

GAN_MOMENTS = System(
    name="gan_moments",
    seed="S3",
    title="Vanilla GAN on numbers from N(4, 1.25): D sees four moments of a minibatch",
    citation="devnag, pytorch-generative-adversarial-networks; Goodfellow et al. 2014",
    architecture="gan_moments",
    point_dim=1,
    latent_dim=1,
    generator_features=5,
    discriminator_features=10,
    initialiser="uniform_fan_in",
    noise="uniform",
    noise_reuse="fresh",
    loss="vanilla",
    discriminator_steps=20,
    generator_steps=20,
    optimiser="sgd",
    learning_rate=1e-3,
    momentum=0.9,
    batch_size=500,
)

DCGAN_MNIST = System(
    name="dcgan_mnist",
    seed="S4",
    title="DCGAN on 28×28 digits: max-pooling D, ReLU before batch norm in G",
    citation="CS231n, GANs on MNIST: DCGAN section; Radford et al. 2016, arXiv:1511.06434",
    architecture="dcgan_mnist",
    image_size=28,
    channels=1,
    latent_dim=96,
    base_channels=32,
    dense_features=1024,
    initialiser="uniform_fan_in",
    noise="uniform_symmetric",
    noise_reuse="same",
    loss="vanilla",
    real_label=1.0,
    fake_label=0.0,
    gen_label=1.0,
    discriminator_factor=0.5,
    generator_factor=0.5,
    optimiser="adam",
    learning_rate=3e-4,
    beta1=0.5,
    beta2=0.999,
    epsilon=1e-8,
    batch_size=128,
)
