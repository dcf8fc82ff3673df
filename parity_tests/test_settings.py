"""Options that somebody sets: each is read by what the row trains with, or refused."""

import sys
from dataclasses import fields, replace
from types import SimpleNamespace

import numpy as np
import pytest

from common.catalogue import find_system
from common.catalogue.limits import CHOICES, READERS
from common.errors import UsageError
from common.settings import apply_settings

MARK = 0.123
OPTIMISERS = CHOICES["optimiser"]
OF_LOSSES = [key for key in READERS if READERS[key][0] == "loss"]


def numbers_of_losses(gan, rounds, system, zero) -> list[float]:
    """What is bound into the row's losses and its penalty, and what its critic is clipped to."""
    bound = [*gan.build_losses(system), gan.build_penalty(system)]
    numbers = [number for part in bound for number in getattr(part, "keywords", {}).values()]
    nothing = dict.fromkeys(field.name for field in fields(gan.GAN))
    critic = gan.GAN(**nothing | {"system": system, "discriminator": numbers})
    draw = SimpleNamespace(real=zero, noise=zero, real_masks=(), fake_masks=())
    rounds.update_discriminator(critic, draw)
    return numbers


def readers_of(key: str, read) -> tuple[str, tuple[str, ...]]:
    """The losses or optimisers with which `read(system)` has the number that was marked."""
    role, row = READERS[key][0], find_system("dcgan_mnist")
    marked = replace(row, **{key: MARK})
    return role, tuple(n for n in CHOICES[role] if MARK in read(replace(marked, **{role: n})))


@pytest.mark.parametrize("key", OF_LOSSES)
def test_a_port_s_losses_read_what_may_be_set(configured, backend_name, monkeypatch, key) -> None:
    port = configured("float64")
    zero, native = np.zeros(()), port.interop.to_native(np.zeros(()))
    rounds = sys.modules[f"{backend_name}_impl.rounds"]
    monkeypatch.setattr(rounds.steps, "discriminator_step", lambda *_, **__: native)
    monkeypatch.setattr(rounds, "clip_weights", lambda numbers, *, limit: numbers.append(limit))
    found = readers_of(key, lambda row: numbers_of_losses(port.gan, rounds, row, zero))
    assert found == READERS[key]


@pytest.mark.parametrize("key", [key for key in READERS if READERS[key][0] == "optimiser"])
def test_a_port_s_optimisers_read_what_may_be_set(
    configured, backend_name, monkeypatch, key
) -> None:
    gan = configured("float64").gan
    module = sys.modules[f"{backend_name}_impl.optimisers"]
    for name in OPTIMISERS:
        monkeypatch.setattr(module, name, lambda network, **numbers: numbers)
    assert readers_of(key, lambda row: gan.build_optimiser(row, None).values()) == READERS[key]


@pytest.mark.parametrize(
    ("system", "settings", "words"),
    [
        ("dcgan_facade", ["real_label=0.9"], "loss=least_squares"),
        ("lsgan_mlp", ["loss=vanilla", "gen_label=0.9"], "loss=vanilla does not read it"),
        ("lsgan_mlp", ["penalty_weight=5"], "loss=wasserstein_gp"),
        ("wgan_gp", ["weight_clip=0.1"], "loss=wasserstein$"),
        ("wgan", ["beta1=0.5"], "optimiser=adam or keras_adam"),
        ("lsgan_mlp", ["optimiser=sgd", "epsilon=1e-6"], "optimiser=sgd does not read it"),
    ],
)
def test_an_option_that_nothing_reads_is_refused(system, settings, words) -> None:
    with pytest.raises(UsageError, match=words):
        apply_settings(find_system(system), settings)


def test_an_option_is_taken_with_what_reads_it() -> None:
    row = apply_settings(find_system("dcgan_facade"), ["real_label=0.9", "loss=least_squares"])
    assert row.real_label == 0.9
