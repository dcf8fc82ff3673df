"""Which program installs, with which of pip's settings, and what an interruption left."""

from subprocess import CompletedProcess

import pytest

from common.setup import installers

LOCAL = {"find-links": "/opt/wheels /more", "extra-index-url": "file:///a file:///b"}


@pytest.fixture
def machine(monkeypatch):
    """A machine with uv or without, and with settings of pip."""

    def make(*, uv: bool, settings: str = "") -> None:
        monkeypatch.setattr(installers.shutil, "which", lambda name: f"/bin/{name}" if uv else None)
        answer = CompletedProcess([], 0, stdout=settings)
        monkeypatch.setattr(installers.subprocess, "run", lambda *_, **__: answer)

    return make


def names() -> list[str]:
    return [installer.name for installer in installers.installers()]


def test_uv_is_tried_first_where_it_is_installed(machine) -> None:
    machine(uv=True)
    assert names() == ["uv", "pip"]
    machine(uv=False)
    assert names() == ["pip"]


def test_a_setting_that_uv_does_not_have_leaves_it_to_pip(machine) -> None:
    machine(uv=True, settings="global.timeout='60'\nglobal.find-links='/opt/wheels'\n")
    assert names() == ["uv", "pip"]
    machine(uv=True, settings="global.timeout='60'\nglobal.no-binary=':all:'\n")
    assert names() == ["pip"]


def test_uv_searches_where_pip_does() -> None:
    call = installers.with_uv("uv", LOCAL).call
    assert {"--find-links=/opt/wheels", "--find-links=/more"} <= set(call)
    assert {"--extra-index-url=file:///a", "--extra-index-url=file:///b"} <= set(call)
    assert "--index-strategy=unsafe-best-match" in call
    bare = installers.with_uv("uv", {})
    assert not any("index" in argument or "links" in argument for argument in bare.call)
    assert bare.variables == {}
    certain = installers.with_uv("uv", {"cert": "/etc/certificates"})
    assert certain.variables == {"SSL_CERT_FILE": "/etc/certificates"}


def test_settings_of_install_and_of_variables_override_the_general_ones(machine) -> None:
    listed = (
        "install.index-url='second'\n:env:.find-links='third'\n"
        "global.index-url='first'\nglobal.find-links='first'\n"
        "global.cert='first'\nfreeze.all='no'\n"
    )
    machine(uv=True, settings=listed)
    expected = {"index-url": "second", "find-links": "third", "cert": "first"}
    assert installers.pip_settings() == expected


def test_both_install_under_the_constraints() -> None:
    for installer in (installers.with_pip(), installers.with_uv("uv", {})):
        command = installer.command("torch", constraints="chosen.txt")
        assert command[-3:] == ["-c", "chosen.txt", "torch"]


@pytest.mark.parametrize("forbidden", [False, True])
def test_bytecode_is_compiled_at_once_only_if_python_may_not_write_it(
    monkeypatch, forbidden
) -> None:
    """Else each process would compile all that it imports again."""
    monkeypatch.setattr(installers.sys, "dont_write_bytecode", forbidden)
    assert ("--no-compile" in installers.with_pip().call) != forbidden
    assert ("--compile-bytecode" in installers.with_uv("uv", {}).call) == forbidden


def test_a_package_without_its_record_is_removed(tmp_path) -> None:
    for name in ("half-1.0", "whole-2.0"):
        (tmp_path / f"{name}.dist-info").mkdir()
        (tmp_path / f"{name}.dist-info" / "METADATA").touch()
    (tmp_path / "whole-2.0.dist-info" / "RECORD").touch()
    assert installers.forget_unfinished(tmp_path) == ["half-1.0"]
    assert [place.name for place in tmp_path.iterdir()] == ["whole-2.0.dist-info"]
    assert installers.forget_unfinished(tmp_path) == []


def test_packages_outside_an_environment_are_left_alone(monkeypatch, tmp_path) -> None:
    (tmp_path / "half-1.0.dist-info").mkdir()
    monkeypatch.setattr(installers.sysconfig, "get_path", lambda name: str(tmp_path))
    monkeypatch.setattr(installers.sys, "prefix", installers.sys.base_prefix)
    assert installers.forget_unfinished() == []
    monkeypatch.setattr(installers.sys, "prefix", "/an/environment")
    assert installers.forget_unfinished() == ["half-1.0"]
