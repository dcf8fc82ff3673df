"""The catalogue of differences: every row has its test, every pinning test its row."""

import ast
import json
import re
import tomllib

import pytest

from common import ROOT
from common.backends import BACKENDS

DOCS, TESTS = ROOT / "docs", ROOT / "parity_tests"
ROWS = tomllib.loads((DOCS / "differences.toml").read_text())["difference"]
PROVEN = json.loads((DOCS / "results" / "differences.json").read_text())
TEXTS = ("name", "topic", "title", "text", "remedy", "test")


def pinned() -> dict[str, set[str]]:
    """Every test with the marker pins, as file::name, and the frameworks that it pins."""
    found = {}
    for path in TESTS.glob("test_*.py"):
        for node in ast.parse(path.read_text()).body:
            for mark in getattr(node, "decorator_list", ()):
                if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.pins":
                    arguments = {ast.literal_eval(argument) for argument in mark.args}
                    found[f"{path.name}::{node.name}"] = arguments
    return found


PINNED = pinned()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_a_row_is_whole_and_its_test_pins_the_frameworks_it_speaks_of(row) -> None:
    assert set(row) == {*TEXTS, "ways"}
    assert all(row[key].strip() for key in TEXTS)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", row["name"])
    assert set(row["ways"]) <= set(BACKENDS)
    assert all(row["ways"].values())
    assert PINNED[row["test"]] == set(row["ways"])


def test_every_test_with_the_marker_has_one_row_and_no_two_rows_share_one() -> None:
    tests, names = [row["test"] for row in ROWS], [row["name"] for row in ROWS]
    assert sorted(tests) == sorted(PINNED)
    assert len(set(names)) == len(names)
    functions = [test.partition("::")[2] for test in tests]
    assert len(set(functions)) == len(functions)


def test_a_passing_run_of_every_row_s_test_is_kept_and_of_no_other() -> None:
    assert sorted(PROVEN) == sorted(row["test"].partition("::")[2] for row in ROWS)
    for name, kept in PROVEN.items():
        assert set(kept) == {"date", "effects", "versions"}, name
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", kept["date"]), name
        assert kept["versions"], name


def test_the_page_shows_every_topic_once() -> None:
    page = (DOCS / "differences.md").read_text()
    shown = re.findall(r"^```\{differences\} (\S+)$", page, re.MULTILINE)
    assert len(set(shown)) == len(shown)
    assert set(shown) == {row["topic"] for row in ROWS}
    assert len(re.findall("^## ", page, re.MULTILINE)) == len(shown)
