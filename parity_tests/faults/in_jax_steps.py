"""Faults planted in JAX: gradients, updates, what a step is given, averages and samples."""

from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from jax import lax

from common.parity.timeline import (
    AVERAGE,
    GRADIENT,
    INPUTS,
    SAMPLING,
    UPDATE,
)
from parity_tests.faults.planting import (
    Fault,
    change,
    part,
    with_arrays,
)


class _StillBias(nnx.Linear):
    def __call__(self, inputs: jax.Array) -> jax.Array:
        return inputs @ self.kernel[...] + lax.stop_gradient(self.bias[...])


def _biases_without_gradients(patch: pytest.MonkeyPatch) -> None:
    model = part("jax", "models.gan_moments")
    patch.setattr(model, "_linear", partial(_StillBias, param_dtype=float))


def _gradient_of_a_kernel_flipped(patch: pytest.MonkeyPatch) -> None:
    transposed = part("jax", "convolution").conv_transpose
    original = transposed.bwd

    def backward(*arguments):
        of_inputs, of_kernel = original(*arguments)
        return of_inputs, of_kernel[::-1, ::-1]

    patch.setattr(transposed, "bwd", backward)


def _derivative_of_one_at_zero(patch: pytest.MonkeyPatch) -> None:
    """JAX's own LeakyReLU has it."""
    model = part("jax", "models.lsgan_mlp")
    patch.setattr(
        model,
        "leaky_relu",
        lambda inputs, *, negative_slope: nnx.leaky_relu(inputs, negative_slope),
    )


def _no_bias_correction(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(part("jax", "optimisers"), "_one_minus_power", lambda beta, step: 1.0)


def _moments_in_float32(patch: pytest.MonkeyPatch) -> None:
    change(
        patch,
        part("jax", "optimisers"),
        "_average",
        lambda average: (
            lambda *arguments: jax.tree.map(
                lambda moment: moment.astype(jnp.float32).astype(float), average(*arguments)
            )
        ),
    )


def _learning_rate_in_float32(patch: pytest.MonkeyPatch) -> None:
    gan = part("jax", "gan")
    original = gan.build_optimiser

    def build(system, network):
        rate = float(np.float32(system.optimiser.learning_rate))
        optimiser = replace(system.optimiser, learning_rate=rate)
        return original(replace(system, optimiser=optimiser), network)

    patch.setattr(gan, "build_optimiser", build)


def _one_real_batch_for_all_updates(patch: pytest.MonkeyPatch) -> None:
    def repeated(arrays):
        real = arrays.discriminator[0].real
        updates = tuple(replace(inputs, real=real) for inputs in arrays.discriminator)
        return replace(arrays, discriminator=updates)

    with_arrays(patch, "jax", repeated)


def _key_that_is_not_split(patch: pytest.MonkeyPatch) -> None:
    """Every step draws the noise of the first."""
    first = []

    def repeated(arrays):
        first.append(arrays.discriminator[0].noise)
        updates = tuple(replace(inputs, noise=first[0]) for inputs in arrays.discriminator)
        of_generator = tuple(replace(inputs, noise=first[0]) for inputs in arrays.generator)
        return replace(arrays, discriminator=updates, generator=of_generator)

    with_arrays(patch, "jax", repeated)


def _decay_for_share(patch: pytest.MonkeyPatch) -> None:
    change(
        patch,
        part("jax", "sampling"),
        "update_average",
        lambda update: (
            lambda average, generator, *, decay: update(average, generator, decay=1 - decay)
        ),
    )


def _buffers_copied(patch: pytest.MonkeyPatch) -> None:
    sampling = part("jax", "sampling")
    original = sampling.update_average

    def update(average, generator, *, decay):
        original(average, generator, decay=decay)
        nnx.update(average, nnx.state(generator, nnx.BatchStat))

    patch.setattr(sampling, "update_average", update)


def _samples_from_zero_to_one(patch: pytest.MonkeyPatch) -> None:
    change(
        patch,
        part("jax", "sampling"),
        "sample",
        lambda sample: lambda network, noise: (sample(network, noise) + 1) / 2,
    )


FAULTS = [
    Fault("biases without gradients", "jax", "gan_moments", GRADIENT, _biases_without_gradients),
    Fault(
        "gradient of a kernel flipped",
        "jax",
        "dcgan_mnist",
        GRADIENT,
        _gradient_of_a_kernel_flipped,
    ),
    Fault("derivative of one at zero", "jax", "lsgan_mlp", GRADIENT, _derivative_of_one_at_zero),
    Fault("no bias correction", "jax", "lsgan_mlp", UPDATE, _no_bias_correction),
    Fault("moments in float32", "jax", "wgan_gp_toy", UPDATE, _moments_in_float32),
    Fault("learning rate in float32", "jax", "gan_moments", UPDATE, _learning_rate_in_float32),
    Fault(
        "one real batch for all updates",
        "jax",
        "wgan_gp_toy",
        INPUTS,
        _one_real_batch_for_all_updates,
    ),
    Fault("a key that is not split", "jax", "lsgan_mlp", INPUTS, _key_that_is_not_split),
    Fault("decay for share", "jax", "gan_moments", AVERAGE, _decay_for_share),
    Fault("buffers copied", "jax", "dcgan_mnist", AVERAGE, _buffers_copied),
    Fault("samples from zero to one", "jax", "lsgan_mlp", SAMPLING, _samples_from_zero_to_one),
]
