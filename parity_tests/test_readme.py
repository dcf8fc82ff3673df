"""The README says what was measured and shows what stands in the sources."""

import json
import re

import pytest

from common import ROOT
from common.backends import BACKENDS
from common.idioms.definitions import find_definition
from common.parity.cases import KINDS, cases
from common.parity.summary import markdown

README = (ROOT / "README.md").read_text()
KEPT = json.loads((ROOT / "docs" / "results" / "cpu.json").read_text())


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) < 220


def test_the_status_table_equals_the_command_s() -> None:
    assert markdown(KEPT) in README


def test_the_saved_results_cover_every_case_in_every_backend_and_all_passed() -> None:
    covered = {
        (f"{c['system']}/{c['loss']}/{c['kind']}", c["backend"], c["dtype"]) for c in KEPT["cases"]
    }
    for case in cases(kinds=KINDS):
        for backend in BACKENDS:
            assert (case.name, backend, "float32") in covered
            assert case.kind == "full" or (case.name, backend, "float64") in covered
    assert all(case["ok"] for case in KEPT["cases"])


@pytest.mark.parametrize("backend", BACKENDS)
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
