"""Looking inside a Keras network while it trains: what is told, and that nothing changes."""

from contextlib import nullcontext
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
import pytest

from common.backends import load
from common.parity.measure import Disagreement, require_named

FORWARD = ["conv1", "bn1", "relu", "head.0", "head.1", "flatten", "dense", "output"]
PARAMETERS = ["conv1.kernel", "conv1.bias", "bn1.gamma", "bn1.beta", "head.0.kernel"]
PARAMETERS += ["head.0.bias", "dense.kernel", "dense.bias"]
SLOTS = [f"{name}/{slot}_moment" for slot in ("first", "second") for name in PARAMETERS]
STATISTICS = ["bn1.moving_mean", "bn1.moving_variance"]


@pytest.fixture
def tracing(need):
    need("tf")
    load("tf", device="cpu", dtype="float64", exact=True)
    return import_module("tf_impl.tracing")


def built(slope: float = 0.2) -> tuple[dict[str, Any], dict[str, Any]]:
    """A small network with the same weights every time, some of its layers in a list, and Adam."""
    import keras

    class Net(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.conv1 = keras.layers.Conv2D(4, 3)
            self.bn1 = keras.layers.BatchNormalization()
            self.relu = keras.layers.ReLU()
            self.head = [keras.layers.Conv2D(4, 3, 2), keras.layers.LeakyReLU(slope)]
            self.flatten = keras.layers.Flatten()
            self.dense = keras.layers.Dense(1)

        def call(self, inputs: Any, training: bool = False) -> Any:
            maps = self.relu(self.bn1(self.conv1(inputs), training=training))
            for layer in self.head:
                maps = layer(maps)
            return self.dense(self.flatten(maps))

    net, rng, adam = Net(), np.random.default_rng(0), keras.optimizers.Adam(1e-3)
    net(images())
    for each in net.trainable_variables:
        each.assign(0.3 * rng.standard_normal(each.shape))
    adam.build(net.trainable_variables)
    return {"net": net}, {"adam": adam}


def images(seed: int = 0) -> Any:
    import tensorflow as tf

    return tf.constant(np.random.default_rng(seed).standard_normal((8, 9, 9, 2)))


def train(net: Any, adam: Any, real: Any) -> None:
    import tensorflow as tf

    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(net(real, training=True) - 1))
    gradients = tape.gradient(loss, net.trainable_variables)
    adam.apply_gradients(zip(gradients, net.trainable_variables, strict=True))


class Pair(NamedTuple):
    whole: Any
    half: Any


def pair_network() -> Any:
    import keras

    class Halved(keras.Layer):
        def call(self, inputs: Any) -> Pair:
            return Pair(inputs, inputs / 2)

    return Halved()


class Recorder:
    """Every name that is told with its values, and what one of them is replaced by."""

    def __init__(self, phase: str = "", name: str = "", change: Any = None) -> None:
        self.told: dict[tuple[str, str], np.ndarray] = {}
        self.at, self.change = (phase, name), change

    def __call__(self, phase: str, name: str, values: np.ndarray) -> np.ndarray | None:
        self.told[phase, name] = values
        return self.change(values) if (phase, name) == self.at else None

    def names(self, phase: str) -> list[str]:
        return [n for each, n in self.told if each == phase and "/input" not in n]

    def given(self) -> dict[str, np.ndarray]:
        """What layers are given, by their names."""
        ends = [key for key in self.told if key[1].endswith("/input")]
        return {name.removesuffix("/input"): self.told[phase, name] for phase, name in ends}


def stepped(
    tracing: Any, recorder: Recorder | None, seeds: Any = (1,), slope: float = 0.2
) -> dict[str, np.ndarray]:
    """The state after steps that are watched, if there is a recorder."""
    networks, optimisers = built(slope)
    for seed in seeds:
        with tracing.watched(networks, optimisers, recorder) if recorder else nullcontext():
            train(networks["net"], optimisers["adam"], images(seed))
    return {name: values for _, name, values in tracing.read_state(networks, optimisers)}


def test_watching_changes_no_bit(tracing) -> None:
    plain, watched = (stepped(tracing, each, (1, 2)) for each in (None, Recorder()))
    assert list(plain) == list(watched) == PARAMETERS + SLOTS + STATISTICS
    for name, values in plain.items():
        assert values.tobytes() == watched[name].tobytes(), name


def test_layers_are_told_in_order_and_gradients_in_reverse(tracing) -> None:
    recorder = Recorder()
    after = stepped(tracing, recorder)
    assert recorder.names("forward") == FORWARD
    assert recorder.names("backward") == [*reversed(FORWARD), *PARAMETERS]
    moment = after["conv1.kernel/first_moment"]
    require_named(moment, 0.1 * recorder.told["backward", "conv1.kernel"], "closed_form", "moment")


def test_a_compiled_step_is_told_and_compiled_again_afterwards(tracing) -> None:
    import keras
    import tensorflow as tf

    both, recorder, call = built(), Recorder(), keras.Operation.__call__
    step, arguments = tf.function(train), (both[0]["net"], both[1]["adam"])
    step(*arguments, images())
    with tracing.watched(*both, recorder):
        step(*arguments, images(1))
    told = len(recorder.told)
    assert recorder.names("forward") == FORWARD
    step(*arguments, images(2))
    assert len(recorder.told) == told
    assert not tf.config.functions_run_eagerly()
    assert keras.Operation.__call__ is call


@pytest.mark.parametrize(
    ("phase", "kept", "name"),
    [("forward", "bn1", "dense"), ("backward", "dense.kernel", "conv1.kernel")],
)
def test_replaced_values_change_what_follows_alone(tracing, phase, kept, name) -> None:
    plain, doubled = Recorder(), Recorder(phase, "flatten", lambda values: 2 * values)
    stepped(tracing, plain)
    stepped(tracing, doubled)
    assert (plain.told[phase, kept] == doubled.told[phase, kept]).all()
    bias = built()[0]["net"].dense.bias.numpy() if phase == "forward" else 0
    expected = 2 * plain.told[phase, name] - bias
    require_named(doubled.told[phase, name], expected, "linear_algebra", name)


def test_a_fault_in_one_layer_first_shows_there(tracing) -> None:
    right, wrong = Recorder(), Recorder()
    stepped(tracing, right)
    stepped(tracing, wrong, slope=0.3)
    differing = [key for key in right.told if (right.told[key] != wrong.told[key]).any()]
    assert differing[:2] == [("forward", "head.1"), ("forward", "flatten")]


def test_layers_with_parameters_tell_what_they_are_given(tracing) -> None:
    """Controls: another image is another input; what `tell` returns for one takes its place."""
    recorder, other = Recorder("forward", "dense/input", lambda values: 0 * values), Recorder()
    replaced, plain = stepped(tracing, recorder), stepped(tracing, other)
    given = recorder.given()
    assert list(given) == ["conv1", "bn1", "head.0", "dense"]
    told = [name for phase, name in recorder.told if phase == "forward"]
    assert told[told.index("dense/input") + 1] == "dense"
    require_named(given["conv1"], images(1).numpy(), "exact", "the images")
    for layer, before in (("bn1", "conv1"), ("head.0", "relu"), ("dense", "flatten")):
        require_named(given[layer], recorder.told["forward", before], "exact", layer)
    assert (plain["dense.bias"] != replaced["dense.bias"]).any()
    stepped(tracing, other, (2,))
    with pytest.raises(Disagreement):
        require_named(other.given()["conv1"], given["conv1"], "exact", "control")


def test_a_named_tuple_stays_one(tracing) -> None:
    network, recorder = pair_network(), Recorder("forward", "output.1", lambda values: 3 * values)
    with tracing.watched({"net": network}, {}, recorder):
        pair = network(images())
    assert type(pair) is Pair
    assert recorder.names("forward") == ["output.0", "output.1"]
    require_named(pair.half.numpy(), 3 * images().numpy() / 2, "exact", "a part")


def penalty_gradients(net: Any) -> list[np.ndarray]:
    import tensorflow as tf

    points = images(3)
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            inner.watch(points)
            scores = tf.tanh(net(points, training=True))
        slopes = tf.norm(tf.reshape(inner.gradient(scores, points), (8, -1)), axis=1)
        penalty = tf.reduce_mean(tf.square(slopes - 1))
    return [each.numpy() for each in outer.gradient(penalty, net.trainable_variables)]


@pytest.mark.parametrize("at", [("", ""), ("forward", "bn1")])
def test_second_derivatives_stay_right(tracing, at) -> None:
    """Also through outputs that are replaced, by the same values."""
    (networks, _), (others, _) = built(), built()
    with tracing.watched(networks, {}, Recorder(*at, lambda values: values)):
        watched = penalty_gradients(networks["net"])
    plain = penalty_gradients(others["net"])
    for name, here, there in zip(PARAMETERS, watched, plain, strict=True):
        assert there.any(), name
        require_named(here, there, "exact", name)


def test_several_networks_calls_and_models_that_name_their_layers(tracing) -> None:
    import keras

    first = keras.Sequential([keras.layers.Dense(3, name="a"), keras.layers.ReLU(name="b")])
    second = keras.Sequential([keras.layers.Dense(2, name="a")])
    recorder, values = Recorder(), np.ones((1, 4))
    with tracing.watched({"g": first, "d": second}, {}, recorder):
        second(first(values))
        second(first(values))
    assert recorder.names("forward") == [
        *("g.a", "g.b", "g", "d.a", "d"),
        *("g.a#2", "g.b#2", "g#2", "d.a#2", "d#2"),
    ]
    names = [name for _, name, _ in tracing.read_state({"g": first, "d": second}, {})]
    assert names == ["g.a.kernel", "g.a.bias", "d.a.kernel", "d.a.bias"]


@pytest.mark.filterwarnings("ignore:Gradients do not exist:UserWarning")
def test_a_gradient_that_does_not_arrive_is_told_as_zeros(tracing) -> None:
    """And is none to the optimiser, unless it is replaced."""
    import tensorflow as tf

    def step(recorder: Recorder) -> dict[str, np.ndarray]:
        networks, optimisers = built()
        with tracing.watched(networks, optimisers, recorder), tf.GradientTape() as tape:
            loss = tf.reduce_sum(networks["net"].dense(tf.ones((2, 36), tf.float64)))
            variables = networks["net"].trainable_variables
            gradients = tape.gradient(loss, variables)
            optimisers["adam"].apply_gradients(zip(gradients, variables, strict=True))
        return {name: values for _, name, values in tracing.read_state(networks, optimisers)}

    start = {name: values for _, name, values in tracing.read_state(*built())}
    plain, replaced = Recorder(), Recorder("backward", "conv1.bias", np.ones_like)
    after, changed = step(plain), step(replaced)
    assert not plain.told["backward", "conv1.bias"].any()
    assert plain.told["backward", "dense.bias"].any()
    require_named(after["conv1.bias"], start["conv1.bias"], "exact", "conv1.bias")
    assert (changed["conv1.bias"] != start["conv1.bias"]).all()


def test_what_is_read_can_be_written(tracing) -> None:
    wanted, both = stepped(tracing, Recorder()), built()
    assert any((wanted[name] != values).any() for _, name, values in tracing.read_state(*both))
    tracing.write_state(*both, wanted)
    for _, name, values in tracing.read_state(*both):
        require_named(values, wanted[name], "exact", name)
