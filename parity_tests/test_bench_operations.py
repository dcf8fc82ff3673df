"""The floating-point operations of a step, against a compiler's count and by hand."""

import pytest

from common.backends import BACKENDS, load
from common.bench.operations import _of_schedule, forward_operations, step_operations
from common.contract import network_contract
from common.contract.initialisers import initial_state
from common.systems import find_system
from common.systems.options import with_options

NETWORKS = ("generator", "discriminator")
# XLA leaves out the products with padding, and counts norms and activations too.
LEAST, MOST = 0.8, 1.25


def built(name: str, backend: str):
    """A port of a system with the system, for a batch of four."""
    port = load(backend, device="cpu", dtype="float32", exact=False)
    system = with_options(find_system(name), {"batch_size": 4})
    return port, system, port.gan.build(system, initial_state(system, 1))


def test_forward_operations_are_those_that_xla_counts() -> None:
    jax = pytest.importorskip("jax")
    from flax import nnx

    from common.bench.operations import _sample, _shapes

    for name in ("dcgan_mnist", "lsgan_mlp"):
        port, system, gan = built(name, "jax")
        for network_name in NETWORKS:
            network, sample = getattr(gan, network_name), _sample(system, network_name)
            shapes = _shapes(port, network, sample)
            counted = sum(forward_operations(network_contract(system, network_name), shapes))
            graph, state = nnx.split(network)
            call = jax.jit(lambda state, x, graph=graph: nnx.merge(graph, state)(x))
            compiled = call.lower(state, port.interop.to_native(sample)).compile()
            flops = compiled.cost_analysis()["flops"]
            assert LEAST <= flops / counted <= MOST, (name, network_name)


@pytest.mark.parametrize("name", ["wgan_gp_toy", "dcgan_mnist"])
def test_every_port_tells_the_same_shapes(name, backends) -> None:
    counts = {}
    for backend in [each for each in BACKENDS if each in backends]:
        port, system, gan = built(name, backend)
        counts[backend] = step_operations(port, system, gan, 1)
    assert len(set(counts.values())) == 1, counts
    assert min(counts.values()) > 0


def test_passes_are_counted_by_hand(backends) -> None:
    port, system, gan = built("lsgan_mlp", backends[0])
    linear = {
        name: [
            2 * p.shape[0] * p.shape[1]
            for p in network_contract(system, name)
            if p.kind == "linear"
        ]
        for name in NETWORKS
    }
    g, d = (sum(linear[name]) for name in NETWORKS)
    # The discriminator's update: fakes; two batches forward, with respect to weights, and to the
    # inputs of all layers but the first.
    critic = g + 2 * (3 * d - linear["discriminator"][0])
    # The generator's: new fakes, through the discriminator, and back to its inputs.
    own = 2 * d + 3 * g - linear["generator"][0]
    assert step_operations(port, system, gan, 1) == 4 * (critic + own)
    wider = with_options(system, {"batch_size": 8})
    assert step_operations(port, wider, gan, 1) == 8 * (critic + own)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # Networks of 10 + 20 and of 3 + 4 operations: an own update is 3 · 30 − 10 and 3 · 7 − 3.
        ("wgan_gp", 5 * (30 + 2 * 18 + 4 * 7) + 80 + 2 * 7),
        ("sngan", 30 + 2 * 18 + (80 - 30) + 2 * 7),
        ("lsgan_keras", 2 * (80 + 2 * 7 + 18)),
    ],
)
def test_schedules_and_the_penalty_are_counted(name, expected) -> None:
    assert _of_schedule(find_system(name), [10, 20], [3, 4], 1) == expected
