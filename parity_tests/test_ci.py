"""What .ci/run installs, with programs in place of apt-get, id, make and what it installs."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from common import ROOT

BROWSER = ("chromium", "chromedriver")
MPI = ("mpirun", "mpicc")
# What the script itself calls, and nothing else.
TOOLS = ("bash", "dirname", "env")


@pytest.fixture
def run(tmp_path):
    """Run it where these programs exist: what make is told, what was installed, complaints."""

    def ci(*programs: str, root: bool, installs: bool = True) -> tuple[str, str, str]:
        (tmp_path / "bin").mkdir()
        for name in TOOLS:
            (tmp_path / "bin" / name).symlink_to(shutil.which(name))
        program(tmp_path, "id", f"echo {0 if root else 1000}")
        program(tmp_path, "make", 'echo "$ROSETTA_BROWSER" "$ROSETTA_MPI" "$@"')
        for name in programs:
            program(tmp_path, name, apt_get(tmp_path, installs) if name == "apt-get" else "")
        answer = subprocess.run(
            [tmp_path / "bin" / "bash", ROOT / ".ci" / "run"],
            env={"PATH": str(tmp_path / "bin")},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        log = tmp_path / "log"
        return answer.stdout, log.read_text() if log.exists() else "", answer.stderr

    return ci


def program(folder: Path, name: str, script: str) -> None:
    path = folder / "bin" / name
    path.write_text(f"#!/usr/bin/env bash\n{script}\n")
    path.chmod(0o755)


def apt_get(folder: Path, installs: bool) -> str:
    """An apt-get that notes what it is asked for."""
    lines = [f'echo "$@" >> "{folder}/log"']
    if not installs:
        return "\n".join([*lines, '[ "$2" = update ] || exit 100'])
    for programs, package in ((BROWSER, "chromium"), (MPI, "openmpi")):
        for name in programs:
            copy = f': > "{folder}/bin/{name}"; {shutil.which("chmod")} +x "{folder}/bin/{name}"'
            lines.append(f'[[ "$*" != *" {package}"* ]] || {{ {copy}; }}')
    return "\n".join(lines)


def test_programs_that_are_there_are_required(run) -> None:
    said = run(*BROWSER, *MPI, "apt-get", root=True)
    assert said == ("required required test full-width\n", "", "")


def test_root_installs_what_is_missing(run) -> None:
    said, log, complaint = run("apt-get", root=True)
    assert (said, complaint) == ("required required test full-width\n", "")
    wanted = ("chromium chromium-driver fonts-dejavu fonts-noto-cjk", "openmpi-bin libopenmpi-dev")
    for packages in wanted:
        assert f"-qq update\n-qq -y install --no-install-recommends {packages}\n" in log


@pytest.mark.parametrize(
    ("there", "said", "package"),
    [(BROWSER, "required required", "openmpi-bin"), (MPI, "required required", "chromium")],
)
def test_only_what_is_missing_is_installed(run, there, said, package) -> None:
    answer, log, _ = run(*there, "apt-get", root=True)
    assert answer == f"{said} test full-width\n"
    assert package in log
    assert len(log.splitlines()) == 2


@pytest.mark.parametrize(
    ("programs", "root"), [(("apt-get",), False), ((), True), ((), False)], ids=str
)
def test_without_root_or_apt_nothing_is_required(run, programs, root) -> None:
    assert run(*programs, root=root) == ("  test full-width\n", "", "")


def test_an_installation_that_fails_says_so_and_goes_on(run) -> None:
    said, log, complaint = run("apt-get", root=True, installs=False)
    assert said == "  test full-width\n"
    assert "install" in log
    assert complaint == (
        ".ci/run: no chromium could be installed, so tests in a browser are skipped\n"
        ".ci/run: no Open MPI could be installed, so tests of Jittor on it are skipped\n"
    )


def test_the_script_may_be_run() -> None:
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
