"""The tutorial on checking one's own port: its commands, as printed, in an empty folder."""

import json
import re
import shlex
import shutil
from pathlib import Path

import pytest

from common import ROOT
from parity_tests.test_command_line import rosetta

PAGE = ROOT / "docs" / "porting" / "your-own-model.md"
FILES = PAGE.parent / "check"
# What a user adds to a model: lines of a port file that are not blank.
MOST_LINES = 15


def steps() -> list[tuple[str, str]]:
    """The page's commands and repairs, in order."""
    return re.findall(r"^```(console|diff)\n(.*?)^```$", PAGE.read_text(), re.M | re.S)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for file in (*FILES.glob("*.py"), FILES / "first_draft" / "digits_jax.py"):
        shutil.copy(file, tmp_path)
    return tmp_path


def run(command: str, folder: Path) -> tuple[int, list[str]]:
    """The exit status of a printed command, and the sentences that it finds."""
    words = [
        re.sub(r"port_\w+\.py", lambda m: str(folder / m.group()), w)
        for w in shlex.split(command)[1:]
    ]
    answer = rosetta(*words, "--json")
    outcome = json.loads(answer.stdout)
    findings = [finding["sentence"] for finding in outcome["findings"]]
    return answer.returncode, findings or [outcome["headline"]]


def repaired(text: str, change: str) -> str:
    """The text with the lines that begin with - replaced by those that begin with +."""
    old, new = (
        "".join(f"{line[1:]}\n" for line in change.splitlines() if line[0] == sign) for sign in "-+"
    )
    assert text.count(old) == 1, old
    return text.replace(old, new)


def test_the_page_says_what_happens(folder) -> None:
    draft, answers = folder / "digits_jax.py", []
    for kind, content in steps():
        if kind == "diff":
            draft.write_text(repaired(draft.read_text(), content))
            continue
        lines = content.replace("\n  ", " ").splitlines()  # long lines are folded
        if lines[0].startswith("$ "):
            status, answers = run(lines.pop(0)[2:], folder)
            assert status == (0 if "agree" in lines[0] else 1)
        for line in lines:
            assert line == answers.pop(0)
    assert draft.read_text() == (FILES / "digits_jax.py").read_text()


@pytest.mark.parametrize("name", ["port_torch.py", "port_jax.py"])
def test_a_port_file_adds_few_lines(name) -> None:
    lines = [line for line in (FILES / name).read_text().splitlines() if line.strip()]
    model = "digits_" + name.removeprefix("port_")
    assert len(lines) <= MOST_LINES
    assert f"from {model.removesuffix('.py')} import" in "\n".join(lines)
