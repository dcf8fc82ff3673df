"""Jittor's kernels from a precompiled header: the same numbers, made anew when they have to be."""

import json
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from common.backends import jittor_kernels, load
from common.backends.jittor_kernels import HEADER, VARIANTS, quick_kernels
from common.processes.child import run_python

WHERE = {"kind": "g++", "flags": "-std=c++14 -O1", "version": "1.0"}
SCRIPT = """
import hashlib, json, sys
from pathlib import Path
import jittor as jt
import numpy as np
from common.backends import jittor_kernels
from jittor_impl import device

folder, quickly = Path(sys.argv[1]), sys.argv[2] == "quickly"
for part in ("jit", "obj_files", "tmp"):
    (folder / part).mkdir(parents=True)
if not quickly:
    device.quick_kernels = lambda *_, **__: None
device.configure(device="cpu", dtype="float64", exact=True)
python, flags = jt.flags.python_path, jt.flags.cc_flags
jt.flags.cache_path = str(folder)

rng = np.random.default_rng(0)
left, right = (jt.array(rng.standard_normal((64, 65))) for _ in range(2))
mean = (jt.tanh(left) * right).mean(0)
found = [mean, jt.exp(left) / (1 + right.sqr()), jt.grad((left * right.exp()).sum(), left)]
text = b"".join(np.ascontiguousarray(x.numpy()).tobytes() for x in found)
print(json.dumps({
    "numbers": hashlib.sha256(text).hexdigest(),
    "kernels": len(list(folder.glob("jit/*.so"))),
    "replaced": sum("@begin" in path.read_text() for path in folder.glob("jit/*.cc")),
    "through python": len(list(folder.glob("jit/*.post.s"))),
    "header": "-include" in flags,
    "python": python,
}))
"""


@pytest.fixture
def compiler():
    found = shutil.which("g++")
    assert found
    return found


@pytest.fixture
def headers(tmp_path, monkeypatch):
    """Headers of the names that kernels include, with next to nothing in them."""
    folder = tmp_path / "include"
    for line in HEADER.splitlines():
        if line.startswith('#include "'):
            path = folder / line.split('"')[1]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("#pragma once\n")
    return f"-I{folder}"


def test_numbers_are_the_same_in_every_bit(need, tmp_path) -> None:
    """Also of the kernels that Jittor's own script changes something in."""
    need("jittor")
    made = {
        way: run_python(["-c", SCRIPT, str(tmp_path / way), way], variables={}, timeout=300)
        for way in ("quickly", "as always")
    }
    quickly, always = made["quickly"], made["as always"]
    assert quickly["numbers"] == always["numbers"]
    assert quickly["kernels"] == always["kernels"] > 2
    assert (quickly["header"], always["header"]) == (True, False)
    assert always["through python"] == always["kernels"]
    assert 0 < quickly["through python"] == quickly["replaced"] < quickly["kernels"]


def test_each_type_has_one_lock_whichever_way_a_process_came_to_it(need, monkeypatch) -> None:
    """A recording in float32 alone holds Jittor's own; here the types were changed to and fro."""
    need("jittor")
    device = load("jittor", device="cpu", dtype="float64", exact=True).device
    chosen: list[str] = []
    monkeypatch.setattr(device.jt.core, "set_lock_path", chosen.append)
    for dtype in ("float32", "float32", "float64"):
        device.configure(device="cpu", dtype=dtype, exact=True)
    own, of_float64 = map(Path, chosen)
    assert own == Path(import_module("jittor_utils.lock").lock_path)
    assert of_float64.is_file()
    assert of_float64.parent.name == "float64"


def test_what_is_there_is_not_made_again(tmp_path, compiler, headers, monkeypatch) -> None:
    where = WHERE | {"compiler": compiler, "flags": f"{WHERE['flags']} {headers}"}
    first = quick_kernels(tmp_path, **where)
    assert first is not None
    (folder,) = (tmp_path / "kernels").iterdir()
    assert {path.name for path in (folder / "kernel.h.gch").iterdir()} == set(VARIANTS)
    monkeypatch.setattr(jittor_kernels, "_make", None)
    assert quick_kernels(tmp_path, **where) == first


@pytest.mark.parametrize("change", ["flags", "version", "compiler", "header"])
def test_another_compiler_flags_or_version_make_another_header(
    tmp_path, compiler, headers, monkeypatch, change
) -> None:
    where = WHERE | {"compiler": compiler, "flags": f"{WHERE['flags']} {headers}"}
    first = quick_kernels(tmp_path, **where)
    if change == "header":
        monkeypatch.setattr(jittor_kernels, "HEADER", HEADER + "#define MORE\n")
    elif change == "compiler":
        script = tmp_path / "g++"
        script.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo 99 || exec {compiler} "$@"\n')
        script.chmod(0o755)
        where["compiler"] = str(script)
    else:
        where[change] += " -O2" if change == "flags" else ".1"
    second = quick_kernels(tmp_path, **where)
    assert None not in (first, second)
    assert first != second


@pytest.mark.parametrize("kind", ["clang", "icc", "cl"])
def test_other_compilers_are_left_alone(tmp_path, compiler, kind) -> None:
    assert quick_kernels(tmp_path, **WHERE | {"compiler": compiler, "kind": kind}) is None
    assert not list(tmp_path.iterdir())


def test_a_header_that_does_not_compile_leaves_everything_as_it_was(tmp_path, compiler) -> None:
    assert quick_kernels(tmp_path, **WHERE | {"compiler": compiler}) is None  # nothing to include
    assert not list((tmp_path / "kernels").iterdir())


def test_a_path_with_a_space_is_left_to_jittor(tmp_path, compiler, headers) -> None:
    folder = tmp_path / "with a space"
    folder.mkdir()
    where = WHERE | {"compiler": compiler, "flags": f"{WHERE['flags']} {headers}"}
    assert quick_kernels(folder, **where) is None


def test_other_scripts_of_jittor_still_run_in_python(tmp_path, compiler, headers) -> None:
    where = WHERE | {"compiler": compiler, "flags": f"{WHERE['flags']} {headers}"}
    _, script = quick_kernels(tmp_path, **where)
    other = tmp_path / "dlink_compiler.py"
    other.write_text("import json, sys; print(json.dumps([sys.executable, *sys.argv[1:]]))")
    said = subprocess.run(
        [script, str(other), "a b", "-c"], capture_output=True, text=True, check=True
    )
    assert json.loads(said.stdout) == [sys.executable, "a b", "-c"]
