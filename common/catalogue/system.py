"""What a row of the catalogue says."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class System:
    """One GAN as its source has it.

    `None` marks an option that the row does not have: `--set` refuses it. The defaults below are
    what a row uses once it is set to a loss or an optimiser that its source does not have.
    """

    name: str
    seed: str  # the document under which the row was asked for
    title: str
    citation: str

    # networks
    architecture: str  # the module under */models that holds the two networks
    image_size: int | None = None  # pixels, height and width
    channels: int | None = None
    point_dim: int | None = None  # numbers a sample, where samples are points and not images
    latent_dim: int
    base_channels: int | None = None  # the sources' ngf, ndf and DIM
    dense_features: int | None = None  # width of the hidden linear layers
    generator_features: int | None = None
    discriminator_features: int | None = None
    normalization: str | None = None  # "batch" or "none"
    dropout: float | None = None  # the share of units dropped in the discriminator
    spectral_norm: str | None = None  # "constant" or "differentiable", the rule for sigma
    pixel_range: str = "symmetric"  # [−1, 1]; or "unit", [0, 1]
    initialiser: str  # a rule of common.initialise

    # noise
    noise: str  # a distribution of common.streams
    noise_reuse: str  # what the generator's step starts from: "fresh" or the "same" noise, or the
    # "fake" images of the discriminator's step

    # loss
    loss: str  # a pair of */losses.py
    real_label: float = 1.0  # least squares
    fake_label: float = 0.0
    gen_label: float = 1.0
    discriminator_factor: float = 0.5
    generator_factor: float = 0.5
    wasserstein_sign: float = 1.0  # 1: the critic scores real samples high; −1: low
    weight_clip: float = 0.01  # wasserstein: the critic's weights stay in ± this
    penalty_weight: float = 10.0  # wasserstein_gp: λ

    # schedule of one step
    order: str = "discriminator_first"  # or "generator_first", on one mixed batch
    discriminator_steps: int = 1
    generator_steps: int = 1
    warm_discriminator_steps: int | None = None  # instead, in the first `warm_steps` steps and
    warm_steps: int | None = None  # in every `warm_every`-th one
    warm_every: int | None = None

    # optimisation, one optimiser of this kind per network
    optimiser: str  # "adam", "keras_adam", "rmsprop" or "sgd"
    learning_rate: float
    beta1: float = 0.5  # both kinds of adam
    beta2: float = 0.999
    epsilon: float = 1e-8  # both kinds of adam, and rmsprop: outside the square root
    decay: float = 0.99  # rmsprop
    momentum: float = 0.9  # sgd
    batch_size: int  # real samples in one update of the discriminator

    @property
    def sample_shape(self) -> tuple[int, ...]:
        """The shape of one sample: (C, H, W), or (point_dim,)."""
        if self.point_dim is not None:
            return (self.point_dim,)
        assert self.image_size is not None
        assert self.channels is not None
        return (self.channels, self.image_size, self.image_size)

    def discriminator_steps_at(self, step: int) -> int:
        """How many updates the discriminator has in that step, counted from 1."""
        if self.warm_discriminator_steps and self.warm_steps and self.warm_every:
            done = step - 1
            if done < self.warm_steps or done % self.warm_every == 0:
                return self.warm_discriminator_steps
        return self.discriminator_steps
