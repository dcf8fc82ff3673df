"""Every hyper-parameter and initial weight against a table that was read from the sources alone.

All four ports read the same catalogue, so that parity cannot see a wrong number in it.
"""

import tomllib
from collections import defaultdict
from dataclasses import replace
from inspect import signature
from math import sqrt

import numpy as np
import pytest

from common import ROOT
from common.backends import load
from common.contract import contract, initialisers
from common.contract.initialisers import initial_state
from common.parity.bounds import NAMED
from common.parity.case_run import CaseRun
from common.parity.measure import Disagreement, require_named
from common.reference import optimisers as formulas
from common.systems import SYSTEMS, find_system
from common.systems.options import apply_settings, options_of
from common.systems.schedules import MixedBatch
from parity_tests.fixtures import reduced

TABLE = {
    entry["name"]: entry
    for entry in tomllib.loads((ROOT / "docs" / "hyperparameters.toml").read_text())["system"]
}
ENOUGH = 4000  # numbers in one test of a distribution


def expected(name: str) -> dict:
    return {key: e.get("ours", e["value"]) for key, e in TABLE[name]["options"].items()}


def test_the_table_covers_every_system() -> None:
    assert list(TABLE) == list(SYSTEMS)


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_option_is_the_source_s(name) -> None:
    assert options_of(find_system(name)) == expected(name)


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_entry_is_cited_and_a_deviation_explained(name) -> None:
    for entry in (*TABLE[name]["options"].values(), *TABLE[name]["weights"].values()):
        assert len(entry["from"]) > 10, entry
        assert ("ours" in entry) == ("because" in entry), entry


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("lsgan_keras", "dropout=0.5"),
        ("lsgan_pytorch", "dropout=0.5"),
        ("sngan_resnet", "beta1=0"),
        ("wgan_gp", "beta2=0.999"),
        ("wgan_gp", "discriminator_steps=1"),
        ("dcgan_mnist", "noise=normal"),
    ],
)
def test_a_changed_option_is_detected(name, change) -> None:
    assert options_of(apply_settings(find_system(name), [change])) != expected(name)


def standardised(name: str, kind: str) -> tuple[np.ndarray, str]:
    """Initial values of one kind of parameter, scaled to U(−1, 1), N(0, 1) or 0, and which."""
    entry, system = TABLE[name]["weights"][kind], find_system(name)
    values: list[np.ndarray] = []
    for seed in range(200):
        state = initial_state(system, seed)
        for parameter in contract(system):
            if f"{parameter.network} {parameter.kind}" == kind:
                values.append(scaled(state[parameter.full_name], parameter, entry))
        if sum(v.size for v in values) >= ENOUGH or entry["distribution"] == "constant":
            break
    return np.concatenate([v.ravel() for v in values]), entry["distribution"]


def scaled(array: np.ndarray, parameter, entry: dict) -> np.ndarray:
    match entry["distribution"]:
        case "constant":
            return array - entry["value"]
        case "normal":
            return (array - entry["mean"]) / entry["deviation"]
    fans = {"fan_in": parameter.fan_in}
    if "fan_out" in entry["bound"]:
        fans["fan_out"] = parameter.fan_out
    return array / eval(entry["bound"], {"sqrt": sqrt}, fans)


def is_as_stated(name: str, kind: str) -> bool:
    from scipy.stats import kstest

    values, distribution = standardised(name, kind)
    if distribution == "constant":
        return not values.any()
    reference = {"uniform": ("uniform", (-1, 2)), "normal": ("norm", ())}[distribution]
    return kstest(values[:ENOUGH], *reference).pvalue > NAMED["chance_of_a_draw"]


# Spectral vectors are state of an iteration, not weights that a source draws.
KINDS = [
    (name, kind)
    for name, entry in TABLE.items()
    for kind in entry["weights"]
    if not kind.rpartition(" ")[2].startswith("spectral")
]


@pytest.mark.parametrize(("name", "kind"), KINDS)
def test_initial_weights_have_the_source_s_distribution(name, kind) -> None:
    assert is_as_stated(name, kind)


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_kind_of_parameter_is_in_the_table(name) -> None:
    kinds = {f"{p.network} {p.kind}" for p in contract(find_system(name))}
    assert kinds == set(TABLE[name]["weights"])


@pytest.mark.parametrize(
    ("name", "kind", "fault"),
    [
        ("sngan", "generator conv_transpose", lambda a: 10 * a),
        ("lsgan_keras", "generator conv", lambda a: a / sqrt(2)),
        ("wgan_gp_toy", "generator bias", lambda a: a + 1e-3),
        ("lsgan_mlp", "generator linear", lambda a: a.std() * np.sign(a)),
    ],
    ids=("0.2 for 0.02", "Glorot with 3 for 6", "a bias that is not zero", "two values"),
)
def test_a_changed_initialiser_is_detected(monkeypatch, name, kind, fault) -> None:
    original = initialisers._initial
    monkeypatch.setattr(
        initialisers,
        "_initial",
        lambda parameter, *rest: (
            fault(original(parameter, *rest))
            if f"{parameter.network} {parameter.kind}" == kind
            else original(parameter, *rest)
        ),
    )
    assert not is_as_stated(name, kind)


def three_updates(backend, system) -> list[tuple[dict, dict, dict]]:
    """Parameters before, gradients, and parameters after three updates of the discriminator."""
    run = CaseRun(backend, replace(reduced("lsgan_mlp"), system=system), seed=0)
    contract_d, updates = run.contracts["discriminator"], []
    read = backend.interop.read_gradients
    for step in (1, 2, 3):
        state = run.read(trainable=True) | run.read(trainable=False)
        inputs = run.inputs(step)
        _, _, native = backend.probes.first_discriminator_gradients(run.gan, inputs)
        gradients = read(native, run.gan.discriminator, contract_d)
        run.load(state)  # statistics and vectors as they were before the probe
        backend.schedule.update_discriminator(run.gan, inputs.discriminator[0])
        updates.append((state, gradients, run.read(trainable=True)))
    return updates


def require_published_formula(options: dict, updates) -> None:
    """Compare updates with the published formula, from the table's numbers."""
    clip, formula = options.get("weight_clip"), getattr(formulas, options["optimiser"])
    names = set(signature(formula).parameters) & set(options)
    slots = {}
    for count, (before, gradients, after) in enumerate(updates, start=1):
        largest = max(np.abs(gradient).max() for gradient in gradients.values())
        for tensor, gradient in gradients.items():
            zeros = defaultdict(lambda shape=gradient.shape: np.zeros(shape))
            numbers = {name: options[name] for name in names}
            new, slots[tensor] = formula(
                before[tensor], gradient, slots.get(tensor, zeros), count, **numbers
            )
            new = np.clip(new, -clip, clip) if clip else new
            # Adam makes whole steps of gradients that are rounding noise.
            noise = np.abs(gradient) <= NAMED["structural_zero"] * largest
            actual = np.where(noise, new, after[tensor])
            require_named(actual, new, "update", f"{tensor}, update {count}")


# The discriminator of lsgan_keras is updated on one mixed batch, by a step of its own.
ALONE = [name for name in SYSTEMS if not isinstance(find_system(name).schedule, MixedBatch)]


@pytest.mark.parametrize("name", ALONE)
def test_three_updates_follow_the_published_formula(backend, name) -> None:
    require_published_formula(expected(name), three_updates(backend, reduced(name).system))


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("sngan_resnet", {"beta1": 0.0}),
        ("wgan_gp", {"beta2": 0.999}),
        ("wgan", {"decay": 0.9}),
        ("gan_moments", {"momentum": 0.5}),
        ("lsgan_mlp", {"epsilon": 1e-6}),
    ],
)
def test_another_number_shows_within_three_updates(backends, name, changes) -> None:
    backend = load(backends[0], device="cpu", dtype="float64", exact=True)
    updates = three_updates(backend, reduced(name).system)
    with pytest.raises(Disagreement):
        require_published_formula(expected(name) | changes, updates)


def test_the_first_update_of_adam_does_not_depend_on_its_betas(backends) -> None:
    """Why one update is not enough."""
    backend = load(backends[0], device="cpu", dtype="float64", exact=True)
    first, *_ = three_updates(backend, reduced("wgan_gp").system)
    require_published_formula(expected("wgan_gp") | {"beta1": 0.1, "beta2": 0.3}, [first])
