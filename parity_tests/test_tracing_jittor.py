"""Looking inside a Jittor network while it trains: what is told, and that nothing changes."""

from contextlib import nullcontext
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
import pytest

from common.backends import load
from common.parity.measure import Disagreement, require_named

FORWARD = ["conv1", "bn1", "relu", "head.0", "head.1", "flatten", "dense", "output"]
PARAMETERS = ["conv1.weight", "conv1.bias", "bn1.weight", "bn1.bias", "head.0.weight"]
PARAMETERS += ["head.0.bias", "dense.weight", "dense.bias"]
SLOTS = [f"{name}/{slot}_moment" for slot in ("second", "first") for name in PARAMETERS]
HYPER = {"beta2": 0.999, "epsilon": 1e-8}
STATISTICS = ["bn1.running_mean", "bn1.running_var"]


@pytest.fixture
def tracing(need):
    need("jittor")
    load("jittor", device="cpu", dtype="float64", exact=True)
    return import_module("jittor_impl.tracing")


def built(slope: float = 0.2, ours: bool = False) -> tuple[dict[str, Any], dict[str, Any]]:
    """A small network with the same weights every time, some of its layers in a list, and Adam."""
    import jittor as jt
    from jittor import nn

    class Net(nn.Module):
        def __init__(self) -> None:
            self.conv1 = nn.Conv(2, 4, 3)
            self.bn1 = nn.BatchNorm(4)
            self.relu = nn.ReLU()
            self.head = nn.Sequential(nn.Conv(4, 4, 3, 2), nn.LeakyReLU(slope))
            self.flatten = nn.Flatten()
            self.dense = nn.Linear(36, 1)

        def execute(self, inputs: Any) -> Any:
            maps = self.relu(self.bn1(self.conv1(inputs)))
            return self.dense(self.flatten(self.head(maps)))

    net, rng = Net(), np.random.default_rng(0)
    for each in net.parameters():
        values = rng.random(each.shape) - (0 if each.is_stop_grad() else 0.5)
        each.update(jt.array(values)).sync(False, False)
    if ours:
        adam = import_module("jittor_impl.optimisers").adam
        return {"net": net}, {"adam": adam(net, learning_rate=1e-3, beta1=0.9, **HYPER)}
    return {"net": net}, {"adam": nn.Adam(net.parameters(), 1e-3)}


def images(seed: int = 0) -> Any:
    import jittor as jt

    return jt.array(np.random.default_rng(seed).standard_normal((8, 2, 9, 9)))


def train(net: Any, adam: Any, real: Any) -> None:
    adam.step((net(real) - 1).sqr().mean())


class Pair(NamedTuple):
    whole: Any
    half: Any


def pair_network() -> Any:
    from jittor import nn

    class Halved(nn.Module):
        def execute(self, inputs: Any) -> Pair:
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
    tracing: Any, recorder: Recorder | None, seeds: Any = (1,), **options: Any
) -> dict[str, np.ndarray]:
    """The state after steps that are watched, if there is a recorder."""
    networks, optimisers = built(**options)
    for seed in seeds:
        with tracing.watched(networks, optimisers, recorder) if recorder else nullcontext():
            train(networks["net"], optimisers["adam"], images(seed))
    return {name: values for _, name, values in tracing.read_state(networks, optimisers)}


@pytest.fixture
def unfused(tracing):
    import jittor as jt

    with jt.flag_scope(no_fuse=1):
        yield


@pytest.mark.parametrize("ours", [False, True])
def test_watching_changes_no_bit(tracing, unfused, ours) -> None:
    plain, watched = (stepped(tracing, each, (1, 2), ours=ours) for each in (None, Recorder()))
    assert sorted(plain) == sorted(watched) == sorted(PARAMETERS + SLOTS + STATISTICS)
    for name, values in plain.items():
        assert values.tobytes() == watched[name].tobytes(), name


def test_watching_fused_kernels_changes_their_last_digits_alone(tracing) -> None:
    """What is watched is not fused, and therefore rounded otherwise.

    In Jittor's own Adam that moves the weights by float32 errors: only fused kernels keep some of
    its numbers in float64.
    """
    plain, watched = (stepped(tracing, each, ours=True) for each in (None, Recorder()))
    for name, values in plain.items():
        if not name.startswith("conv1.bias"):  # before batch norm, its gradient is all rounding
            require_named(watched[name], values, "closed_form", name)


def test_layers_are_told_in_order_and_gradients_in_reverse(tracing) -> None:
    recorder = Recorder()
    after = stepped(tracing, recorder)
    assert recorder.names("forward") == FORWARD
    assert recorder.names("backward") == [*reversed(FORWARD), *PARAMETERS]
    # Jittor rounds the numbers of its own optimisers to float32.
    expected = np.float64(np.float32(1 - 0.9)) * recorder.told["backward", "conv1.weight"]
    require_named(after["conv1.weight/first_moment"], expected, "closed_form", "moment")


def test_everything_is_as_before_afterwards(tracing) -> None:
    import jittor as jt

    networks, optimisers = built()
    net, adam, recorder = networks["net"], optimisers["adam"], Recorder()
    before = [{*vars(each)} for each in (*net.modules(), adam)]
    with tracing.watched(networks, optimisers, recorder):
        assert "execute" in vars(net.conv1)
        assert jt.flags.no_fuse == 1
    assert jt.flags.no_fuse == 0
    train(net, adam, images())
    assert [{*vars(each)} for each in (*net.modules(), adam)] == before
    assert not recorder.told


@pytest.mark.parametrize(
    ("phase", "kept", "name"),
    [("forward", "bn1", "dense"), ("backward", "dense.weight", "conv1.weight")],
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
    import jittor as jt

    points, parameters = images(3), [each for each in net.parameters() if not each.is_stop_grad()]
    slopes = jt.grad(net(points).tanh().sum(), points).flatten(1).sqr().sum(1).sqrt()
    return [each.numpy() for each in jt.grad((slopes - 1).sqr().mean(), parameters)]


@pytest.mark.parametrize("at", [("", ""), ("forward", "bn1")])
def test_second_derivatives_stay_right(tracing, at) -> None:
    """Also through outputs that are replaced, by the same values."""
    (networks, _), (others, _) = built(), built()
    with tracing.watched(networks, {}, Recorder(*at, lambda values: values)):
        watched = penalty_gradients(networks["net"])
    plain = penalty_gradients(others["net"])
    for name, here, there in zip(PARAMETERS, watched, plain, strict=True):
        assert there.any(), name
        if name != "conv1.bias":  # before batch norm, it is all rounding
            require_named(here, there, "linear_algebra", name)


def test_several_networks_calls_and_layers_in_layers(tracing) -> None:
    import jittor as jt
    from jittor import nn

    first, second = nn.Sequential(nn.Linear(4, 3), nn.ReLU()), nn.Linear(3, 2)
    recorder, values = Recorder(), jt.ones((1, 4))
    with tracing.watched({"g": first, "d": second}, {}, recorder):
        second(first(values))
        second(first(values))
    assert recorder.names("forward") == [
        *("g.0", "g.1", "g", "d"),
        *("g.0#2", "g.1#2", "g#2", "d#2"),
    ]
    names = [name for _, name, _ in tracing.read_state({"g": first, "d": second}, {})]
    assert names == ["g.0.weight", "g.0.bias", "d.weight", "d.bias"]


def test_what_is_read_can_be_written(tracing) -> None:
    wanted, both = stepped(tracing, Recorder()), built()
    assert any((wanted[name] != values).any() for _, name, values in tracing.read_state(*both))
    tracing.write_state(*both, wanted)
    for _, name, values in tracing.read_state(*both):
        require_named(values, wanted[name], "exact", name)
