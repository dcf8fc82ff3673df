"""`rosetta check` on users' ports: right ones agree, and a sample of planted mistakes is found."""

import pytest

from parity_tests.check_faults.alarms import NETWORKS, measure, nearest
from parity_tests.check_faults.planting import Fault, checked
from parity_tests.check_faults.table import FAULTS

SAMPLE = {
    ("torch", "perceptron"): ("no residual", "Nesterov", "transposed matrix"),
    ("jax", "convnet"): ("epsilon of batch norm", "sum of losses", "stopped gradient"),
    ("tf", "autoencoder"): ("bias of the code missing",),
    ("jittor", "perceptron"): ("sum of squares",),
}


def sampled(framework: str, network: str) -> list[Fault]:
    """Faults of the sample, by name."""
    names = SAMPLE[framework, network]
    alike = [f for f in FAULTS if (f.framework, f.network) == (framework, network)]
    return [next(fault for fault in alike if fault.name == name) for name in names]


@pytest.mark.parametrize(("framework", "network"), SAMPLE)
def test_mistakes_are_caught_placed_and_never_wrongly_explained(need, framework, network) -> None:
    need(framework)
    need("jax" if framework == "torch" else "torch")
    for verdict in checked(sampled(framework, network)):
        assert verdict.caught, verdict
        assert verdict.placed, verdict
        assert verdict.hint != "WRONG", verdict


@pytest.mark.parametrize(
    ("network", "other"),
    [("autoencoder", "jax"), ("perceptron", "jittor"), ("perceptron", "numpy")],
)
def test_right_ports_agree_on_every_seed(need, network, other) -> None:
    need("torch")
    if other != "numpy":
        need(other)
    worst = nearest(measure(network, range(2), [other]))
    assert {dtype for dtype, _, _ in worst} == {"float64", "float32"}
    for place, each in worst.items():
        assert each.share <= 1, (place, each)


def test_a_change_of_a_right_port_is_an_alarm(need, monkeypatch, tmp_path) -> None:
    """Control: the measure of false alarms sees a mistake."""
    need("torch")
    right = (Fault("numpy", "perceptron", "", (), ""), Fault("torch", "perceptron", "", (), ""))
    for port in right:
        port.write(tmp_path / f"perceptron_{port.framework}.py")
    path = tmp_path / "perceptron_numpy.py"
    path.write_text(path.read_text().replace("0.01 * model", "0.02 * model"))
    monkeypatch.setattr("parity_tests.check_faults.alarms.PORTS", tmp_path)
    worst = nearest(measure("perceptron", range(1), ["numpy"]))
    beyond = {phase for (_, _, phase), each in worst.items() if each.share > 1}
    assert "update" in beyond


def test_faults_are_many_and_change_what_they_name() -> None:
    counts = {name: sum(f.framework == name for f in FAULTS) for name in ("torch", "tf", "jax")}
    assert len(FAULTS) >= 80
    assert min(counts.values()) >= 18
    assert {fault.network for fault in FAULTS} == set(NETWORKS)
    assert len({(f.framework, f.network, f.name) for f in FAULTS}) == len(FAULTS)
