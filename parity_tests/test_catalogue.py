"""The catalogue of differences: each has one pinning test, and its results."""

import ast
import json
import re
import tomllib

import pytest

from common import ROOT
from common.backends import BACKENDS

DOCS, TESTS = ROOT / "docs", ROOT / "parity_tests"
DIFFERENCES = tomllib.loads((DOCS / "differences.toml").read_text())["difference"]
RESULTS = json.loads((DOCS / "results" / "differences.json").read_text())
TEXTS = ("name", "topic", "title", "text", "remedy", "test")


def pinned() -> dict[str, set[str]]:
    """Every test with the marker pins, as file::name, and the frameworks that it pins."""
    frameworks = {}
    for path in TESTS.glob("test_*.py"):
        for node in ast.parse(path.read_text()).body:
            for mark in getattr(node, "decorator_list", ()):
                if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.pins":
                    arguments = {ast.literal_eval(argument) for argument in mark.args}
                    frameworks[f"{path.name}::{node.name}"] = arguments
    return frameworks


PINNED = pinned()


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda difference: difference["name"])
def test_a_difference_is_complete_and_its_test_pins_its_frameworks(difference) -> None:
    assert set(difference) - {"touches"} == {*TEXTS, "silent", "alike", "ways"}
    assert isinstance(difference["silent"], bool)
    assert sorted(" ".join(difference["alike"]).split()) == sorted(difference["ways"])
    assert len(set(difference["alike"])) == len(difference["alike"]) > 1
    assert all(difference["alike"][1:])
    assert all(difference[key].strip() for key in TEXTS)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", difference["name"])
    assert set(difference["ways"]) <= set(BACKENDS)
    assert all(difference["ways"].values())
    assert PINNED[difference["test"]] == set(difference["ways"])


def test_pinning_tests_and_differences_correspond_one_to_one() -> None:
    tests, names = (
        [difference["test"] for difference in DIFFERENCES],
        [difference["name"] for difference in DIFFERENCES],
    )
    assert sorted(tests) == sorted(PINNED)
    assert len(set(names)) == len(names)
    functions = [test.partition("::")[2] for test in tests]
    assert len(set(functions)) == len(functions)


def test_results_are_kept_for_these_tests_and_no_others() -> None:
    assert sorted(RESULTS) == sorted(
        difference["test"].partition("::")[2] for difference in DIFFERENCES
    )
    for name, kept in RESULTS.items():
        assert set(kept) == {"date", "effects", "versions"}, name
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", kept["date"]), name
        assert kept["versions"], name


def test_the_page_shows_every_topic_once() -> None:
    page = (DOCS / "differences.md").read_text()
    shown = re.findall(r"^```\{differences\} (\S+)$", page, re.MULTILINE)
    assert len(set(shown)) == len(shown)
    assert set(shown) == {difference["topic"] for difference in DIFFERENCES}
    sections = re.findall(r"^## (.*)\n\n```\{differences\} (\S+)$", page, re.MULTILINE)
    assert len(re.findall("^## ", page, re.MULTILINE)) == len(sections) == len(shown)
    (filters,) = re.findall(
        r"^```\{difference-filters\}\n(.*?)\n```$", page, re.MULTILINE | re.DOTALL
    )
    assert filters.splitlines() == [f"{topic}: {heading}" for heading, topic in sections]
