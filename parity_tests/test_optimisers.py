"""Every optimiser against its formula over several updates, tiny gradients included."""

import numpy as np
import pytest

from common.contract import network_contract
from common.parity.measure import Disagreement, require_named
from common.reference import optimisers as reference
from common.streams import generator_at
from common.systems.options import apply_settings
from parity_tests.fixtures import build, images, module, noise, reduced

# Rates so large that an update is not lost beside its weight in float32.
NUMBERS = {
    "adam": {"learning_rate": 0.1, "beta1": 0.5, "beta2": 0.999, "epsilon": 1e-8},
    "keras_adam": {"learning_rate": 0.1, "beta1": 0.5, "beta2": 0.999, "epsilon": 1e-7},
    "rmsprop": {"learning_rate": 0.01, "decay": 0.99, "epsilon": 1e-8},
    "sgd": {"learning_rate": 1.0, "momentum": 0.9},
}


def run(backend, optimiser, steps=5):
    """Weights, gradients and slots of one discriminator over several real updates."""
    settings = [f"optimiser={optimiser}", *(f"{k}={v}" for k, v in NUMBERS[optimiser].items())]
    case = reduced("lsgan_mlp")
    system = apply_settings(case.system, settings)
    parameters = network_contract(system, "discriminator")
    gan = backend.gan.build(system, start_state(system))
    native, interop = backend.interop.to_native, backend.interop
    history = []
    for step in range(steps):
        inputs = native(images(case, seed=step)), native(noise(case, seed=100 + step))
        before = interop.read_network(gan.discriminator, parameters)
        _, _, native_gradients = backend.steps.discriminator_gradients(
            gan.generator, gan.discriminator, *inputs, loss=gan.discriminator_loss
        )
        gradients = interop.read_gradients(native_gradients, gan.discriminator, parameters)
        backend.steps.discriminator_step(
            gan.generator,
            gan.discriminator,
            gan.discriminator_optimiser,
            *inputs,
            loss=gan.discriminator_loss,
        )
        after = interop.read_network(gan.discriminator, parameters)
        slots = interop.read_slots(gan.discriminator_optimiser, gan.discriminator, parameters)
        history.append((before, gradients, after, slots))
    return history


def start_state(system):
    """Weights so small that many gradients are of the order of epsilon."""
    state = {}
    for network in ("generator", "discriminator"):
        for parameter in network_contract(system, network):
            rng = generator_at(5, parameter.full_name)
            state[parameter.full_name] = 0.02 * rng.standard_normal(parameter.shape)
    return state


def require_formula(formula, history, numbers, bound="update"):
    slots = {}
    for step, (before, gradients, after, actual_slots) in enumerate(history, start=1):
        for name, gradient in gradients.items():
            start = slots.get(name) or {key: np.zeros_like(gradient) for key in slots_of(formula)}
            moved, slots[name] = formula(before[name], gradient, start, step, **numbers)
            change = after[name] - before[name]
            require_named(change, moved - before[name], bound, f"update {step} of {name}")
            for key, expected in slots[name].items():
                require_named(actual_slots[f"{key}.{name}"], expected, bound, f"{key} of {name}")


def slots_of(formula):
    return {
        reference.adam: ("first_moment", "second_moment"),
        reference.keras_adam: ("first_moment", "second_moment"),
        reference.rmsprop: ("square_average",),
        reference.sgd: ("momentum",),
    }[formula]


@pytest.mark.parametrize("optimiser", NUMBERS)
def test_updates_and_slots_follow_the_formula(backend, optimiser) -> None:
    history = run(backend, optimiser)
    require_formula(getattr(reference, optimiser), history, NUMBERS[optimiser])


@pytest.mark.parametrize("optimiser", NUMBERS)
def test_updates_follow_the_formula_in_float32(configured, optimiser) -> None:
    history = run(configured("float32"), optimiser)
    require_formula(getattr(reference, optimiser), history, NUMBERS[optimiser], "update_float32")


def inside_the_root(weights, gradient, slots, step, *, learning_rate, decay, epsilon):
    square = decay * slots["square_average"] + (1 - decay) * gradient**2
    return weights - learning_rate * gradient / np.sqrt(square + epsilon), {
        "square_average": square
    }


def test_epsilon_inside_the_root_turns_the_check_red(backend, monkeypatch) -> None:
    history = run(backend, "rmsprop")
    monkeypatch.setattr(reference, "rmsprop", inside_the_root)
    monkeypatch.setitem(globals(), "slots_of", lambda formula: ("square_average",))
    with pytest.raises(Disagreement, match="update 1"):
        require_formula(inside_the_root, history, NUMBERS["rmsprop"])


def test_a_float32_beta_turns_the_check_red(backend) -> None:
    history = run(backend, "adam")
    rounded = {**NUMBERS["adam"], "beta2": float(np.float32(0.999))}
    with pytest.raises(Disagreement):
        require_formula(reference.adam, history, rounded)


def test_the_two_adams_differ_in_the_place_of_epsilon(backend) -> None:
    history = run(backend, "keras_adam")
    with pytest.raises(Disagreement):
        require_formula(reference.adam, history, NUMBERS["keras_adam"])


def test_clipping_moves_trainable_parameters_alone(backend) -> None:
    case, interop = reduced("wgan"), backend.interop
    gan, parameters = build(backend, case), network_contract(case.system, "discriminator")
    state = {p.full_name: np.random.default_rng(0).standard_normal(p.shape) for p in parameters}
    interop.load_network(gan.discriminator, parameters, state)
    module(backend, "optimisers").clip_weights(gan.discriminator, limit=0.01)
    clipped = interop.read_network(gan.discriminator, parameters)
    for parameter in parameters:
        name, start = parameter.full_name, state[parameter.full_name]
        expected = np.clip(start, -0.01, 0.01) if parameter.trainable else start
        require_named(clipped[name], expected, "exact", name)
        assert np.abs(start).max() > 0.01


def test_buffers_are_never_updated_by_the_optimiser(backend) -> None:
    case = reduced("lsgan_jittor")
    optimisers = module(backend, "optimisers")
    gan = build(backend, case)
    parameters = network_contract(case.system, "discriminator")
    interop = backend.interop
    frozen = optimisers.sgd(gan.discriminator, learning_rate=0.0, momentum=0.9)
    before = interop.read_network(gan.discriminator, parameters)
    backend.steps.discriminator_step(
        gan.generator,
        gan.discriminator,
        frozen,
        interop.to_native(images(case)),
        interop.to_native(noise(case)),
        loss=gan.discriminator_loss,
    )
    after = interop.read_network(gan.discriminator, parameters)
    slots = interop.read_slots(frozen, gan.discriminator, parameters)
    for parameter in parameters:
        name = parameter.full_name
        if parameter.trainable:
            require_named(after[name], before[name], "exact", name)
        else:
            assert not np.array_equal(after[name], before[name])
            assert f"momentum.{name}" not in slots
