"""Options that somebody sets: a part of the system takes each, or it is refused."""

import pytest

from common import UsageError
from common.systems import SYSTEMS, find_system
from common.systems.losses import LOSSES
from common.systems.optimisers import OPTIMISERS, Adam
from common.systems.options import apply_settings, options_of, with_options
from parity_tests.fixtures import module

MARK = 0.123


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_system_equals_its_options(name) -> None:
    system = find_system(name)
    assert with_options(system, options_of(system)) == system
    assert apply_settings(system, [f"{k}={v}" for k, v in options_of(system).items()]) == system


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_option_changes_the_system(name) -> None:
    """One at a time, wherever another value is allowed."""
    system = find_system(name)
    for key, value in options_of(system).items():
        if isinstance(value, float) and key != "wasserstein_sign":
            changed = apply_settings(system, [f"{key}={value / 2 + 0.01}"])
            assert options_of(changed)[key] == value / 2 + 0.01
            assert {k: v for k, v in options_of(changed).items() if k != key} == {
                k: v for k, v in options_of(system).items() if k != key
            }


@pytest.mark.parametrize("loss", LOSSES)
def test_a_port_s_losses_receive_every_option(configured, backend_name, loss) -> None:
    gan = configured("float64").gan
    system = apply_settings(find_system("dcgan_mnist"), [f"loss={loss}"])
    keys = [k for k in options_of(system) if k in vars(system.loss) and k != "wasserstein_sign"]
    for key in keys:
        marked = with_options(system, {key: MARK})
        filled = [*gan.build_losses(marked), gan.build_penalty(marked)]
        numbers = {number for part in filled if part for number in part.keywords.values()}
        # Clipping belongs to the step: test_step_inputs asserts that its limit is the system's.
        assert (MARK in numbers) == (key != "weight_clip"), key


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_a_port_s_optimisers_receive_every_option(
    configured, backend_name, monkeypatch, optimiser
) -> None:
    backend = configured("float64")
    system = apply_settings(find_system("dcgan_mnist"), [f"optimiser={optimiser}"])
    kind = type(system.optimiser)
    monkeypatch.setitem(backend.gan.OPTIMISERS, kind, lambda network, **numbers: numbers)
    for key in vars(system.optimiser):
        marked = with_options(system, {key: MARK})
        assert backend.gan.build_optimiser(marked, None)[key] == MARK
    assert getattr(module(backend, "optimisers"), optimiser)


@pytest.mark.parametrize(
    ("system", "settings", "message"),
    [
        ("dcgan_facade", ["real_label=0.9"], "loss=least_squares"),
        ("lsgan_mlp", ["loss=vanilla", "gen_label=0.9"], "loss=vanilla does not read it"),
        ("lsgan_mlp", ["penalty_weight=5"], "loss=wasserstein_gp"),
        ("wgan_gp", ["weight_clip=0.1"], "loss=wasserstein$"),
        ("wgan", ["beta1=0.5"], "optimiser=adam or keras_adam"),
        ("lsgan_mlp", ["optimiser=sgd", "epsilon=1e-6"], "optimiser=sgd does not read it"),
        ("wgan", ["architecture=mlp", "normalization=batch"], "architecture=dcgan"),
        ("lsgan_mlp", ["warm_steps=3"], "no option 'warm_steps'"),
        ("lsgan_keras", ["discriminator_steps=2"], "no option 'discriminator_steps'"),
        ("gan_moments", ["image_size=28"], "no option 'image_size'"),
    ],
)
def test_an_option_that_no_part_has_is_refused(system, settings, message) -> None:
    with pytest.raises(UsageError, match=message):
        apply_settings(find_system(system), settings)


def test_an_option_is_accepted_together_with_its_part() -> None:
    system = apply_settings(find_system("dcgan_facade"), ["real_label=0.9", "loss=least_squares"])
    assert system.loss.real_label == 0.9


def test_another_part_keeps_the_options_that_both_have() -> None:
    keras = find_system("lsgan_keras")
    assert keras.optimiser.epsilon == 1e-7
    assert apply_settings(keras, ["optimiser=adam"]).optimiser == Adam(
        learning_rate=2e-4, beta1=0.5, beta2=0.999, epsilon=1e-7
    )
    assert apply_settings(find_system("wgan"), ["loss=wasserstein_gp"]).loss.wasserstein_sign == -1
