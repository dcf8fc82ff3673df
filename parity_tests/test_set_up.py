"""What is compiled before the first use, and whether it has been."""

from pathlib import Path

from common import onednn, set_up


def core_below(home: Path, place: str) -> None:
    folder = home / "jt0.0.0" / "compiler" / "system" / place / set_up.JITTOR_CACHE
    folder.mkdir(parents=True)
    (folder / "jittor_core.cpython-311-x86_64-linux-gnu.so").touch()


def test_the_core_in_use_counts_as_compiled(need) -> None:
    need("jittor")
    assert set_up.core_is_compiled()


def test_the_core_of_another_environment_does_not(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(onednn, "home", lambda: tmp_path)
    core_below(tmp_path, "0000")
    assert not set_up.core_is_compiled()


def test_without_jittor_there_is_nothing_to_compile(monkeypatch) -> None:
    monkeypatch.setattr(set_up, "find_spec", lambda name: None)
    assert not set_up.core_is_compiled()
