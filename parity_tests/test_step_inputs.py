"""The inputs of one training step: noise, alpha and masks, and which of them updates share."""

import numpy as np
import pytest

from common.backends import load
from common.parity.bounds import NAMED
from common.parity.case_probes import discriminator_gradients, generator_gradients
from common.parity.case_run import CaseRun
from common.parity.cases import cases
from common.parity.keys import Key
from common.streams.masks import mask_roles
from common.streams.step_inputs import draw_step_inputs
from common.streams.synthetic import synthetic_batch
from common.systems import SYSTEMS, find_system
from common.systems.losses import WassersteinGP
from common.systems.options import apply_settings
from common.systems.schedules import MixedBatch
from parity_tests.fixtures import reduced


def step_inputs(system, seed=0, step=1, batch=6):
    return draw_step_inputs(
        system, seed, step, batch, lambda index: synthetic_batch(system, seed, step, index, batch)
    )


@pytest.mark.parametrize("name", SYSTEMS)
def test_step_inputs_have_the_system_s_updates_and_shapes(name) -> None:
    system = find_system(name)
    arrays = step_inputs(system)
    assert len(arrays.discriminator) == system.schedule.discriminator_steps_at(1)
    assert len(arrays.generator) == system.schedule.generator_steps
    mixed = isinstance(system.schedule, MixedBatch)
    for inputs in arrays.discriminator:
        assert inputs.real.shape == (6, *system.sample_shape)
        assert (inputs.noise is None) == mixed
        assert mixed or inputs.noise.shape == (6, system.latent_dim)
        assert (inputs.alpha is not None) == (isinstance(system.loss, WassersteinGP))
    assert arrays.generator[0].noise.shape == ((12 if mixed else 6), system.latent_dim)


@pytest.mark.parametrize("name", SYSTEMS)
def test_noise_is_reused_as_in_the_source(name) -> None:
    system = find_system(name)
    arrays = step_inputs(system)
    of_discriminator, of_generator = arrays.discriminator[-1].noise, arrays.generator[0].noise
    if isinstance(system.schedule, MixedBatch):
        # The discriminator's fakes are made from the generator's noise.
        assert of_discriminator is None
        assert len(of_generator) == 12
    else:
        reused = of_generator is of_discriminator
        assert reused == (system.schedule.noise_reuse in ("same", "fake"))


@pytest.mark.parametrize("name", SYSTEMS)
def test_the_updates_of_a_step_have_different_inputs(name) -> None:
    step = step_inputs(find_system(name))
    reals = [inputs.real for inputs in step.discriminator]
    of_discriminator = [inputs.noise for inputs in step.discriminator if inputs.noise is not None]
    of_generator = [inputs.noise for inputs in step.generator]
    # The array itself may be reused, as the schedule says; a copy of it may not.
    noises = of_discriminator + [
        noise for noise in of_generator if not any(noise is other for other in of_discriminator)
    ]
    assert noises
    for arrays in (reals, noises):
        for index, array in enumerate(arrays):
            assert not any(np.array_equal(array, other) for other in arrays[:index])


def test_alpha_is_uniform_and_one_number_per_sample() -> None:
    alpha = step_inputs(find_system("wgan_gp"), batch=4000).discriminator[0].alpha
    assert alpha.shape == (4000,)
    assert 0 <= alpha.min() < 0.01 < 0.99 < alpha.max() < 1
    assert abs(alpha.mean() - 0.5) < NAMED["sampling"]


@pytest.mark.parametrize("name", ["lsgan_keras", "lsgan_pytorch"])
def test_masks_drop_units_at_the_system_s_rate(name) -> None:
    system = find_system(name)
    inputs = step_inputs(system, batch=64).discriminator[0]
    masks = inputs.real_masks
    assert [m.shape[1:] for m in masks] == [mask.shape for mask in system.networks.masks]
    for mask in masks:
        assert set(np.unique(mask)) == {0.0, 1.0}
    rate = 1 - np.mean([mask.mean() for mask in masks])
    assert abs(rate - system.networks.dropout) < NAMED["sampling"]


def test_masks_cover_one_mixed_batch_in_keras_and_three_passes_in_pytorch() -> None:
    keras, pytorch = find_system("lsgan_keras"), find_system("lsgan_pytorch")
    assert mask_roles(keras) == {"mixed": 2}
    arrays = step_inputs(keras)
    assert len(arrays.discriminator[0].real_masks[0]) == 12
    assert arrays.generator[0].masks == ()
    assert set(mask_roles(pytorch)) == {"real", "fake", "generator"}
    inputs, last = step_inputs(pytorch).discriminator[0], step_inputs(pytorch).generator[0]
    passes = [inputs.real_masks[0], inputs.fake_masks[0], last.masks[0]]
    assert not any(
        np.array_equal(a, b) for a, b in zip(passes, passes[1:] + passes[:1], strict=True)
    )


def test_step_inputs_are_deterministic_and_differ_between_steps() -> None:
    system = find_system("lsgan_pytorch")
    once, again, later = step_inputs(system), step_inputs(system), step_inputs(system, step=2)
    assert np.array_equal(once.discriminator[0].noise, again.discriminator[0].noise)
    assert not np.array_equal(once.discriminator[0].noise, later.discriminator[0].noise)
    masks = [step.discriminator[0].real_masks[0] for step in (once, again, later)]
    assert np.array_equal(masks[0], masks[1])
    assert not np.array_equal(masks[0], masks[2])


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_a_step_changes_every_trained_parameter(backends, case) -> None:
    """After one step every parameter with a gradient has changed, in both networks.

    In one framework; test_networks asserts that the others agree.
    """
    run = CaseRun(load(backends[0], device="cpu", dtype="float64", exact=True), case, 0)
    gradients = dict(discriminator_gradients(run)) | dict(generator_gradients(run))
    run.build()
    list(run.played([1]))
    after = run.read(trainable=True)
    for name, array in after.items():
        if np.abs(gradients[Key("gradient", 0, name)]).max() > 0:
            assert not np.array_equal(array, run.state[name]), name


def test_the_discriminator_can_be_updated_alone(backend) -> None:
    """`rosetta step` needs the state between both updates: G as it was, D as it will be."""
    case = reduced("wgan")
    system = apply_settings(case.system, ["weight_clip=0.001"])
    run = CaseRun(backend, case, 0)
    run.gan = backend.gan.build(system, run.state)
    metrics = backend.schedule.update_discriminator(run.gan, run.inputs(1).discriminator[0])
    assert set(metrics) == {"loss_d", "wasserstein_estimate"}
    after = run.read(trainable=True)
    for name, array in after.items():
        if name.startswith("generator"):
            assert np.array_equal(array, run.state[name])
        else:
            assert np.abs(array).max() <= 0.001


@pytest.mark.parametrize("system", ["wgan_gp", "sngan", "lsgan_keras"])
def test_in_pytorch_an_update_fills_no_gradient_of_the_other_network(need, system) -> None:
    need("torch")
    run = CaseRun(load("torch", device="cpu", dtype="float64", exact=True), reduced(system), 0)
    run.build()
    run.backend.probes.first_generator_gradients(run.gan, run.inputs(1))
    assert all(parameter.grad is not None for parameter in run.gan.generator.parameters())
    assert all(parameter.grad is None for parameter in run.gan.discriminator.parameters())
    if system == "lsgan_keras":  # its discriminator's fakes come from a generator's update
        return
    run.build()
    run.backend.probes.first_discriminator_gradients(run.gan, run.inputs(1))
    assert all(parameter.grad is not None for parameter in run.gan.discriminator.parameters())
    assert all(parameter.grad is None for parameter in run.gan.generator.parameters())
