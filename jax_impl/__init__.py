"""The GANs in JAX: Flax NNX modules, jitted transformations and optax."""
