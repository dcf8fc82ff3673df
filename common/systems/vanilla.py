"""The GANs with the cross-entropy of the original paper, non-saturating."""

from common.systems.losses import Vanilla
from common.systems.networks import DCGANMnist, Facade, GANMoments
from common.systems.optimisers import SGD, Adam
from common.systems.schedules import Alternating, SharedFakes
from common.systems.system import System

DCGAN_FACADE = System(
    name="dcgan_facade",
    title="The cross-entropy baseline of lsgan_facade: the same networks",
    source="facade tutorial, 4.3: discriminator and losses; the rest is our choice",
    citation="Radford et al. 2016, arXiv:1511.06434",
    networks=Facade(latent_dim=100, base_channels=64, channels=3, image_size=64),
    initialiser="dcgan",
    noise="normal",
    loss=Vanilla(),
    schedule=SharedFakes(),
    optimiser=Adam(learning_rate=2e-4, beta1=0.5, beta2=0.999, epsilon=1e-8),
    batch_size=64,
)

GAN_MOMENTS = System(
    name="gan_moments",
    title="Vanilla GAN on numbers from N(4, 1.25): D sees four moments of a minibatch",
    source="devnag, pytorch-generative-adversarial-networks",
    citation="Goodfellow et al. 2014",
    networks=GANMoments(latent_dim=1, generator_features=5, discriminator_features=10),
    initialiser="uniform_fan_in",
    noise="uniform",
    loss=Vanilla(),
    schedule=Alternating(noise_reuse="fresh", discriminator_steps=20, generator_steps=20),
    optimiser=SGD(learning_rate=1e-3, momentum=0.9),
    batch_size=500,
)

DCGAN_MNIST = System(
    name="dcgan_mnist",
    title="DCGAN on 28×28 digits: max-pooling D, ReLU before batch norm in G",
    source="CS231n, GANs on MNIST: DCGAN section",
    citation="Radford et al. 2016, arXiv:1511.06434",
    networks=DCGANMnist(
        latent_dim=96, base_channels=32, dense_features=1024, channels=1, image_size=28
    ),
    initialiser="uniform_fan_in",
    noise="uniform_symmetric",
    loss=Vanilla(),
    schedule=Alternating(noise_reuse="same"),
    optimiser=Adam(learning_rate=3e-4, beta1=0.5, beta2=0.999, epsilon=1e-8),
    batch_size=128,
)
