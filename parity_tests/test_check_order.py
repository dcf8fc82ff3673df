"""What `rosetta check` takes for the first mistake: order, origins, what is folded, layouts."""

import numpy as np

from common.check.layouts.linear_layouts import LinearLayouts
from common.check.layouts.names import parse_names
from common.check.outcome import Comparison, Finding, merged
from common.check.placing import Placing
from common.check.runs import Key, in_order

PARAMETERS = ("block.a.weight", "block.b.weight", "stem.weight")
WEIGHTS = [Key(0, "weights", name) for name in PARAMETERS]


def keys(phase: str, *names: str) -> list[Key]:
    return [Key(1, phase, name) for name in names]


def failures(phase: str, *names: str) -> list[Comparison]:
    return [Comparison("port", "float64", key, 1.0, 0.0) for key in keys(phase, *names)]


def placed(*failing: Comparison, alone: tuple[tuple[str, str], ...] = ()) -> list[str]:
    order = keys("forward", "stem", "block.a/input", "block.a", "block.b")
    placing = Placing(order, set(PARAMETERS), set(alone))
    return [origin.first.key.name for origin in placing.place(failing)]


def test_gradients_come_from_containers_to_layers_to_their_parameters() -> None:
    told = keys("backward", "block.b", "block", "block.a", "stem", *PARAMETERS, "output")
    expected = ["output", "block", "block.b", "block.b.weight", "block.a", "block.a.weight"]
    ordered = [key.name for key in in_order([*WEIGHTS, *told])][len(WEIGHTS) :]
    assert ordered == [*expected, "stem", "stem.weight"]


def test_a_late_loss_comes_before_its_gradients_and_slots_before_parameters() -> None:
    late = [*keys("forward", "out"), *keys("backward", "out"), *keys("loss", "loss")]
    assert [key.phase for key in in_order(late)] == ["forward", "loss", "backward"]
    updates = keys("update", "stem.weight", "stem.weight/first_moment")
    assert [key.name for key in in_order(updates)] == ["stem.weight/first_moment", "stem.weight"]


def test_a_layer_explains_its_gradients_and_not_another_layer() -> None:
    own = failures("backward", "block.a.weight", "stem")
    assert placed(*failures("forward", "block.a"), *own) == ["block.a"]
    assert placed(*failures("forward", "block.a", "block.b")) == ["block.a", "block.b"]


def test_an_input_explains_the_gradient_before_it_and_not_its_layer() -> None:
    wrong = failures("forward", "block.a/input", "block.a")
    assert placed(*wrong, *failures("backward", "stem")) == ["block.a/input", "block.a"]


def test_what_is_accepted_explains_nothing_but_itself() -> None:
    wrong = [*failures("loss", "loss"), *failures("backward", "block.b")]
    assert placed(*wrong) == ["loss"]
    assert placed(*wrong, alone=(("loss", "loss"),)) == ["loss", "block.b"]


def test_like_updates_are_one_finding_and_unlike_ones_two() -> None:
    def found(name: str, remedy: str) -> Finding:
        (failure,) = failures("update", name)
        return Finding(failure, name, name, looks_like=remedy, remedy=remedy)

    alike = merged([found("a", "use Adam"), found("b", "use Adam"), found("c", "")])
    assert [finding.also for finding in alike] == [("b", "c")]
    assert len(merged([found("a", "use Adam"), found("b", "use SGD")])) == 2
    assert len(merged([found("a", ""), found("b", "use SGD")])) == 2


def test_a_linear_layer_s_maps_lie_as_its_weight_says() -> None:
    pattern = ("fc.weight", "(h w c) o -> o (c h w)", {"h": 2, "w": 2})
    names = parse_names({"fc.kernel": pattern}, "jax", conventions=True)
    layouts = LinearLayouts({"fc.kernel": 2}, names)
    maps = np.arange(24).reshape(2, 3, 2, 2)
    last = maps.transpose(0, 2, 3, 1).reshape(2, -1)
    layout = layouts.of("fc", "/input", 2)
    assert layout is not None
    assert (layout.apply(last) == maps.reshape(2, -1)).all()
    assert layouts.of("fc", "", 2) is None
