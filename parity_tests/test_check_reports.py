"""What `rosetta check` writes: the terminal, JSON, JUnit XML and the page."""

import json
import math
import re
from dataclasses import replace
from io import BytesIO, StringIO, TextIOWrapper
from xml.etree import ElementTree

import pytest
from outcomes import BOUND, BROKEN, HOSTILE, agreeing, differing, once, schema, violations
from rich.console import Console

from common.check.outcome import Comparison, Outcome, Problem
from common.check.reports.report_json import to_json
from common.check.reports.report_junit import to_junit
from common.check.reports.report_text import _print, as_text, print_outcome
from common.check.reports.stages import FOLLOWS, OK, ONCE, ORIGIN, all_stages
from common.check.runs import Key

OUTCOMES = [agreeing, once, differing]


def in_terminal(outcome: Outcome, width: int) -> str:
    text = StringIO()
    console = Console(file=text, width=width, force_terminal=True, highlight=False)
    _print(outcome, console)
    return re.sub(r"\x1b\[[0-9;]*m", "", text.getvalue())


# Stages


def test_a_stage_is_where_it_starts_what_follows_or_what_another_seed_does_not_confirm() -> None:
    double, single = all_stages(differing())
    order = [stage.key for stage in double.stages]
    assert order.index(BROKEN) + 1 == order.index(Key(1, "forward", "layer6"))
    states = {double.state(stage.cells["jax"]) for stage in double.stages}
    assert states == {OK, ORIGIN, FOLLOWS}
    assert double.state(double.stages[order.index(BROKEN)].cells["jax"]) == ORIGIN
    assert {double.state(s.cells[HOSTILE]) for s in double.stages if HOSTILE in s.cells} == {OK}
    assert ONCE in {single.state(stage.cells[HOSTILE]) for stage in single.stages}


def test_arrays_that_one_port_alone_has_stand_where_it_computes_them() -> None:
    outcome = agreeing()
    extra = Comparison("jax", "float64", Key(1, "forward", "layer3#2"), 0.0, BOUND)
    after = next(p for p, c in enumerate(outcome.comparisons) if c.port == "jax" and c.key.step)
    outcome.comparisons.insert(after + 4, extra)
    order = [stage.key for stage in all_stages(outcome)[0].stages]
    assert order[order.index(extra.key) - 1] == Key(1, "forward", "layer3")
    assert len(order) == len(set(order))


# Terminal


@pytest.mark.parametrize("build", OUTCOMES)
def test_the_first_line_is_the_headline(build) -> None:
    outcome = build()
    assert as_text(outcome).splitlines()[0] == outcome.headline


@pytest.mark.parametrize("width", [60, 80, 100, 160, 200])
@pytest.mark.parametrize("build", OUTCOMES)
def test_nothing_is_wider_than_the_terminal_or_torn(build, width) -> None:
    outcome = build()
    text = in_terminal(outcome, width)
    assert max(len(line) for line in text.split("\n")) <= width
    words = " ".join(text.split())
    assert words.startswith(" ".join(outcome.headline.split()))
    for whole in (
        "torch",
        "jax",
        HOSTILE,
        *(["✗ 5.0e-01", "layer6/input"] * bool(outcome.findings)),
    ):
        assert whole in text


def test_the_table_shows_what_is_around_the_first_divergence_and_counts_the_rest() -> None:
    text = as_text(differing())
    shown = re.findall(r"layer\d+(?=\s+✓)", text)
    assert (
        shown == ["layer3", "layer4", "layer5", "layer6", "layer7", "layer8"] or "layer4" in shown
    )
    assert "layer0 " not in text
    assert "12 arrays" in text
    assert re.search(r"update\s+12 arrays\s+✓\s+12 of 12", text)
    assert "step 2" not in as_text(agreeing())
    assert "✗" not in as_text(agreeing())
    assert "?5.0e-01" in as_text(once())


def test_many_steps_in_which_nothing_new_goes_wrong_are_one_line() -> None:
    outcome = differing()
    later = [c for c in outcome.comparisons if c.key.step == 3]
    for step in range(4, 8):
        outcome.comparisons += [replace(c, key=c.key._replace(step=step)) for c in later]
    assert re.search(r"\n 2–7  all +150 arrays +✓ +150 of 150 ", as_text(outcome))
    assert re.search(r"\n   3  all +25 arrays +✓ +25 of 25 ", as_text(differing()))


def test_findings_problems_and_notes_are_all_in_the_text() -> None:
    outcome = differing()
    assert "\x1b" not in as_text(outcome)
    text = " ".join(as_text(outcome).split())
    for words in (
        "again at steps 2 and 3",
        "remedy Use LeakyReLU",
        "docs/differences.html#leaky-relu-slope",
        *outcome.notes,
        "layer1.bias: its gradient is zero",
        "killed by",
    ):
        assert words in text


def test_invalid_input_is_left_to_the_error_line(capsys) -> None:
    print_outcome(Outcome([], 0, 3, problems=[Problem("tf", "tf.py: no build", usage=True)]))
    assert capsys.readouterr().out == ""
    print_outcome(Outcome([], 0, 3, problems=[Problem("tf", "tf.py: ended", usage=False)]))
    assert capsys.readouterr().out.splitlines()[0] == "tf.py: ended"


def test_an_output_without_the_marks_has_others(monkeypatch) -> None:
    written = BytesIO()
    monkeypatch.setattr("sys.stdout", TextIOWrapper(written, encoding="ascii", write_through=True))
    print_outcome(differing())
    assert "x 5.0e-01" in written.getvalue().decode()
    assert re.search(r"update\s+12 arrays\s+\+\s+12 of 12", written.getvalue().decode())


# JSON


@pytest.mark.parametrize("build", OUTCOMES)
def test_json_fits_its_schema(build) -> None:
    value = json.loads(json.dumps(to_json(build()), allow_nan=False))
    assert violations(value, schema(), schema()) == []
    assert value["headline"] == build().headline
    assert len(value["comparisons"]) == len(build().comparisons)


@pytest.mark.parametrize(
    "change",
    [
        {"status": 3},
        {"schema": 2},
        {"more": 1},
        {"steps": True},
        {"notes": [1]},
        {"ports": [{"name": "a"}]},
        {"left_out": {"a": 1}},
    ],
)
def test_the_schema_rejects_what_it_does_not_describe(change) -> None:
    assert violations(to_json(differing()) | change, schema(), schema())
    lacking = to_json(differing())
    del lacking["findings"][0]["remedy"]
    assert violations(lacking, schema(), schema()) == [".findings[0].remedy: missing"]


def test_what_cannot_be_measured_is_null() -> None:
    outcome = agreeing()
    for error, reason in ((math.nan, ""), (math.inf, ""), (None, "shape (2,), not (3,)")):
        outcome.comparisons.append(Comparison("jax", "float64", BROKEN, error, BOUND, reason))
    assert [c["error"] for c in to_json(outcome)["comparisons"]][-3:] == [None, None, None]
    json.dumps(to_json(outcome), allow_nan=False)
    assert "shape" in as_text(outcome)
    assert b"shape (2,)" in to_junit(outcome)


# JUnit


def test_junit_has_a_case_for_each_phase_and_fails_where_a_port_is_at_fault() -> None:
    outcome = differing()
    suite = ElementTree.fromstring(to_junit(outcome))[0]
    cases = suite.findall("testcase")
    failed = [case for case in cases if case.find("failure") is not None]
    assert int(suite.get("tests", "")) == len(cases) == 2 * 3 * (1 + 3 * 3) + 1
    assert int(suite.get("failures", "")) == len(failed)
    assert {case.get("classname") for case in failed} == {"jax.float64", "jax.float32"}
    first = failed[0].find("failure")
    assert (failed[0].get("name"), first.get("message")) == ("step 1, forward", outcome.headline)
    assert outcome.findings[0].remedy in first.text
    assert [e.get("message") for e in suite.iter("error")] == ["tf.py: was killed by � signal 9"]


def test_junit_passes_what_agrees_or_is_not_confirmed() -> None:
    for outcome, noted in ((agreeing(), 0), (once(), 1)):
        suite = ElementTree.fromstring(to_junit(outcome))[0]
        assert (suite.get("failures"), suite.get("errors")) == ("0", "0")
        assert len(list(suite.iter("system-out"))) == noted
