"""PyTorch's layout in memory: channels last on a CPU, and a batch norm that keeps its digits so."""

import numpy as np
import pytest

from common.contract import network_contract
from common.parity.case_run import CaseRun
from common.parity.cases import cases
from common.parity.measure import require_named
from parity_tests.differing import port
from parity_tests.fixtures import build, images, noise, reduced

torch = pytest.importorskip("torch", reason="torch is not installed; see the extra torch")
layers = pytest.importorskip("torch_impl.layers")
interop = pytest.importorskip("torch_impl.interop")
tracing = pytest.importorskip("torch_impl.tracing")
LAYOUTS = (torch.contiguous_format, torch.channels_last)
EPSILON = 1e-2


@pytest.fixture(autouse=True)
def _in_float64(need) -> None:
    need("torch")
    port("torch")


def normalised(maps: torch.Tensor, upstream: torch.Tensor, *, unbiased: bool) -> list[np.ndarray]:
    """Values, running statistics, first and second derivatives of a batch norm."""
    layer = layers.BatchNorm(
        4, epsilon=EPSILON, momentum=0.3, unbiased_running_variance=unbiased
    ).double()
    torch.nn.init.normal_(layer.weight, generator=torch.Generator().manual_seed(0))
    output = layer(maps.requires_grad_())
    wanted = maps, layer.weight, layer.bias
    first = torch.autograd.grad((output * upstream).sum(), wanted, create_graph=True)
    second = torch.autograd.grad(first[0].pow(3).sum(), wanted[:2])
    found = output, layer.running_mean, layer.running_var, *first, *second
    return [each.detach().numpy() for each in found]


@pytest.mark.parametrize("unbiased", [False, True])
def test_batch_norm_is_the_same_function_in_both_layouts(unbiased) -> None:
    drawn = np.random.default_rng(3).standard_normal((2, 3, 4, 5, 2))
    maps, upstream = torch.tensor(drawn)
    first, last = (
        normalised(maps.clone(memory_format=layout), upstream, unbiased=unbiased)
        for layout in LAYOUTS
    )
    for actual, expected in zip(last, first, strict=True):
        require_named(actual, expected, "linear_algebra", "channels last")


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_batch_norm_leaves_maps_in_their_layout(layout) -> None:
    layer = layers.BatchNorm(4, epsilon=EPSILON, momentum=0.3, unbiased_running_variance=True)
    maps = torch.ones(3, 4, 5, 2).clone(memory_format=layout)
    assert layer(maps).is_contiguous(memory_format=layout)


@pytest.mark.parametrize(
    ("name", "layout"),
    [("dcgan_facade", LAYOUTS[1]), ("wgan_gp", LAYOUTS[0])],
    ids=["channels last", "channels first under a gradient penalty"],
)
def test_networks_are_laid_out_for_the_cpu(name, layout) -> None:
    case = reduced(name)
    gan = build(port("torch"), case)
    kernels = [p for p in gan.discriminator.parameters() if p.ndim == 4 and p.shape[1] > 1]
    assert kernels
    assert all(kernel.is_contiguous(memory_format=layout) for kernel in kernels)


def test_a_whole_network_computes_the_same_in_both_layouts() -> None:
    """And so do its gradients, which are read in canonical order."""
    case = reduced("dcgan_mnist")
    found = []
    for layout in LAYOUTS:
        gan = build(port("torch"), case)
        network = gan.discriminator.to(memory_format=layout)
        fakes = gan.generator.to(memory_format=layout)(torch.tensor(noise(case)))
        (network(torch.tensor(images(case))) - network(fakes)).sum().backward()
        gradients = [p.grad for net in (network, gan.generator) for p in net.parameters()]
        found.append([fakes, *gradients])
    for first, last in zip(*found, strict=True):
        require_named(last.detach().numpy(), first.detach().numpy(), "linear_algebra", "network")


@pytest.mark.parametrize("name", ["dcgan_mnist", "lsgan_jittor", "sngan"])
def test_gradients_and_loaded_slots_are_laid_out_as_their_parameters(name) -> None:
    """A fused optimiser on a CPU pairs their values by their places in memory."""
    case = next(case for case in cases() if case.system.name == name)
    run = CaseRun(port("torch", "float32"), case, 0)
    strides = []

    def look(optimiser: torch.optim.Optimizer, *_: object) -> None:
        for parameter in (p for group in optimiser.param_groups for p in group["params"]):
            slots = [each for each in optimiser.state[parameter].values() if each.ndim]
            strides.append({_strides(each) for each in (parameter, parameter.grad, *slots)})

    for network in ("generator", "discriminator"):
        optimiser = getattr(run.gan, f"{network}_optimiser")
        parameters = network_contract(case.system, network)
        interop.load_slots(
            optimiser,
            getattr(run.gan, network),
            parameters,
            interop.read_slots(optimiser, getattr(run.gan, network), parameters),
        )
        optimiser.register_step_pre_hook(look)
    run.backend.schedule.training_step(run.gan, run.inputs(1))
    assert any(len(next(iter(each))) == 4 for each in strides)
    assert all(len(each) == 1 for each in strides)


def test_values_in_a_tensor_s_place_take_its_layout() -> None:
    values = np.random.default_rng(0).standard_normal((2, 3, 2, 2))
    tensor = torch.zeros(2, 3, 2, 2).contiguous(memory_format=LAYOUTS[1])
    found = tracing.replaced(tensor, values)
    assert found.stride() == tensor.stride()
    assert np.array_equal(found.numpy(), values.astype(found.numpy().dtype))


@pytest.mark.pins("torch")
def test_a_fused_optimiser_pairs_values_by_their_places_in_memory() -> None:
    """On a CPU: a gradient with channels first moves other weights than those it belongs to."""
    gradient = torch.tensor(np.random.default_rng(0).standard_normal((2, 3, 2, 2)))
    wrong = {}
    for fused in (False, True):
        weights = torch.zeros(2, 3, 2, 2).double().contiguous(memory_format=LAYOUTS[1])
        weights.grad = gradient.clone(memory_format=LAYOUTS[0])
        torch.optim.SGD([weights], lr=1.0, fused=fused).step()
        wrong[fused] = not torch.equal(weights, -gradient)
    assert wrong == {False: False, True: True}


def _strides(tensor: torch.Tensor) -> tuple[int, ...]:
    # Along an axis of one element any stride is the same.
    pairs = zip(tensor.shape, tensor.stride(), strict=True)
    return tuple(stride if extent > 1 else 0 for extent, stride in pairs)
