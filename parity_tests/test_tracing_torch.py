"""Looking inside a PyTorch network while it trains: what is told, and that nothing changes."""

from contextlib import nullcontext

import numpy as np
import pytest

from common.parity.measure import require_named

torch = pytest.importorskip("torch", reason="torch is not installed; see the extra torch")
tracing, nn = pytest.importorskip("torch_impl.tracing"), torch.nn


def stepped(replaced: str = "") -> tuple[dict[str, np.ndarray], nn.Sequential]:
    """The gradients that are told, and the network, whose first layer is cut off, after a step."""
    torch.manual_seed(0)
    network, told = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 1)), {}
    optimiser = torch.optim.SGD(network.parameters(), 0.5)

    def tell(phase: str, name: str, values: np.ndarray) -> np.ndarray | None:
        told[f"{phase} {name}"] = values
        return np.ones_like(values) if name == replaced and phase == "backward" else None

    with tracing.watched({"net": network}, {"sgd": optimiser}, tell):
        network[1](network[0](torch.ones(2, 3)).detach()).sum().backward()
        optimiser.step()
    return told, network


def test_a_gradient_that_does_not_arrive_is_told_as_zeros() -> None:
    """And is none to the optimiser, unless it is replaced."""
    told, network = stepped()
    assert not told["backward 0.weight"].any()
    assert told["backward 1.weight"].any()
    assert network[0].weight.grad is None
    changed = stepped("0.bias")[1]
    before = network[0].bias.detach().numpy()
    require_named(changed[0].bias.detach().numpy(), before - np.float32(0.5), "exact", "0.bias")


def test_control_a_gradient_that_arrives_is_not_zero() -> None:
    told, network = stepped()
    require_named(told["backward 1.bias"], np.full(1, 2, np.float32), "exact", "1.bias")
    assert network[1].bias.grad is not None


LAYERS = ("conv", "bn", "relu", "head.0", "head.1", "output")


class Net(nn.Module):
    """A layer in place, layers in a layer, a function between two, and a root that adds to them."""

    def __init__(self, slope=0.2):
        super().__init__()
        self.conv, self.bn, self.relu = nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(inplace=True)
        self.head = nn.Sequential(nn.Linear(27, 4), nn.LeakyReLU(slope))

    def forward(self, images):
        return self.head(self.relu(self.bn(self.conv(images))).flatten(1)).sum(1)


def images(seed=0):
    return torch.tensor(np.random.default_rng(seed).normal(size=(4, 1, 5, 5)))


def trained(tell=None, *, slope=0.2, penalised=False, steps=2):
    """The state after steps by Adam, in float64; what is computed is told, if it is to be."""
    torch.manual_seed(0)
    net = Net(slope).double()
    optimiser = torch.optim.Adam(net.parameters(), lr=0.01)
    for step in range(steps):
        watched = (
            tracing.watched({"net": net}, {"adam": optimiser}, tell) if tell else nullcontext()
        )
        with watched:
            given = images(step).requires_grad_()
            scores = net(given)
            loss = scores.square().mean()
            if penalised:
                (slopes,) = torch.autograd.grad(scores.sum(), given, create_graph=True)
                loss = loss + slopes.square().sum()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return {name: x for _, name, x in tracing.read_state({"net": net}, {"adam": optimiser})}


def recording(into, instead=None):
    """A function that records what it is told, and replaces one array by a function of it."""

    def tell(phase, name, values):
        into.setdefault((phase, name), values)
        return instead[1](values) if instead and (phase, name) == instead[0] else None

    return tell


@pytest.mark.parametrize("penalised", [False, True])
def test_watching_changes_no_bit(penalised) -> None:
    plain, watched = trained(penalised=penalised), trained(recording({}), penalised=penalised)
    assert {"conv.weight", "bn.running_var", "head.0.bias/second_moment"} < set(plain)
    for name, values in plain.items():
        assert values.tobytes() == watched[name].tobytes(), name


def test_layers_are_told_in_order_and_gradients_in_reverse() -> None:
    told = {}
    after = trained(recording(told), steps=1)
    forward = [name for phase, name in told if phase == "forward"]
    assert [name for name in forward if "/input" not in name] == list(LAYERS)
    owners = ["conv", "bn", "head.0"]
    assert [name for name in forward if "/input" in name] == [f"{name}/input" for name in owners]
    backward = [name for phase, name in told if phase == "backward"]
    assert backward[: len(LAYERS)] == list(reversed(LAYERS))
    assert (told["forward", "bn"] < 0).any()  # a copy from before the layer in place
    moment = 0.1 * told["backward", "conv.weight"]
    require_named(after["conv.weight/first_moment"], moment, "closed_form", "moment")


@pytest.mark.parametrize(
    ("place", "kept", "moved"),
    [
        (("forward", "relu"), ("forward", "bn"), ("forward", "head.0")),
        (("forward", "head.0/input"), ("forward", "relu"), ("forward", "head.0")),
        (("backward", "relu"), ("backward", "head.0"), ("backward", "bn")),
        (("backward", "head.0.weight"), ("backward", "head.0.bias"), None),
    ],
    ids=str,
)
def test_replaced_values_change_what_follows_alone(place, kept, moved) -> None:
    told, other = {}, {}
    plain = trained(recording(told), steps=1)
    changed = trained(recording(other, (place, lambda values: 2 * values)), steps=1)
    assert (told[kept] == other[kept]).all()
    if moved:
        assert (told[moved] != other[moved]).any()
    assert (plain["head.0.weight/first_moment"] != changed["head.0.weight/first_moment"]).any() or (
        plain["bn.weight/first_moment"] != changed["bn.weight/first_moment"]
    ).any()


def test_a_fault_in_one_layer_first_shows_there() -> None:
    told, other = {}, {}
    trained(recording(told), steps=1)
    trained(recording(other), slope=0.3, steps=1)
    assert next(key for key in told if (told[key] != other[key]).any()) == ("forward", "head.1")


def test_replaced_values_keep_their_gradient_and_its_derivative() -> None:
    x = torch.tensor([2.0, 3.0], dtype=torch.float64, requires_grad=True)
    y = tracing.replaced(x**2, np.array([np.inf, 1.0]))
    assert y.tolist() == [np.inf, 1.0]
    (slope,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    assert slope.tolist() == [4.0, 6.0]
    (second,) = torch.autograd.grad(slope.sum(), x)
    assert second.tolist() == [2.0, 2.0]


def test_several_networks_and_calls() -> None:
    first, second = nn.Sequential(nn.Linear(4, 3), nn.ReLU()), nn.Linear(3, 2)
    told = {}
    with tracing.watched({"g": first, "d": second}, {}, recording(told)):
        for _ in range(2):
            second(first(torch.ones(1, 4)))
    names = [name for phase, name in told if "/input" not in name]
    assert names == ["g.0", "g.1", "g", "d", "g.0#2", "g.1#2", "g#2", "d#2"]
