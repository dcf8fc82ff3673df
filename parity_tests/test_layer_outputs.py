"""The output of each layer: recorded under one name everywhere, and the first that is off named."""

import numpy as np
import pytest

from common.backends import load
from common.parity.bounds import QUANTITIES
from common.parity.case_probes import layers, outputs
from common.parity.case_run import CaseRun
from common.parity.causes import causes
from common.parity.compare import compare
from common.parity.findings import findings
from common.parity.keys import Key
from common.parity.measure import require
from common.parity.record import expected_keys
from common.parity.timeline import timeline
from parity_tests.fixtures import reduced
from parity_tests.relabelling import CASE, Files

SYSTEMS = ("dcgan_mnist", "lsgan_keras")  # dense layers that become maps, pooling; blocks, dropout
FIRST, SECOND = (f"{CASE.name}|layer|0|generator.linear{number}" for number in (1, 2))


@pytest.fixture(scope="module")
def files(need, tmp_path_factory) -> Files:
    need("torch")
    return Files(tmp_path_factory.mktemp("recordings"))


def layer_keys(case) -> list[Key]:
    keys = (key for key in expected_keys(case) if key.quantity == "layer")
    return sorted(keys, key=timeline(case).__getitem__)


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_change_in_one_layer_is_seen_there_first(backend, system) -> None:
    """In every layer, none of which is left out or mistaken for another."""
    run = CaseRun(backend, reduced(system), 0)
    state, correct = dict(run.state), dict(layers(run))
    order = layer_keys(run.case)
    assert set(correct) == set(order)
    for key in order:
        weight = next(name for name in state if name.startswith(f"{key.tensor}."))
        rng = np.random.default_rng(0)
        run.state = state | {weight: state[weight] + rng.standard_normal(state[weight].shape)}
        changed = dict(layers(run))
        assert next(k for k in order if not np.array_equal(changed[k], correct[k])) == key
    assert not run.problems


@pytest.mark.parametrize("system", SYSTEMS)
def test_all_ports_tell_the_same(backends, system) -> None:
    """In canonical layouts, before any activation; as in the whole comparison, which is slow."""
    ports = [load(name, device="cpu", dtype="float64", exact=True) for name in backends]
    first, *others = (dict(layers(CaseRun(port, reduced(system), 0))) for port in ports)
    for other in others:
        for key, array in first.items():
            require(other[key], array, QUANTITIES["layer"].double[0], str(key))


def test_what_a_layer_gives_is_not_yet_activated(backend) -> None:
    """Keras' layers apply their activation themselves."""
    run = CaseRun(backend, CASE, 0)
    told = dict(layers(run))
    for number in (1, 2):  # a ReLU follows
        assert (told[Key("layer", 0, f"generator.linear{number}")] < 0).any()
    numbers = told[Key("layer", 0, "generator.linear3")]
    images = dict(outputs(run))[Key("output_train", 0, "generator")]
    require(np.tanh(numbers).reshape(images.shape), images, QUANTITIES["layer"].double[0], "tanh")


def test_the_layer_that_is_off_first_is_named(files) -> None:
    def off(tensors) -> None:
        for key in tensors:
            if key.startswith(f"{CASE.name}|") and "|layer|0|generator.linear1" not in key:
                tensors[key] = tensors[key] * 1.5

    comparison = compare([files.double("torch"), files.double("jax"), files.double("tf", off)])
    (finding,) = findings(comparison.results)
    assert finding.words.startswith("first off: output of generator's linear2, step 0; error ")
    assert finding.words.endswith(
        "Look at this layer, its weights or their layout, and at what is between it and linear1, "
        "up to which all agree."
    )
    (cause,) = causes(comparison.results)
    assert "First output of generator's linear2 in lsgan_mlp" in cause.sentence


def test_where_all_layers_agree_it_is_what_follows_them(files) -> None:
    def off(tensors) -> None:
        tensors[f"{CASE.name}|output_train|0|generator"] *= 1.5

    comparison = compare([files.double("torch"), files.double("jax"), files.double("tf", off)])
    (finding,) = findings(comparison.results)
    assert "output_train of generator, step 0" in finding.words
    assert finding.words.endswith(
        "Look at what follows linear3, the last of its layers: all of them agree."
    )


def test_layers_that_are_mixed_up_are_off(files) -> None:
    def mixed_up(tensors) -> None:
        tensors[FIRST], tensors[SECOND] = tensors[SECOND], tensors[FIRST]

    comparison = compare([files.double("torch"), files.double("jax"), files.double("tf", mixed_up)])
    red = {(r.backend, r.tensor) for r in comparison.results if not r.ok}
    assert red == {("tf", "generator.linear1"), ("tf", "generator.linear2")}
    (finding,) = findings(comparison.results)
    assert "before it, which is first" in finding.words


def test_a_layer_that_is_missing_fails_and_one_that_is_unknown_is_refused(files) -> None:
    def renamed(tensors) -> None:
        tensors[FIRST.replace("linear1", "dense1")] = tensors.pop(FIRST)

    comparison = compare([files.double("torch"), files.double("jax"), files.double("tf", renamed)])
    reasons = {(r.tensor, r.reason) for r in comparison.results if not r.ok}
    assert reasons == {
        ("generator.linear1", "missing from the recording"),
        ("layer|0|generator.dense1", "not one of this case's tensors"),
    }


def test_a_layer_that_cannot_be_told_fails_by_itself(backend, monkeypatch) -> None:
    told = backend.probes.layer_outputs

    def without_the_second(network, inputs, names):
        return {n: a for n, a in told(network, inputs, names).items() if n != "linear2"}

    monkeypatch.setattr(backend.probes, "layer_outputs", without_the_second)
    recorded = dict(layers(CaseRun(backend, CASE, 0)))
    missing = {str(key) for key in set(layer_keys(CASE)) - set(recorded)}
    assert missing == {"layer|0|generator.linear2", "layer|0|discriminator.linear2"}


def test_layers_have_measured_noise_and_coarse_ones_are_seen_in_float32(files) -> None:
    yardstick = files.single("torch")
    assert yardstick.noise(CASE.name)[Key("layer", 0, "generator")] > 0

    def coarse(tensors) -> None:
        tensors[SECOND] = tensors[SECOND].astype(np.float16).astype(np.float32)

    double = [files.double("torch"), files.double("jax")]
    comparison = compare([*double, yardstick, files.single("jax"), files.single("tf", coarse)])
    red = {(r.backend, r.dtype, r.tensor) for r in comparison.results if not r.ok}
    assert red == {("tf", "float32", "generator.linear2")}


def test_in_jax_the_first_call_is_kept_and_nothing_changes(need) -> None:
    need("jax")
    import jax.numpy as jnp
    from flax import nnx

    from jax_impl.interop import kept_outputs

    class Twice(nnx.Module):
        def __init__(self) -> None:
            self.linear = nnx.Linear(3, 3, rngs=nnx.Rngs(0))

        def __call__(self, inputs):
            return self.linear(self.linear(inputs))

    network, call, inputs = Twice(), nnx.Linear.__call__, jnp.ones((2, 3))
    with kept_outputs(network) as outputs:
        result = network(inputs)
        Twice()(inputs)  # of another network nothing is kept
    assert nnx.Linear.__call__ is call
    assert set(outputs) == {"linear"}
    assert np.array_equal(outputs["linear"], network.linear(inputs))
    assert np.array_equal(result, network(inputs))
