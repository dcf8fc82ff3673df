"""The README says what was measured and shows what stands in the sources."""

import json
import re

import pytest

from common import ROOT
from common.backends import BACKENDS
from common.drawing.badge import RED
from common.idioms.definitions import find_definition
from common.parity.cases import KINDS, cases
from common.parity.summary import badges, page

README = (ROOT / "README.md").read_text()
DOCS = ROOT / "docs"
KEPT = json.loads((DOCS / "results" / "cpu.json").read_text())


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= 150


def test_the_page_of_errors_and_the_badges_are_those_of_the_saved_results() -> None:
    assert (DOCS / "results" / "parity.md").read_text() == page(KEPT)
    for name, picture in badges(KEPT).items():
        assert (DOCS / "images" / name).read_text() == picture
        assert f"docs/images/{name}" in README


def test_a_failure_turns_the_badge_red() -> None:
    broken = {**KEPT, "cases": [{**KEPT["cases"][0], "ok": False}, *KEPT["cases"][1:]]}
    assert "1 cases fail" in badges(broken)["parity.svg"]
    assert RED in badges(broken)["parity.svg"]
    missing = {**KEPT, "expected": KEPT["expected"] + 1}
    assert RED in badges(missing)["parity.svg"]
    assert RED not in badges(KEPT)["parity.svg"]


def test_the_saved_results_cover_every_case_in_every_backend_and_all_passed() -> None:
    covered = {
        (f"{c['system']}/{c['loss']}/{c['kind']}", c["backend"], c["dtype"]) for c in KEPT["cases"]
    }
    for case in cases(kinds=KINDS):
        for backend in BACKENDS:
            assert (case.name, backend, "float32") in covered
            assert case.kind == "full" or (case.name, backend, "float64") in covered
    assert all(case["ok"] for case in KEPT["cases"])


@pytest.mark.parametrize("backend", ["torch", "jax"])
def test_snippets_of_the_readme_are_parts_of_the_sources(backend) -> None:
    source = find_definition("steps.generator_gradients", backend).source
    (snippet,) = re.findall(rf"```python\n# {backend}_impl[^\n]*\n(.*?)```", README, re.DOTALL)
    assert packed(snippet) in packed(source)


def packed(code: str) -> str:
    """The lines of a listing, without indentation, comments and empty lines."""
    return "".join(f"{line}\n" for line in map(str.strip, code.splitlines()) if line[:1] not in "#")


def test_links_and_pictures_of_the_readme_exist() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).exists(), target
