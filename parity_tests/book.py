"""The book as tests need it: built once, and its pages."""

import subprocess
import sys
from pathlib import Path

import pytest

from common import ROOT

DOCS = ROOT / "docs"
NEEDED = ("sphinx", "myst_parser", "sphinx_design", "sphinx_copybutton", "furo")


def sphinx(source: Path, out: Path) -> subprocess.CompletedProcess[str]:
    """Build a book; warnings are errors."""
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html"]
    command += ["-d", str(out.parent / "doctrees"), str(source), str(out)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)


@pytest.fixture(scope="session")
def site(tmp_path_factory) -> Path:
    """The whole book, built; by the first test that asks for it."""
    for name in NEEDED:
        pytest.importorskip(name)
    out = tmp_path_factory.mktemp("site") / "html"
    answer = sphinx(DOCS, out)
    assert answer.returncode == 0, answer.stderr
    return out


def pages(site: Path) -> list[Path]:
    """Its pages, without those that the theme keeps as static files."""
    return sorted(path for path in site.rglob("*.html") if path.parts[-2] != "_static")
