"""Which GPU builds share an environment: what is declared and shown, and how it would be refuted.

`make cuda-extras` asks the package index; nothing here does.
"""

import subprocess
from dataclasses import replace
from types import SimpleNamespace

import pytest

from common import ROOT, UsageError
from common.setup import cuda_extras, resolving
from common.setup.cuda_extras import APART, CLASH, TOGETHER, declared, difference, found, markdown
from common.setup.resolving import Resolution, resolve
from parity_tests.test_cards import pins

UV_CONFLICT = """error: No solution found when resolving dependencies
  cause: Because torch==2.10.0 depends on nvidia-nccl-cu12==2.27.5 and tensorflow==2.21.0 depends on
         nvidia-nccl-cu12>=2.27.7, we can conclude that they are incompatible.
"""
OLDER_UV_CONFLICT = """  × No solution found when resolving dependencies:
  ╰─▶ Because a==1 depends on c<2 and b==1 depends on c>=2, we can conclude that your requirements
      are unsatisfiable.
"""
UV_MISSING = """  × No solution found when resolving dependencies:
  ╰─▶ Because there is no version of torch==9.9 and you require torch==9.9, we can conclude that
      your requirements are unsatisfiable.
"""
UV_OFFLINE = "error: Failed to fetch: `https://index/torch/`\n  Caused by: dns error\n"


def test_the_page_on_cards_shows_what_is_declared() -> None:
    assert markdown(declared()) in (ROOT / "docs" / "cards.md").read_text()


def test_what_make_installs_is_declared_with_the_versions_of_its_constraints() -> None:
    for name in ("cuda12", "cuda13"):
        own = [c for c in declared() if c.requirements == (f".[{name}]",) and c.constraints]
        assert [c.python for c in own] == [("3.11", "3.12")]
        stated = pins(f".constraints/{name}.txt")
        assert own[0].versions == {package: stated[package] for package in own[0].versions}
        assert own[0].result == TOGETHER


@pytest.mark.parametrize(
    ("versions", "result"),
    [
        ({"torch": "2.10.0", "nvidia-nccl-cu12": "2.27.5", "nvidia-cudnn-cu12": "9"}, TOGETHER),
        ({"nvidia-nccl-cu12": "2.27.5", "nvidia-nccl-cu13": "2.29.7"}, CLASH),
        ({"nvidia-nccl-cu12": "2.27.5", "nvidia-cudnn-cu13": "9"}, TOGETHER),
    ],
)
def test_packages_for_two_versions_of_cuda_clash(versions, result) -> None:
    assert found(Resolution(versions)) == result


@pytest.mark.parametrize(
    ("output", "is_conflict"),
    [(UV_CONFLICT, True), (OLDER_UV_CONFLICT, True), (UV_MISSING, False), (UV_OFFLINE, False)],
)
def test_only_a_conflict_counts_as_one(monkeypatch, output, is_conflict) -> None:
    """Neither a version that does not exist nor an index that does not answer proves anything."""
    done = SimpleNamespace(returncode=1, stderr=output, stdout="")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: done)
    monkeypatch.setattr(resolving, "find_uv", lambda: "uv")
    resolution = resolve(["torch"], python="3.11")
    assert resolution.is_conflict is is_conflict
    assert resolution.problem
    assert "\n" not in resolution.problem
    assert found(resolution) == (APART if is_conflict else "")


def test_a_resolution_names_versions_and_is_asked_for_another_python(monkeypatch, tmp_path) -> None:
    calls = []

    def run(call, **options):
        calls.append((call, options))
        return SimpleNamespace(returncode=0, stderr="", stdout="jax==0.7.1\nml_dtypes==0.5.4\n")

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(resolving, "find_uv", lambda: "uv")
    monkeypatch.setattr(resolving, "pip_settings", lambda: {"cert": "/certificates"})
    resolution = resolve(["jax", "numpy<2"], python="3.12", constraints=tmp_path)
    assert resolution.versions == {"jax": "0.7.1", "ml-dtypes": "0.5.4"}
    call, options = calls[-1]
    assert call[call.index("--python-version") + 1] == "3.12"
    assert call[call.index("--constraint") + 1] == str(tmp_path)
    assert options["input"] == "jax\nnumpy<2"
    assert options["env"]["SSL_CERT_FILE"] == "/certificates"


def test_without_uv_one_line_says_how_to_get_it(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(resolving, "OURS", tmp_path / "uv")
    monkeypatch.setattr(resolving.shutil, "which", lambda name: None)
    with pytest.raises(UsageError, match="needs uv, not installed here; pip install uv"):
        resolving.find_uv()


def test_what_is_not_as_declared_is_named(monkeypatch, capsys) -> None:
    whole = declared()
    answers = {
        TOGETHER: lambda c: Resolution(dict(c.versions)),
        APART: lambda c: Resolution(problem="they conflict", is_conflict=True),
        CLASH: lambda c: Resolution({"nvidia-nccl-cu12": "1", "nvidia-nccl-cu13": "1"}),
    }

    def proved(combinations, answer):
        monkeypatch.setattr(cuda_extras, "resolve", lambda *_, **__: answer)
        return cuda_extras.prove(combinations)

    for combination in whole:
        right = answers[combination.result](combination)
        assert difference(combination, right) == ""
        assert proved([combination], right) == 0
        for result, make in answers.items():
            if result != combination.result:
                assert proved([combination], make(combination)) == 1
        assert proved([combination], Resolution(problem="no index")) == 1
    capsys.readouterr()
    first = next(c for c in whole if c.versions)
    assert proved([replace(first, python=("3.11",))], Resolution({"torch": "1"})) == 1
    assert "NOT together: torch 1, tensorflow none" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("old", "new"),
    [('result = "together"', 'result = "maybe"'), ('why = "x"', ""), ('torch = "2"', "")],
)
def test_a_combination_that_is_not_complete_is_refused(tmp_path, old, new) -> None:
    text = (
        '[[combination]]\nrequirements = ["torch"]\npython = ["3.11"]\nresult = "together"\n'
        'versions = { torch = "2" }\nwhy = "x"\n'
    )
    file = tmp_path / "extras.toml"
    file.write_text(text)
    assert len(declared(file)) == 1  # the control
    file.write_text(text.replace(old, new))
    with pytest.raises(UsageError, match="combination 1"):
        declared(file)
