"""What one step consumes: its noise, alpha and masks, and what must be shared between updates."""

import numpy as np
import pytest

from common.backends import load
from common.contract.masks import mask_roles
from common.parity.bounds import NAMED
from common.parity.case_probes import discriminator_gradients, generator_gradients
from common.parity.case_run import CaseRun
from common.parity.cases import cases
from common.streams.step_inputs import draw_step_inputs
from common.streams.synthetic import synthetic_batch
from common.systems import SYSTEMS, find_system
from common.systems.losses import WassersteinGP
from common.systems.options import apply_settings
from common.systems.schedules import MixedBatch
from parity_tests.fixtures import reduced


def drawn(system, seed=0, step=1, batch=6):
    return draw_step_inputs(
        system, seed, step, batch, lambda index: synthetic_batch(system, seed, step, index, batch)
    )


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_round_has_the_row_s_updates_and_shapes(name) -> None:
    system = find_system(name)
    found = drawn(system)
    assert len(found.discriminator) == system.schedule.discriminator_steps_at(1)
    assert len(found.generator) == system.schedule.generator_steps
    first = isinstance(system.schedule, MixedBatch)
    for draw in found.discriminator:
        assert draw.real.shape == (6, *system.sample_shape)
        assert (draw.noise is None) == first
        assert first or draw.noise.shape == (6, system.latent_dim)
        assert (draw.alpha is not None) == (isinstance(system.loss, WassersteinGP))
    assert found.generator[0].noise.shape == ((12 if first else 6), system.latent_dim)


@pytest.mark.parametrize("name", SYSTEMS)
def test_noise_is_reused_as_the_source_does(name) -> None:
    system, found = find_system(name), drawn(find_system(name))
    if isinstance(system.schedule, MixedBatch):
        return
    same = found.generator[0].noise is found.discriminator[-1].noise
    assert same == (system.schedule.noise_reuse in ("same", "fake"))


@pytest.mark.parametrize("name", SYSTEMS)
def test_no_two_updates_of_a_round_see_the_same_arrays(name) -> None:
    found = drawn(find_system(name))
    reals = [draw.real for draw in found.discriminator]
    noises = [draw.noise for draw in found.discriminator if draw.noise is not None]
    reused = [draw.noise for draw in found.discriminator]
    noises += [d.noise for d in found.generator if not any(d.noise is other for other in reused)]
    assert len(noises) >= 1
    for arrays in (reals, noises):
        for index, array in enumerate(arrays):
            assert not any(np.array_equal(array, other) for other in arrays[:index])


def test_alpha_is_uniform_and_one_number_a_sample() -> None:
    alpha = drawn(find_system("wgan_gp"), batch=4000).discriminator[0].alpha
    assert alpha.shape == (4000,)
    assert 0 <= alpha.min() < 0.01 < 0.99 < alpha.max() < 1
    assert abs(alpha.mean() - 0.5) < NAMED["sampling"]


@pytest.mark.parametrize("name", ["lsgan_keras", "lsgan_pytorch"])
def test_masks_drop_the_row_s_share(name) -> None:
    system = find_system(name)
    draw = drawn(system, batch=64).discriminator[0]
    masks = draw.real_masks
    assert [m.shape[1:] for m in masks] == [mask.shape for mask in system.networks.masks]
    for mask in masks:
        assert set(np.unique(mask)) == {0.0, 1.0}
    share = 1 - np.mean([mask.mean() for mask in masks])
    assert abs(share - system.networks.dropout) < NAMED["sampling"]


def test_keras_masks_are_of_the_mixed_batch_and_pytorch_s_of_three_passes() -> None:
    keras, pytorch = find_system("lsgan_keras"), find_system("lsgan_pytorch")
    assert mask_roles(keras) == {"mixed": 2}
    found = drawn(keras)
    assert len(found.discriminator[0].real_masks[0]) == 12
    assert found.generator[0].masks == ()
    assert set(mask_roles(pytorch)) == {"real", "fake", "generator"}
    draw, last = drawn(pytorch).discriminator[0], drawn(pytorch).generator[0]
    passes = [draw.real_masks[0], draw.fake_masks[0], last.masks[0]]
    assert not any(
        np.array_equal(a, b) for a, b in zip(passes, passes[1:] + passes[:1], strict=True)
    )


def test_an_address_gives_the_same_arrays_again_and_another_step_others() -> None:
    system = find_system("lsgan_pytorch")
    once, again, later = drawn(system), drawn(system), drawn(system, step=2)
    assert np.array_equal(once.discriminator[0].noise, again.discriminator[0].noise)
    assert not np.array_equal(once.discriminator[0].noise, later.discriminator[0].noise)
    masks = [r.discriminator[0].real_masks[0] for r in (once, again, later)]
    assert np.array_equal(masks[0], masks[1])
    assert not np.array_equal(masks[0], masks[2])


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_a_round_moves_what_its_row_trains(backends, case) -> None:
    """After one round every parameter with a gradient has moved, in both networks.

    In one framework: that the others move alike is what test_networks holds.
    """
    run = CaseRun(load(backends[0], device="cpu", dtype="float64", exact=True), case, 0)
    found = dict(discriminator_gradients(run)) | dict(generator_gradients(run))
    run.build()
    list(run.played([1]))
    after = run.read(trainable=True)
    for name, array in after.items():
        if np.abs(found[f"gradient|0|{name}"]).max() > 0:
            assert not np.array_equal(array, run.state[name]), name


def test_an_inner_update_of_the_discriminator_can_be_asked_for_alone(backend) -> None:
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
