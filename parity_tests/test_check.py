"""`rosetta check` on ports in NumPy: what it finds, where, and what it leaves alone."""

from pathlib import Path

import pytest

from parity_tests.numpy_port import checked, write_port


@pytest.fixture
def right(tmp_path: Path) -> Path:
    return write_port(tmp_path / "right.py")


@pytest.mark.parametrize("seed", range(3))
def test_equal_ports_agree_in_both_types(tmp_path, right, seed) -> None:
    same = write_port(tmp_path / "same.py", ("x @ model", "1.0 * x @ model"))
    outcome = checked(right, same, dtypes=("float64", "float32"), seed=seed)
    assert outcome.status == 0, outcome.headline
    assert (
        outcome.headline
        == f"right and same agree: {len(outcome.comparisons)} comparisons over 2 steps"
    )


@pytest.mark.parametrize(
    ("change", "phase", "array"),
    [
        (("x @ model", "-x @ model"), "forward", "hidden"),
        (("0, hidden, 0.1 *", "0, hidden, 0.2 *"), "forward", "output"),
        (("** 2).mean()", "** 2).sum()"), "loss", "loss"),
        (("2 * (output", "1 * (output"), "backward", "w2 gradient"),
        (("0, 1, 0.1)", "0, 1, 0)"), "backward", "w1 gradient"),
        (("- 0.1 * gradients", "- 0.2 * gradients"), "update", "w1"),
    ],
    ids=lambda value: value[1] if isinstance(value, tuple) else None,
)
def test_a_mistake_is_placed(tmp_path, right, change, phase, array) -> None:
    outcome = checked(right, write_port(tmp_path / "wrong.py", change))
    finding = outcome.findings[0]
    key = finding.first.key
    assert (outcome.status, key.step, key.phase, key.name) == (1, 1, phase, array)
    assert outcome.headline.startswith(f"wrong: step 1, {phase}, {array}")
    assert finding.steps == (2,)


def test_two_mistakes_are_two_findings(tmp_path, right) -> None:
    changes = ("0, hidden, 0.1 *", "0, hidden, 0.2 *"), ("- 0.1 * gradients", "- 0.2 * gradients")
    outcome = checked(right, write_port(tmp_path / "wrong.py", *changes))
    phases = [finding.first.key.phase for finding in outcome.findings]
    assert (phases[0], phases[-1]) == ("forward", "update")


def test_a_port_that_takes_nothing_back_has_one_finding_and_a_note(tmp_path, right) -> None:
    named = '{f"{name} gradient": gradients[name] for name in gradients}'
    deaf = [(f"{name} = yield", "yield") for name in ("hidden", "output", "model")]
    deaf += [
        (
            f'gradients = yield "backward", {named}',
            f'gradients = {named}\n    yield "backward", gradients',
        )
    ]
    wrong = write_port(tmp_path / "wrong.py", ("x @ model", "-x @ model"), *deaf)
    outcome = checked(right, wrong)
    (finding,) = outcome.findings
    assert finding.first.key.name == "hidden"
    assert any("take back what yield returns" in note for note in outcome.notes)


def test_the_median_of_three_finds_the_odd_one(tmp_path, right) -> None:
    wrong = write_port(tmp_path / "wrong.py", ("x @ model", "2 * x @ model"))
    same = write_port(tmp_path / "same.py")
    outcome = checked(wrong, right, same)
    assert outcome.reference == "the median of 3 ports"
    assert {finding.first.port for finding in outcome.findings} == {"wrong"}


def test_the_named_reference_judges(tmp_path, right) -> None:
    wrong = write_port(tmp_path / "wrong.py", ("x @ model", "2 * x @ model"))
    outcome = checked(right, wrong, reference="wrong")
    assert {finding.first.port for finding in outcome.findings} == {"right"}


def test_a_mistake_in_float32_alone(tmp_path, right) -> None:
    change = "hidden = x @ model", 'hidden = (x + (1e-3 if x.dtype == "float32" else 0)) @ model'
    outcome = checked(
        right, write_port(tmp_path / "wrong.py", change), dtypes=("float64", "float32")
    )
    (finding,) = outcome.findings
    assert (finding.first.dtype, finding.first.key.name) == ("float32", "hidden")
    assert "in float32 alone" in outcome.headline


def test_a_port_that_cannot_compute_in_float64_is_judged_in_float32(tmp_path, right) -> None:
    single = write_port(
        tmp_path / "single.py",
        ('inputs["x"], inputs["y"]', 'np.float32(inputs["x"]), np.float32(inputs["y"])'),
        ("return dict(weights)", "return {k: np.float32(v) for k, v in weights.items()}"),
        ("hidden > 0, 1, 0.1", "hidden > 0, np.float32(1), np.float32(0.1)"),
    )
    outcome = checked(right, single, dtypes=("float64", "float32"))
    assert outcome.status == 0, outcome.headline
    assert any("computes in float32 although it is given float64" in n for n in outcome.notes)
    assert {c.dtype for c in outcome.comparisons if c.port == "single"} == {"float32"}


def test_declared_names_and_layouts(tmp_path, right) -> None:
    turned = write_port(
        tmp_path / "turned.py",
        ('model["w1"]\n', 'model["first"].T\n'),
        ('gradients["w1"] = x.T @ of_hidden', 'gradients["first"] = (x.T @ of_hidden).T'),
    )
    turned.write_text(
        turned.read_text()
        + 'names = {"first": ("w1", "o i -> i o"),'
        + ' "first gradient": ("w1 gradient", "o i -> i o")}\n'
    )
    outcome = checked(right, turned)
    assert outcome.status == 0, outcome.headline
    # In a file of its own: Python takes the bytecode of one as long and of the same second.
    wrong = tmp_path / "wrong.py"
    wrong.write_text(turned.read_text().replace('"o i -> i o")}', '"o i -> o i")}'))
    assert checked(right, wrong).status == 2
