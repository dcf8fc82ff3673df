"""Which listings an entry of the catalogue touches: each fragment stands in real code."""

import ast
import sys

import pytest

from common import ROOT
from common.backends import BACKENDS
from common.idioms.definitions import all_names, find_definition

sys.path.append(str(ROOT / "docs" / "extensions"))
touching = pytest.importorskip("idiom_book.touching")

PLACES = [
    (entry["name"], place, fragment)
    for entry in touching.read_catalogue()
    for place, fragment in entry.get("touches", {}).items()
]


def code_lines(source: str) -> list[str]:
    """The lines of a definition, without those of docstrings."""
    lines = source.splitlines()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node):
            text = node.body[0]
            lines[text.lineno - 1 : text.end_lineno] = [""] * (text.end_lineno - text.lineno + 1)
    return lines


def listings(place: str) -> dict[str, list[str]]:
    return {backend: code_lines(find_definition(place, backend).source) for backend in BACKENDS}


def is_in(place: str, fragment: str) -> bool:
    return any(fragment in line for lines in listings(place).values() for line in lines)


def test_every_place_is_public_in_all_four_packages() -> None:
    assert {place for _, place, _ in PLACES} <= set(all_names())
    for place in {place for _, place, _ in PLACES}:
        assert set(listings(place)) == set(BACKENDS)


@pytest.mark.parametrize(("entry", "place", "fragment"), PLACES)
def test_a_fragment_stands_in_code_of_its_place(entry, place, fragment) -> None:
    assert is_in(place, fragment), (entry, place, fragment)
    shortest = min(len(lines) for lines in listings(place).values())
    for backend, lines in listings(place).items():
        hits = sum(fragment in line for line in lines)
        assert hits <= max(8, shortest // 4), f"{entry}: half of {place} in {backend}"


def test_control_docstrings_and_other_places_hold_no_fragment() -> None:
    # In the docstring of every version, and in none of their code.
    assert not is_in("losses.gradient_penalty", "Gulrajani")
    assert is_in("losses.gradient_penalty", "alpha")
    assert not is_in("losses.hinge_generator_loss", "tf.nn.moments")


def test_a_listing_knows_its_entries() -> None:
    entries = {entry.name: entry for entry in touching.touching("losses.gradient_penalty")}
    assert {"norm-at-zero", "norm-axis"} <= set(entries)
    norm = entries["norm-at-zero"]
    assert norm.target == "differences.html#norm-at-zero"
    assert set(norm.ways) == set(BACKENDS)
    assert touching.touching("device.is_compiled") == []


def test_the_listings_of_the_book_have_entries() -> None:
    """Most listings that pages show are there because something differs."""
    pages = "\n".join(path.read_text("utf-8") for path in (ROOT / "docs").rglob("*.md"))
    shown = {line.split()[1] for line in pages.splitlines() if line.startswith("```{four-ways}")}
    without = {name for name in shown if not touching.touching(name)}
    assert len(without) < len(shown) / 3, without
