"""A red comparison in one line for each cause, before anything else."""

from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from common.parity.causes import causes
from common.parity.report import show
from common.parity.report_html import to_html
from common.parity.results import Comparison, Result

FINE = Result(
    system="lsgan_mlp",
    loss="vanilla",
    kind="reduced",
    quantity="output_train",
    tensor="discriminator",
    backend="torch",
    version="2.13.0+cpu",
    device="cpu",
    dtype="float64",
    file="",
    step=0,
    order=1,
    phase="forward pass",
    error=1e-15,
    bound=1e-12,
    ok=True,
)
WRONG = replace(FINE, ok=False, error=0.03)


def planted() -> list[Result]:
    """A wrong slope in one framework: off in two systems and types, and in all that follows."""
    results = [replace(FINE, backend="jax")]
    for system in ("lsgan_mlp", "dcgan_mnist"):
        for dtype in ("float32", "float64"):
            first = replace(WRONG, system=system, dtype=dtype)
            results.append(first)
            results += [
                replace(first, quantity="gradient", phase="gradient", order=order, step=0)
                for order in range(2, 400)
            ]
    return results


def shown(results: list[Result]) -> tuple[str, str]:
    """What a terminal and the page say of them."""
    comparison = Comparison(results=results, made=len(results), expected=len(results))
    console = Console(file=StringIO(), width=120)
    show(comparison, console)
    return console.file.getvalue(), to_html(comparison).decode()


def test_one_mistake_is_one_cause() -> None:
    (cause,) = causes(planted())
    assert cause.who == "torch 2.13.0 on cpu"
    assert (cause.phase, cause.first.tensor) == ("forward pass", "discriminator")
    assert cause.first.dtype == "float64"
    assert cause.failed == 4 * 399
    assert "wrong since before any update, in the phase: forward pass" in cause.sentence
    assert "error 3.00e-02 exceeds 1.00e-12" in cause.sentence
    assert "1,595 more comparisons follow from it (2 cases)" in cause.sentence


def test_two_frameworks_and_two_phases_are_separate_causes() -> None:
    update = replace(WRONG, backend="tf", quantity="parameter", phase="update", step=1, order=9)
    forward = replace(WRONG, backend="tf", system="wgan")
    found = causes([*planted(), update, forward])
    assert [(cause.who.split()[0], cause.phase) for cause in found] == [
        ("torch", "forward pass"),
        ("tf", "update"),
        ("tf", "forward pass"),
    ]
    assert "at step 1" in found[1].sentence


def test_a_recording_that_was_not_judged_says_why() -> None:
    missing = replace(
        WRONG, quantity="recording", tensor="*", error=None, phase="not judged", reason="crashed"
    )
    (cause,) = causes([missing, replace(missing, system="wgan")])
    assert cause.sentence == "torch 2.13.0 on cpu: crashed (2 cases)"


@pytest.mark.parametrize("where", [0, 1], ids=["terminal", "page"])
def test_verdict_and_causes_come_before_any_table_or_plot(where) -> None:
    text = shown(planted())[where]
    verdict = text.index(("parity does not hold", "Parity does not hold.")[where])
    cause = text.index("wrong since before any update")
    table = text.index(("The error nearest to its bound", "<table>")[where])
    assert verdict < cause < table
    if where:
        assert table < text.index("<svg")
        assert cause < text.index("by <code>rosetta") < table
        assert "3.0e-02 / 1e-12" in text
        assert "prefers-color-scheme:dark" in text


def test_without_a_failure_there_is_no_cause() -> None:
    assert causes([FINE]) == []
    assert "parity holds" in shown([FINE])[0]
