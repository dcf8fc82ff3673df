"""What devices tell each other in a step: counted from the contract, and as PyTorch does it."""

from importlib import import_module
from math import prod

import pytest

from common.backends import load
from common.bench.communication import CARDS, Communication, Link, communication
from common.contract import network_contract
from common.contract.initialisers import initial_state
from common.parity.cases import cases
from common.parity.measure import require_named
from common.streams.step_inputs import draw_step_inputs
from common.streams.synthetic import synthetic_batch
from common.systems import find_system

CASES = {case.label: case for case in cases()}


def parameters(system, name: str) -> int:
    return sum(prod(p.shape) for p in network_contract(system, name) if p.trainable)


def test_networks_without_batch_norm_sum_their_gradients_alone() -> None:
    system = find_system("lsgan_mlp")
    weights = parameters(system, "generator") + parameters(system, "discriminator")
    assert communication(system) == Communication(4 * weights, 0, 2)


def test_every_update_of_the_critic_sums_its_gradients() -> None:
    system = CASES["wgan.no_norm"].system
    critic, generator = (parameters(system, name) for name in ("discriminator", "generator"))
    updates = system.schedule.discriminator_steps_at(2)
    told = communication(system)
    assert told.gradients == 4 * (updates * critic + generator)
    assert communication(system, step=1).gradients > told.gradients  # the warm-up


@pytest.fixture
def alone(need, tmp_path, monkeypatch):
    """PyTorch's port in a group of one process, and how many sums it has made since."""
    need("torch")
    backend = load("torch", device="cpu", dtype="float64", exact=True)
    dist = import_module("torch.distributed")
    dist.init_process_group("gloo", init_method=f"file://{tmp_path}/met", rank=0, world_size=1)
    summed: list[int] = []
    add = dist.all_reduce

    def counting(tensor, *others):
        summed.append(tensor.numel())
        return add(tensor, *others)

    monkeypatch.setattr(dist, "all_reduce", counting)
    yield backend, summed
    dist.destroy_process_group()


@pytest.mark.parametrize(
    "label", ["dcgan_mnist", "lsgan_keras", "lsgan_pytorch", "sngan", "wgan", "wgan.penalty"]
)
def test_pytorch_sums_as_many_statistics_as_are_counted(label: str, alone) -> None:
    backend, summed = alone
    system, batch = CASES[label].system, CASES[label].batch_size
    gan = backend.gan.build(system, initial_state(system, 0))
    # A group of one shares nothing, so its networks are replicated here.
    replicated = type(gan)(
        **vars(gan)
        | {
            "generator": backend.parallel.replicate(gan.generator),
            "discriminator": backend.parallel.replicate(gan.discriminator),
        }
    )
    inputs = draw_step_inputs(
        system, 0, 2, batch, lambda index: synthetic_batch(system, 0, 2, index, batch)
    )
    summed.clear()
    backend.schedule.training_step(replicated, inputs)
    told = communication(system)
    updates = system.schedule.discriminator_steps_at(2) + system.schedule.generator_steps
    assert len(summed) == told.sums - updates
    assert 4 * sum(summed) == told.statistics


def test_the_model_s_time_of_a_ring() -> None:
    link = Link("slow", bandwidth=100.0, latency=0.5)
    # Of four devices each sends and receives three quarters of the bytes twice, in six rounds.
    told = Communication(gradients=150, statistics=50, sums=2).seconds(4, link)
    require_named(told, 1.5 * 200 / 100 + 6 * 2 * 0.5, "closed_form", "seconds")
    assert Communication(0, 0, 1).seconds(8, CARDS) > 0
