"""In which order the tensors of a case come to be, so that the first that is off can be named."""

from collections.abc import Iterable, Iterator
from functools import cache

from common.contract import Parameter, network_contract
from common.parity.case_run import NETWORKS
from common.parity.cases import TRAJECTORY_STEPS, Case
from common.parity.keys import Key
from common.systems.schedules import MixedBatch

FORWARD, STATISTICS, EVALUATION = "forward pass", "running statistics", "evaluation mode"
LOSS, PENALTY, GRADIENT, UPDATE = "loss", "gradient penalty", "gradient", "update"
INPUTS, AVERAGE, SAMPLING = "inputs of a step", "moving average", "sampling"
TRAJECTORY = "trajectory"
Event = tuple[Key, str]  # a tensor, and the phase in which it is computed


@cache
def timeline(case: Case) -> dict[Key, tuple[int, str]]:
    """When each tensor of a case is computed, and in which phase.

    The forward passes, the discriminator's loss, its gradients backwards through the layers, the
    generator's; then, for each step, whoever is updated first: its slots, parameters and buffers.
    """
    if case.kind == "trajectory":
        steps = range(1, case.steps + 1)
        events: Iterable[Event] = (
            (Key("trajectory", step, name), TRAJECTORY)
            for step in steps
            if step in TRAJECTORY_STEPS
            for name in NETWORKS
        )
    else:
        before = () if case.kind == "cycle" else _before(case)
        after = (event for step in range(1, case.steps + 1) for event in _step(case, step))
        events = (*before, *after)
    return {key: (place, phase) for place, (key, phase) in enumerate(events)}


def _before(case: Case) -> Iterator[Event]:
    """Before any update."""
    buffers = [p.full_name for p in _tensors(case) if not p.trainable]
    yield from _forwards(case, "generator", "layer", "output_train")
    yield Key("output_train", 0, "fake"), FORWARD
    yield from _forwards(case, "discriminator", "layer", "output_train")
    for name in NETWORKS:
        yield from _forwards(case, name, "large_mean", "large_mean")
    yield from ((Key("running_statistics", 0, name), STATISTICS) for name in buffers)
    yield from ((Key("output_eval", 0, name), EVALUATION) for name in NETWORKS)
    yield from ((Key("evaluation_statistics", 0, name), EVALUATION) for name in buffers)
    yield Key("loss", 0, "penalty"), PENALTY
    yield from _backwards(case, "discriminator", "penalty_gradient", PENALTY)
    yield Key("loss", 0, "discriminator"), LOSS
    yield from ((Key("input_gradient", 0, name), GRADIENT) for name in ("real", "fake"))
    yield from _backwards(case, "discriminator", "gradient", GRADIENT)
    yield Key("loss", 0, "generator"), LOSS
    yield Key("input_gradient", 0, "noise"), GRADIENT
    yield from _backwards(case, "generator", "gradient", GRADIENT)
    yield Key("sample", 0, "images"), SAMPLING


def _forwards(case: Case, network: str, of_layers: str, of_network: str) -> Iterator[Event]:
    layers = dict.fromkeys(p.full_layer for p in network_contract(case.system, network))
    yield from ((Key(of_layers, 0, layer), FORWARD) for layer in layers)
    yield Key(of_network, 0, network), FORWARD


def _backwards(case: Case, network: str, quantity: str, phase: str) -> Iterator[Event]:
    for parameter in reversed(network_contract(case.system, network)):
        if parameter.trainable:
            yield Key(quantity, 0, parameter.full_name), phase


def _step(case: Case, step: int) -> Iterator[Event]:
    """One step of the schedule, and what is read after it."""
    system = case.system
    updates = {
        "discriminator": system.schedule.discriminator_steps_at(step),
        "generator": system.schedule.generator_steps,
    }
    order = NETWORKS if isinstance(system.schedule, MixedBatch) else NETWORKS[::-1]
    for network in order:
        yield from _update(case, step, network, single=updates[network] == 1)
    generator = [p for p in _tensors(case) if p.network == "generator"]
    yield from ((Key("average", step, p.full_name), AVERAGE) for p in generator)


def _update(case: Case, step: int, network: str, *, single: bool) -> Iterator[Event]:
    """The updates of one network within a step.

    Metrics are those of the last update: they come before the new values of a single update, and
    after those of several.
    """
    names = [network]
    if network == "discriminator":
        names += ["penalty", "wasserstein_estimate"]
    metrics = [(Key("loss", step, name), INPUTS if single else UPDATE) for name in names]
    tensors = network_contract(case.system, network)
    trainable = [p.full_name for p in tensors if p.trainable]
    if single:
        yield from metrics
    if case.system.optimiser.counts_steps:
        yield Key("slot", step, f"step.{network}"), UPDATE if single else INPUTS
    for slot in case.system.optimiser.slots:
        yield from ((Key("slot", step, f"{slot}.{name}"), UPDATE) for name in trainable)
    yield from ((Key("parameter", step, name), UPDATE) for name in trainable)
    yield from ((Key("buffer", step, p.full_name), STATISTICS) for p in tensors if not p.trainable)
    if not single:
        yield from metrics


def _tensors(case: Case) -> list[Parameter]:
    return [p for name in NETWORKS for p in network_contract(case.system, name)]
