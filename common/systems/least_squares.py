"""The least-squares GANs."""

from common.systems.losses import LeastSquares
from common.systems.networks import LSGANMLP, Facade, LSGANJittor, LSGANKeras, LSGANPyTorch
from common.systems.optimisers import Adam, KerasAdam
from common.systems.schedules import Alternating, MixedBatch, SharedFakes
from common.systems.system import System

LSGAN_JITTOR = System(
    name="lsgan_jittor",
    title="Least-squares GAN, 112×112 convolutional pair",
    source="Jittor notebook LSGAN",
    citation="Mao et al. 2017, arXiv:1611.04076",
    networks=LSGANJittor(latent_dim=1024, base_channels=64, channels=1, image_size=112),
    initialiser="uniform_fan_in",
    noise="normal",
    loss=LeastSquares(
        real_label=1.0,
        fake_label=0.0,
        gen_label=1.0,
        discriminator_factor=1.0,
        generator_factor=1.0,
    ),
    schedule=Alternating(noise_reuse="fresh"),
    optimiser=Adam(learning_rate=2e-4, beta1=0.5, beta2=0.999, epsilon=1e-8),
    batch_size=128,
)

LSGAN_KERAS = System(
    name="lsgan_keras",
    title="Least-squares GAN, 28×28: generator first, one mixed batch for D",
    source="MorvanZhou, mnistGANs: lsgan.py",
    citation="Mao et al. 2017, arXiv:1611.04076",
    networks=LSGANKeras(latent_dim=100, base_channels=32, dropout=0.3, channels=1, image_size=28),
    initialiser="glorot_uniform",
    noise="normal",
    loss=LeastSquares(
        real_label=1.0,
        fake_label=-1.0,
        gen_label=1.0,  # the source also offers 0, for which the objective is a χ² divergence
        discriminator_factor=0.5,  # one mean over a batch that is half real, half fake
        generator_factor=1.0,
    ),
    schedule=MixedBatch(),
    # The source uses one Adam for both networks, which Keras 3 rejects: here each network has
    # its own.
    optimiser=KerasAdam(learning_rate=2e-4, beta1=0.5, beta2=0.999, epsilon=1e-7),
    batch_size=32,
)

LSGAN_PYTORCH = System(
    name="lsgan_pytorch",
    title="Least-squares GAN, 32×32: nearest upsampling, dropped channels, eps 0.8",
    source="PyTorch-GAN, lsgan.py",
    citation="Mao et al. 2017, arXiv:1611.04076",
    networks=LSGANPyTorch(
        latent_dim=100, base_channels=16, dropout=0.25, channels=1, image_size=32
    ),
    initialiser="dcgan",
    noise="normal",
    loss=LeastSquares(
        real_label=1.0,
        fake_label=0.0,
        gen_label=1.0,
        discriminator_factor=0.5,
        generator_factor=1.0,
    ),
    schedule=SharedFakes(),
    optimiser=Adam(learning_rate=2e-4, beta1=0.5, beta2=0.999, epsilon=1e-8),
    batch_size=64,
)

LSGAN_FACADE = System(
    name="lsgan_facade",
    title="Least-squares GAN, 64×64 DCGAN with a linear head",
    source="facade tutorial, 4.3: discriminator and losses; the rest is our choice",
    citation="Radford et al. 2016, arXiv:1511.06434",
    networks=Facade(latent_dim=100, base_channels=64, channels=3, image_size=64),
    initialiser="dcgan",
    noise="normal",
    loss=LeastSquares(
        real_label=1.0,
        fake_label=0.0,
        gen_label=1.0,
        discriminator_factor=0.5,
        generator_factor=0.5,
    ),
    schedule=SharedFakes(),
    optimiser=Adam(learning_rate=2e-4, beta1=0.5, beta2=0.999, epsilon=1e-8),
    batch_size=64,
)

LSGAN_MLP = System(
    name="lsgan_mlp",
    title="Least-squares GAN, two MLPs on 28×28 digits",
    source="CS231n, GANs on MNIST: LSGAN section",
    citation="Mao et al. 2017, arXiv:1611.04076",
    networks=LSGANMLP(
        latent_dim=96,
        generator_features=1024,
        discriminator_features=256,
        channels=1,
        image_size=28,
    ),
    initialiser="uniform_fan_in",
    noise="uniform_symmetric",
    loss=LeastSquares(
        real_label=1.0,
        fake_label=0.0,
        gen_label=1.0,
        discriminator_factor=0.5,
        generator_factor=0.5,
    ),
    schedule=Alternating(noise_reuse="same"),
    optimiser=Adam(learning_rate=3e-4, beta1=0.5, beta2=0.999, epsilon=1e-8),
    batch_size=128,
)
