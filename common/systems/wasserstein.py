"""The Wasserstein GANs, with clipped weights and with a gradient penalty."""

from common.systems.losses import Wasserstein, WassersteinGP
from common.systems.networks import DCGAN, WGANGP, ToyMLP
from common.systems.optimisers import Adam, RMSprop
from common.systems.schedules import Alternating, WarmUp
from common.systems.system import System

WGAN = System(
    name="wgan",
    title="Wasserstein GAN, 64×64 DCGAN or MLP, clipped weights",
    source="arjovsky, WassersteinGAN",
    citation="Arjovsky et al. 2017, arXiv:1701.07875",
    networks=DCGAN(
        latent_dim=100,
        base_channels=64,
        normalization="batch",  # or "none", in both networks
        channels=3,
        image_size=64,
    ),
    initialiser="dcgan",
    noise="normal",
    loss=Wasserstein(
        wasserstein_sign=-1.0,  # as in the source: the critic scores real images low
        weight_clip=0.01,
    ),
    schedule=Alternating(
        noise_reuse="fresh",
        discriminator_steps=5,
        warm_up=WarmUp(warm_discriminator_steps=100, warm_steps=25, warm_every=500),
    ),
    optimiser=RMSprop(learning_rate=5e-5, decay=0.99, epsilon=1e-8),
    batch_size=64,
)

WGAN_GP = System(
    name="wgan_gp",
    title="Wasserstein GAN with gradient penalty, 28×28, pixels in [0, 1]",
    source="caogang, wgan-gp: gan_mnist.py",
    citation="Gulrajani et al. 2017, arXiv:1704.00028",
    networks=WGANGP(latent_dim=128, base_channels=64, channels=1, image_size=28),
    initialiser="uniform_fan_in",
    noise="normal",
    loss=WassersteinGP(wasserstein_sign=1.0, penalty_weight=10.0),
    schedule=Alternating(noise_reuse="fresh", discriminator_steps=5),
    optimiser=Adam(learning_rate=1e-4, beta1=0.5, beta2=0.9, epsilon=1e-8),
    batch_size=50,
)

WGAN_GP_TOY = System(
    name="wgan_gp_toy",
    title="Wasserstein GAN with gradient penalty on points in the plane, two MLPs",
    source="caogang, wgan-gp: gan_toy.py",
    citation="Gulrajani et al. 2017, arXiv:1704.00028",
    networks=ToyMLP(latent_dim=2, generator_features=512, discriminator_features=512, point_dim=2),
    initialiser="normal",
    noise="normal",
    loss=WassersteinGP(wasserstein_sign=1.0, penalty_weight=0.1),
    schedule=Alternating(noise_reuse="fresh", discriminator_steps=5),
    optimiser=Adam(learning_rate=1e-4, beta1=0.5, beta2=0.9, epsilon=1e-8),
    batch_size=256,
)
