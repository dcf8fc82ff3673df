"""Canonical state is loaded into every framework and read back bit for bit."""

import numpy as np
import pytest

from common.contract import network_contract
from common.parity.case_probes import discriminator_gradients, generator_gradients
from common.parity.case_run import CaseRun
from common.parity.cases import cases
from common.parity.measure import Disagreement, require_named
from common.systems import SYSTEMS
from common.systems.optimisers import OPTIMISERS
from common.systems.options import apply_settings
from parity_tests.fixtures import build, images, module, reduced

NETWORKS = ("generator", "discriminator")


def random_state(parameters, seed=0):
    rng = np.random.default_rng(seed)
    return {p.full_name: rng.standard_normal(p.shape) for p in parameters}


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_networks_round_trip(backend, case) -> None:
    gan = build(backend, case)
    for name in NETWORKS:
        parameters = network_contract(case.system, name)
        state = random_state(parameters)
        backend.interop.load_network(getattr(gan, name), parameters, state)
        actual = backend.interop.read_network(getattr(gan, name), parameters)
        assert list(actual) == [p.full_name for p in parameters]
        for key, array in state.items():
            assert actual[key].dtype == np.float64
            require_named(actual[key], array, "exact", key)


@pytest.mark.parametrize("system", ["dcgan_mnist", "lsgan_pytorch", "wgan", "sngan"])
def test_a_step_starts_from_what_was_loaded_after_another_step(backend, system: str) -> None:
    """Steps that are bound to a GAN once, at its first step, hold no values."""
    run = CaseRun(backend, reduced(system), 0)
    run.build()
    fresh = {name: backend.interop.read_slots(*trained(run, name)) for name in NETWORKS}

    def after_a_step():
        list(run.played([1]))
        return run.read(trainable=True) | run.read(trainable=False) | run.slots()

    first, second = after_a_step(), after_a_step()
    assert any(not np.array_equal(second[name], array) for name, array in first.items())
    run.load(run.state)
    for name, slots in fresh.items():
        backend.interop.load_slots(*trained(run, name), slots)
    for name, array in after_a_step().items():
        require_named(array, first[name], "exact", name)


@pytest.mark.parametrize("system", ["dcgan_mnist", "wgan"])
def test_a_step_trains_after_both_networks_were_evaluated(backend, system: str) -> None:
    """Before the first step, to which a framework may bind a mode, and between two steps."""
    run = CaseRun(backend, reduced(system), 0)
    real, _, noise = run.probed()

    def after_two_steps(*, evaluated: bool):
        run.build()
        for step in (1, 2):
            if evaluated:
                backend.probes.forward(run.gan.generator, noise, training=False)
                backend.probes.forward(run.gan.discriminator, real, training=False)
            list(run.played([step]))
        return run.read(trainable=True) | run.read(trainable=False)

    expected = after_two_steps(evaluated=False)
    for name, array in after_two_steps(evaluated=True).items():
        require_named(array, expected[name], "exact", name)


def trained(run, name):
    """An optimiser, its network and the network's contract."""
    return getattr(run.gan, f"{name}_optimiser"), getattr(run.gan, name), run.contracts[name]


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_slots_round_trip(backend, optimiser: str) -> None:
    system = apply_settings(reduced("dcgan_mnist").system, [f"optimiser={optimiser}"])
    parameters = network_contract(system, "generator")
    trainable = [p for p in parameters if p.trainable]
    gan = backend.gan.build(
        system, random_state([*parameters, *network_contract(system, "discriminator")])
    )
    slots = {
        f"{slot}.{key}": np.abs(array)
        for slot in system.optimiser.slots
        for key, array in random_state(trainable, seed=1).items()
    }
    if system.optimiser.counts_steps:
        slots["step"] = np.array(7.0)
    arguments = (gan.generator_optimiser, gan.generator, parameters)
    backend.interop.load_slots(*arguments, slots)
    actual = backend.interop.read_slots(*arguments)
    assert set(actual) == set(slots)
    for key, array in slots.items():
        require_named(np.asarray(actual[key], np.float64), array, "exact", key)


def test_images_round_trip(backend) -> None:
    batch = images(reduced("lsgan_jittor"))
    actual = backend.interop.to_canonical(backend.interop.to_native(batch))
    require_named(actual, batch, "exact", "images")


def test_losses_come_back_as_scalars(backend) -> None:
    case = reduced("lsgan_mlp")
    gan = build(backend, case)
    real = backend.interop.to_native(images(case))
    scores = backend.probes.forward(gan.discriminator, real, training=True)
    value = backend.interop.to_canonical(gan.generator_loss(scores))
    assert np.asarray(value).shape == ()
    assert value.dtype == np.float64


def test_the_round_trip_can_fail() -> None:
    array = np.arange(6.0).reshape(2, 3)
    with pytest.raises(Disagreement):
        require_named(array + np.eye(2, 3), array, "exact", "a changed tensor")


def test_colour_images_flatten_in_canonical_order(backend, backends) -> None:
    """With three channels a channels-last flattening that is not reordered fails."""
    system = apply_settings(reduced("lsgan_mlp").system, ["channels=3"])
    parameters = network_contract(system, "discriminator")
    state = random_state([*network_contract(system, "generator"), *parameters])
    gan = backend.gan.build(system, state)
    batch = np.random.default_rng(2).standard_normal((2, 3, 28, 28))
    hidden = batch.reshape(2, -1)
    for layer in ("linear1", "linear2", "linear3"):
        weight, bias = (state[f"discriminator.{layer}.{leaf}"] for leaf in ("weight", "bias"))
        hidden = hidden @ weight.T + bias
        if layer != "linear3":
            hidden = np.where(hidden > 0, hidden, 0.2 * hidden)
    native = backend.interop.to_native(batch)
    scores = backend.probes.forward(gan.discriminator, native, training=False)
    require_named(backend.interop.to_canonical(scores), hidden[:, 0], "linear_algebra", "scores")


@pytest.mark.parametrize("system", SYSTEMS.values(), ids=lambda system: system.name)
def test_full_width_systems_have_the_contract_s_tensors_in_every_port(backend, system) -> None:
    build_networks = module(backend, "gan").build_networks
    for network, name in zip(build_networks(system), NETWORKS, strict=True):
        tensors = backend.interop.read_network(network, network_contract(system, name))
        shapes = {key: array.shape for key, array in tensors.items()}
        assert shapes == {p.full_name: p.shape for p in network_contract(system, name)}


def test_arrays_that_were_read_do_not_change_afterwards(backend) -> None:
    """A framework may lend NumPy its own memory, which the next step overwrites."""
    case = reduced("lsgan_mlp")
    run = CaseRun(backend, case, 0)
    arrays = dict(discriminator_gradients(run)) | dict(generator_gradients(run))
    arrays |= run.read(trainable=True)
    kept = {name: array.copy() for name, array in arrays.items()}
    dict(discriminator_gradients(run))
    list(run.played(range(1, 4)))
    for name, array in arrays.items():
        assert np.array_equal(array, kept[name]), name
