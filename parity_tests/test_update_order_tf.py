"""TensorFlow's compiled steps: what reads a variable comes before the update of it."""

from collections import defaultdict
from contextlib import nullcontext

import pytest

from common.parity.case_run import CaseRun
from common.parity.cases import cases
from parity_tests.differing import port
from parity_tests.graphs_tf import function_graphs

tf = pytest.importorskip("tensorflow", reason="tensorflow is not installed; see the extra tf")
WRITES = {"AssignVariableOp", "AssignAddVariableOp", "AssignSubVariableOp"}
COMPILED = "StatefulPartitionedCall"  # by XLA, as an optimiser's update is
PENALTIES = [case for case in cases() if case.system.loss.name == "wasserstein_gp"]


@pytest.fixture(autouse=True)
def _in_float64(need) -> None:
    need("tf")
    port("tf")


def unordered(graph) -> list[tuple[str, str]]:
    """Pairs of an update and a reading of the same variable, of which either may come first."""
    before = {
        node.name: [name.lstrip("^").partition(":")[0] for name in node.input]
        for node in graph.node
    }
    resource = tf.resource.as_datatype_enum
    variables = {
        node.name
        for node in graph.node
        if any(attribute.type == resource for attribute in node.attr.values())
    }
    reads, writes = defaultdict(list), defaultdict(list)
    for node in graph.node:
        if node.op == "ReadVariableOp":
            reads[before[node.name][0]].append(node.name)
        elif node.op in WRITES or node.op == COMPILED:
            for variable in variables.intersection(before[node.name]):
                writes[variable].append(node.name)

    def ancestors(name: str) -> set[str]:
        found, waiting = set(), [name]
        while waiting:
            new = set(before.get(waiting.pop(), ())) - found
            found |= new
            waiting += new
        return found

    pairs = []
    for variable, updates in writes.items():
        for update in updates:
            earlier = ancestors(update)
            others = (read for read in reads[variable] if read not in earlier)
            pairs += [(update, read) for read in others if update not in ancestors(read)]
    return pairs


def graphs_of_a_step(case) -> list[tuple]:
    """The graphs of a training step, as it was traced and as Grappler leaves it."""
    run = CaseRun(port("tf"), case, 0)
    collected = function_graphs(lambda: run.backend.schedule.training_step(run.gan, run.inputs(1)))
    return [(each.pre_optimization_graph, each.post_optimization_graph) for each in collected]


@pytest.mark.parametrize("case", PENALTIES, ids=lambda case: case.label)
def test_a_penalty_reads_each_variable_before_its_update(case) -> None:
    graphs = graphs_of_a_step(case)
    assert any(node.op == COMPILED for _, graph in graphs for node in graph.node)
    assert not [pair for both in graphs for graph in both for pair in unordered(graph)]


@pytest.mark.pins("tf")
def test_grappler_drops_the_order_of_a_reading_and_an_update(monkeypatch) -> None:
    """Without our control dependencies, of the shift of a batch norm under a penalty."""
    (case,) = (case for case in PENALTIES if case.label == "wgan.penalty")
    monkeypatch.setattr(tf, "control_dependencies", lambda inputs: nullcontext())
    graphs = graphs_of_a_step(case)
    assert not [pair for traced, _ in graphs for pair in unordered(traced)]
    ((update, read),) = (pair for _, left in graphs for pair in unordered(left))
    assert COMPILED in update
    assert "batch_norm" in read
