"""The systems: one frozen row each, every number written out, with the source it comes from."""

from dataclasses import dataclass

from common.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class System:
    """One GAN as its source has it.

    `None` marks an option that the row does not have: `--set` refuses it.
    """

    name: str
    seed: str  # the document under which the row was asked for
    title: str
    citation: str
    architecture: str  # the module under */models that holds the two networks

    # images and networks
    image_size: int  # pixels, height and width
    channels: int
    latent_dim: int
    base_channels: int | None = None  # maps after the discriminator's first convolution
    dense_features: int | None = None  # width of the hidden linear layers
    generator_features: int | None = None
    discriminator_features: int | None = None
    initialiser: str  # a rule of common.initialise

    # noise
    noise: str  # a distribution of common.streams
    noise_reuse: str  # "fresh": the generator's step draws again; "same": it takes the same noise

    # loss
    loss: str  # "vanilla" or "least_squares"
    real_label: float  # the three labels and two factors belong to least squares
    fake_label: float
    gen_label: float
    discriminator_factor: float
    generator_factor: float

    # optimisation, one optimiser of this kind per network
    optimiser: str  # "adam", "rmsprop" or "sgd"
    learning_rate: float
    beta1: float  # adam
    beta2: float  # adam
    epsilon: float  # adam and rmsprop, outside the square root
    decay: float  # rmsprop
    momentum: float  # sgd
    batch_size: int


LSGAN_MLP = System(
    name="lsgan_mlp",
    seed="S4",
    title="Least-squares GAN, two MLPs on 28×28 digits",
    citation="CS231n, GANs on MNIST: LSGAN section; Mao et al. 2017, arXiv:1611.04076",
    architecture="lsgan_mlp",
    image_size=28,
    channels=1,
    latent_dim=96,
    generator_features=1024,
    discriminator_features=256,
    initialiser="uniform_fan_in",
    noise="uniform_symmetric",
    noise_reuse="same",
    loss="least_squares",
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
    decay=0.99,
    momentum=0.9,
    batch_size=128,
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
    decay=0.99,
    momentum=0.9,
    batch_size=128,
)

LSGAN_JITTOR = System(
    name="lsgan_jittor",
    seed="S0",
    title="Least-squares GAN, 112×112 convolutional pair",
    citation="Jittor notebook LSGAN; Mao et al. 2017, arXiv:1611.04076",
    architecture="lsgan_jittor",
    image_size=112,
    channels=1,
    latent_dim=1024,
    base_channels=64,
    initialiser="uniform_fan_in",
    noise="normal",
    noise_reuse="fresh",
    loss="least_squares",
    real_label=1.0,
    fake_label=0.0,
    gen_label=1.0,
    discriminator_factor=1.0,
    generator_factor=1.0,
    optimiser="adam",
    learning_rate=2e-4,
    beta1=0.5,
    beta2=0.999,
    epsilon=1e-8,
    decay=0.99,
    momentum=0.9,
    batch_size=128,
)

SYSTEMS: dict[str, System] = {row.name: row for row in (LSGAN_MLP, DCGAN_MNIST, LSGAN_JITTOR)}


def find_system(name: str) -> System:
    """The row of that name.

    Raises:
        UsageError: no row has it; the message lists those there are.
    """
    if name not in SYSTEMS:
        raise UsageError(f"unknown system {name!r}; choose one of: {', '.join(SYSTEMS)}")
    return SYSTEMS[name]
