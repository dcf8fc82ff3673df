"""Faults planted in Jittor: gradients, updates, what a step is given, averages and samples."""

from dataclasses import replace

import jittor as jt
import numpy as np
import pytest

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
    with_options,
)


def _mean_of_jittor(patch: pytest.MonkeyPatch) -> None:
    """Its gradient rounds 1/N to float32."""
    patch.setattr(part("jittor", "losses"), "average", lambda scores: scores.mean())


def _ties_to_the_last(patch: pytest.MonkeyPatch) -> None:
    """The first of equal pixels in a window should have the gradient."""

    def pool(maps):
        rows = jt.ternary(maps[:, :, 1::2] >= maps[:, :, ::2], maps[:, :, 1::2], maps[:, :, ::2])
        left, right = rows[:, :, :, ::2], rows[:, :, :, 1::2]
        return jt.ternary(right >= left, right, left)

    patch.setattr(part("jittor", "models.dcgan_mnist"), "_max_pool", pool)


def _generator_step_on_detached_fakes(patch: pytest.MonkeyPatch) -> None:
    steps = part("jittor", "steps")

    class Detached:
        """The discriminator on detached inputs."""

        def __init__(self, network):
            self.network, self.train, self.eval = network, network.train, network.eval

        def __call__(self, fake, *masks):
            return self.network(fake.detach(), *masks)

    def detached(original):
        return lambda generator, discriminator, *others, **named: original(
            generator, Detached(discriminator), *others, **named
        )

    change(patch, steps, "generator_gradients", detached)
    change(patch, steps, "generator_step", detached)


def _epsilon_of_keras(patch: pytest.MonkeyPatch) -> None:
    optimisers = part("jittor", "optimisers")
    patch.setattr(optimisers._Adam, "move", optimisers._KerasAdam.move)


def _correction_of_the_next_step(patch: pytest.MonkeyPatch) -> None:
    adam = part("jittor", "optimisers")._Adam
    original = adam.move

    def move(optimiser, *arguments):
        optimiser.count += 1
        original(optimiser, *arguments)
        optimiser.count -= 1

    patch.setattr(adam, "move", move)


def _one_count_for_both_optimisers(patch: pytest.MonkeyPatch) -> None:
    """As if both networks shared one optimiser."""
    base = part("jittor", "optimisers")._Optimiser
    original, calls = base.step, []

    def step(optimiser, loss=None, retain_graph=False):
        optimiser.count = len(calls)
        calls.append(optimiser)
        original(optimiser, loss, retain_graph)

    patch.setattr(base, "step", step)


def _dampening(patch: pytest.MonkeyPatch) -> None:
    def move(optimiser, weight, gradient, momentum):
        momentum.update(momentum * optimiser.momentum + gradient * (1 - optimiser.momentum))
        weight.update(weight - momentum * optimiser.lr)

    patch.setattr(part("jittor", "optimisers")._SGD, "move", move)


def _half_of_the_parameters(patch: pytest.MonkeyPatch) -> None:
    """Weights are updated and biases are not."""
    change(
        patch,
        part("jittor", "optimisers")._SGD,
        "move",
        lambda move: (
            lambda optimiser, weight, *others: (
                move(optimiser, weight, *others) if weight.ndim > 1 else None
            )
        ),
    )


def _decay_of_keras(patch: pytest.MonkeyPatch) -> None:
    with_options(patch, "jittor", "build_optimiser", decay=0.9)


def _another_limit(patch: pytest.MonkeyPatch) -> None:
    change(
        patch,
        part("jittor", "schedule"),
        "clip_weights",
        lambda clip: lambda network, *, limit: clip(network, limit=10 * limit),
    )


def _fresh_noise(patch: pytest.MonkeyPatch) -> None:
    """The generator's step should take the discriminator's."""

    def fresh(arrays):
        rng = np.random.default_rng(arrays.step)
        (inputs,) = arrays.generator
        own = replace(inputs, noise=rng.uniform(-1, 1, inputs.noise.shape))
        return replace(arrays, generator=(own,))

    with_arrays(patch, "jittor", fresh)


def _real_batch_of_the_step_before(patch: pytest.MonkeyPatch) -> None:
    seen = []

    def late(arrays):
        (inputs,) = arrays.discriminator
        seen.append(inputs.real)
        return replace(arrays, discriminator=(replace(inputs, real=seen[-2:][0]),))

    with_arrays(patch, "jittor", late)


def _one_update_too_few(patch: pytest.MonkeyPatch) -> None:
    with_arrays(
        patch, "jittor", lambda arrays: replace(arrays, discriminator=arrays.discriminator[1:])
    )


def _average_a_step_late(patch: pytest.MonkeyPatch) -> None:
    """As if it were updated before the step."""
    sampling = part("jittor", "sampling")
    start, original = sampling.start_average, sampling.update_average
    late = []

    def start_both(gan):
        late.append(start(gan))
        return start(gan)

    def update(average, generator, *, decay):
        original(average, late[0], decay=decay)
        late[0].load_state_dict(generator.state_dict())

    patch.setattr(sampling, "start_average", start_both)
    patch.setattr(sampling, "update_average", update)


def _truncated_noise(patch: pytest.MonkeyPatch) -> None:
    change(
        patch,
        part("jittor", "sampling"),
        "sample",
        lambda sample: lambda network, noise: sample(network, np.clip(noise, -0.5, 0.5)),
    )


FAULTS = [
    Fault("ties to the last", "jittor", "dcgan_mnist", GRADIENT, _ties_to_the_last),
    Fault("Jittor's own mean", "jittor", "lsgan_mlp", GRADIENT, _mean_of_jittor),
    Fault(
        "generator's step on detached fakes",
        "jittor",
        "gan_moments",
        GRADIENT,
        _generator_step_on_detached_fakes,
    ),
    Fault("epsilon as Keras has it", "jittor", "lsgan_mlp", UPDATE, _epsilon_of_keras),
    Fault(
        "correction of the next step",
        "jittor",
        "wgan_gp_toy",
        UPDATE,
        _correction_of_the_next_step,
    ),
    Fault(
        "one count for both optimisers",
        "jittor",
        "lsgan_mlp",
        UPDATE,
        _one_count_for_both_optimisers,
    ),
    Fault("dampening", "jittor", "gan_moments", UPDATE, _dampening),
    Fault("half of the parameters", "jittor", "gan_moments", UPDATE, _half_of_the_parameters),
    Fault("decay of Keras", "jittor", "wgan.mlp", UPDATE, _decay_of_keras),
    Fault("another limit", "jittor", "wgan.mlp", UPDATE, _another_limit),
    Fault("fresh noise", "jittor", "lsgan_mlp", INPUTS, _fresh_noise),
    Fault(
        "real batch of the step before",
        "jittor",
        "lsgan_mlp",
        INPUTS,
        _real_batch_of_the_step_before,
    ),
    Fault("one update too few", "jittor", "wgan_gp_toy", INPUTS, _one_update_too_few),
    Fault("average a step late", "jittor", "gan_moments", AVERAGE, _average_a_step_late),
    Fault("truncated noise", "jittor", "gan_moments", SAMPLING, _truncated_noise),
]
