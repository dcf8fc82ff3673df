"""What jax_impl.tracing tells of a step, and that telling it changes nothing."""

from functools import partial

import numpy as np
import pytest

from common.parity.measure import Disagreement, require_named

jax = pytest.importorskip("jax", reason="jax is not installed; see the extra jax")
jnp, nnx = pytest.importorskip("jax.numpy"), pytest.importorskip("flax.nnx")
optax, tracing = pytest.importorskip("optax"), pytest.importorskip("jax_impl.tracing")

IMAGES = jnp.asarray(np.random.default_rng(0).normal(size=(4, 5, 5, 2)), jnp.float32)


class Relu(nnx.Module):
    def __call__(self, inputs):
        return nnx.relu(inputs)


class Net(nnx.Module):
    """Modules with and without attributes, nested, and reached without the root's call."""

    def __init__(self, seed=0):
        rngs = nnx.Rngs(seed)
        self.conv = nnx.Conv(2, 3, (3, 3), rngs=rngs)
        self.bn, self.act = nnx.BatchNorm(3, rngs=rngs), Relu()
        self.head = nnx.Sequential(
            nnx.Linear(75, 4, rngs=rngs), nnx.tanh, nnx.Linear(4, 1, rngs=rngs)
        )

    def features(self, images):
        return self.act(self.bn(self.conv(images))).reshape(len(images), -1)

    def __call__(self, images):
        return self.head(self.features(images))


def loss(network, images, *, penalised=False):
    scores = network(images)
    if not penalised:
        return (scores**2).mean()
    slopes = nnx.grad(lambda images, network: network(images).sum())(images, network)
    return scores.mean() + (slopes**2).sum()


@partial(nnx.jit, static_argnames="penalised")  # decorated long before anything is watched
def step(network, optimiser, images, *, penalised=False):
    gradients = nnx.grad(partial(loss, penalised=penalised))(network, images)
    optimiser.update(network, gradients)


def built(seed=0, rule=None):
    network = Net(seed)
    return network, nnx.Optimizer(network, rule or optax.adam(1e-2), wrt=nnx.Param)


def told(network, optimiser, act=step, instead=None, inputs=False, **options):
    """Everything that is told, in order; `instead` maps (phase, name) to a function of values."""
    record = []

    def tell(phase, name, values):
        record.append((phase, name, values))
        change = (instead or {}).get((phase, name))
        return change and change(values)

    with tracing.watched({"net": network}, {"optimiser": optimiser}, tell):
        act(network, optimiser, IMAGES, **options)
    return record if inputs else [told for told in record if not told[1].endswith("/input")]


def state(network, optimiser):
    return {
        name: values for _, name, values in tracing.read_state({"n": network}, {"o": optimiser})
    }


def test_layers_are_told_in_forward_order_and_gradients_in_reverse() -> None:
    layers = ["conv", "bn", "act", "head.layers.0", "head.layers.2", "output"]
    record = told(*built())
    names = [(phase, name) for phase, name, _ in record]
    assert names[:12] == [("forward", x) for x in layers] + [("backward", x) for x in layers[::-1]]
    updates = tracing.read_state({"n": built()[0]}, {})
    assert {name for _, name in names[12:]} == {name for at, name, _ in updates if at == "update"}
    record = told(*built(), act=lambda network, _, images: network.features(images))
    assert [name for _, name, _ in record] == layers[:3]
    step(*built(), IMAGES)
    assert len(record) == 3  # classes are as they were
    given = {name: x for _, name, x in told(*built(), inputs=True) if name.endswith("/input")}
    assert list(given) == [f"{x}/input" for x in ("conv", "bn", "head.layers.0", "head.layers.2")]
    require_named(given["conv/input"], np.asarray(IMAGES), "exact", "the input of conv")


def test_steps_with_cached_arguments_are_told_like_others() -> None:
    """Their modules are clones, made before anything is watched."""
    cached, expected = built(), told(*built())
    bound = nnx.cached_partial(step, *cached)
    record = told(*cached, act=lambda network, optimiser, images: bound(images))
    assert [each[:2] for each in record] == [each[:2] for each in expected]
    for (phase, name, values), (_, _, usual) in zip(record, expected, strict=True):
        require_named(values, usual, "exact", f"{phase} {name}")


@pytest.mark.parametrize("penalised", [False, True])
def test_watching_changes_no_bit(penalised) -> None:
    """Control: one value that is replaced by another changes what follows."""
    watched, alone, changed = built(), built(), built()
    structure = jax.tree.structure(watched[0]), nnx.graphdef(watched[0])
    for _ in range(2):
        told(*watched, penalised=penalised)
        told(*changed, instead={("forward", "bn"): lambda x: 1.5 * x}, penalised=penalised)
        with jax.disable_jit():
            step(*alone, IMAGES, penalised=penalised)
    assert (jax.tree.structure(watched[0]), nnx.graphdef(watched[0])) == structure
    expected = state(*alone)
    assert {"conv.kernel", "conv.kernel/first_moment", "bn.var"} < set(expected)
    for name, values in state(*watched).items():
        require_named(values, expected[name], "exact", name)
    with pytest.raises(Disagreement):
        require_named(state(*changed)["conv.kernel"], expected["conv.kernel"], "exact", "control")


def test_the_gradients_are_those_of_jax() -> None:
    """At a layer's output, of a parameter, and with a second derivative on the way."""
    network, optimiser = built()
    expected = nnx.grad(partial(loss, penalised=True))(Net(), IMAGES)
    record = told(network, optimiser, penalised=True)
    values = {name: x for phase, name, x in record if phase == "backward"}
    for name, own in (("conv", expected.conv), ("head.layers.0", expected.head.layers[0])):
        require_named(values[f"{name}.kernel"], own.kernel[...], "update_float32", name)
    scores = next(x for phase, name, x in record if name == "head.layers.2")
    require_named(values["head.layers.2"], np.full(scores.shape, 1 / 4), "exact", "scores")
    inner = [x for phase, name, x in record if (phase, name) == ("backward", "conv#2")]
    assert len(inner) == 2  # within the penalty, and on the way back from it
    tail = nnx.grad(lambda x, net: net.head(net.act(net.bn(x)).reshape(len(x), -1)).sum())
    require_named(inner[0], tail(Net().conv(IMAGES), Net()), "update_float32", "inner gradient")


def test_a_replaced_output_passes_its_gradient_and_a_replaced_gradient_is_used() -> None:
    zero = np.zeros_like
    plain = {name: x for phase, name, x in told(*built()) if phase == "backward"}
    output = dict(x[1:] for x in told(*built(), instead={("forward", "head.layers.2"): zero}))
    require_named(output["conv"], zero(plain["conv"]), "exact", "the loss is least at 0")
    for name in ("act", "head.layers.0.kernel"):
        cut = built()
        record = told(*cut, instead={("backward", name): zero})
        slopes = {name: x for phase, name, x in record if phase == "backward"}
        before, after = state(*built()), state(*cut)
        stays, moves = ("conv.kernel", "head.layers.0.kernel")[:: 1 if name == "act" else -1]
        require_named(after[stays], before[stays], "exact", stays)
        assert (after[moves] != before[moves]).any()
        require_named(slopes["head.layers.0"], plain["head.layers.0"], "exact", "above it")
    shifted = tracing.replaced(IMAGES, np.full(IMAGES.shape, np.inf))
    assert np.isinf(tracing.to_numpy(shifted)).all()
    slope = jax.grad(lambda x: (x * tracing.replaced(x, zero(IMAGES) + 2)).sum())(IMAGES)
    require_named(slope, IMAGES + 2, "exact", "product rule")


def test_a_fault_shows_first_at_its_layer() -> None:
    right, wrong = told(*built()), built()
    wrong[0].bn.epsilon = 0.1
    pairs = zip(right, told(*wrong), strict=True)
    assert next(name for (_, name, x), (_, _, y) in pairs if (x != y).any()) == "bn"


def test_twins_and_clones_keep_their_names() -> None:
    """One optimiser for two networks of one shape, as in CycleGAN, of which one is recomputed."""
    first = Net()
    networks = {"a": first, "b": nnx.clone(first)}
    pair = tuple(networks.values())
    optimiser = nnx.Optimizer(pair, optax.sgd(0.1, momentum=0.9), wrt=nnx.Param)
    step_both = nnx.jit(lambda pair, optimiser: optimiser.update(pair, nnx.grad(both)(pair)))

    def both(pair):
        return (pair[1](IMAGES) * nnx.remat(lambda network: network(IMAGES))(pair[0])).sum()

    names = []
    with tracing.watched(networks, {"o": optimiser}, lambda phase, name, _: names.append(name)):
        step_both(pair, optimiser)
    assert {"a.conv", "b.conv", "a.conv.kernel", "b.conv.kernel"} < set(names)
    assert not [name for name in names if "#" in name]
    slots = {name: x for _, name, x in tracing.read_state(networks, {"o": optimiser})}
    momenta = [slots[f"{x}.head.layers.2.bias/momentum"] for x in "ab"]
    expected = [x.head.layers[2].bias[...] for x in nnx.grad(both)((Net(), Net()))]
    require_named(np.stack(momenta), np.stack(expected), "update_float32", "momenta")


def test_what_is_written_is_read() -> None:
    network, optimiser = built()
    values = {name: x + 1 for name, x in state(network, optimiser).items()}
    tracing.write_state({"n": network}, {"o": optimiser}, values)
    for name, x in state(network, optimiser).items():
        require_named(x, values[name], "exact", name)
    assert tracing.to_numpy(jnp.ones(2, jnp.bfloat16)).dtype == np.float32
    assert [tracing.is_network(x) for x in (network, optimiser)] == [True, False]
    assert [tracing.is_optimiser(x) for x in (network, optimiser)] == [False, True]
    tracing.use_dtype("float64")
    try:
        wide = {name: x.astype(np.float64) for name, x in values.items()}
        tracing.write_state({"n": network}, {"o": optimiser}, wide)
        assert {x.dtype for _, _, x in told(network, optimiser)} == {np.dtype(np.float64)}
    finally:
        tracing.use_dtype("float32")
