"""`rosetta eject`: scripts of one framework alone that compute what the ports do."""

import ast
import os
import re
import subprocess
import sys

import pytest

from common import ROOT
from common.backends import BACKENDS
from common.eject.comments import parsed
from common.eject.evaluation import evaluated
from common.eject.printer import printed
from common.eject.script import script
from common.systems import SYSTEMS
from parity_tests.eject_all import imports_of, untidy

SAMPLE = {
    "torch": "lsgan_keras",
    "tf": "sngan_resnet",
    "jax": "lsgan_mlp",
    "jittor": "gan_moments",
}
LIMIT = 250  # lines that a script should have at most
SHORT = {"torch": 9, "tf": 4, "jax": 3, "jittor": 3}  # how many of 13 have
LONGEST = {"torch": 284, "tf": 365, "jax": 385, "jittor": 387}
LIBRARIES = {
    "torch": {"torch"},
    "tf": {"tensorflow", "keras"},
    "jax": {"jax", "flax", "optax"},
    "jittor": {"jittor"},
}


@pytest.fixture
def eject(tmp_path):
    """The command in an empty folder."""

    def run(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "common", "eject", *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.mark.parametrize("name", SAMPLE)
def test_a_script_computes_what_the_port_does_to_the_last_bit(name, backends) -> None:
    if name not in backends:
        pytest.skip(f"{name} is left out by --backends")
    done = subprocess.run(
        [sys.executable, "-m", "parity_tests.eject_all", name, SAMPLE[name]],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "equal to the last bit" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_script_is_of_one_framework_and_none_of_this_project(backend) -> None:
    others = set().union(*LIBRARIES.values()) - LIBRARIES[backend]
    for system in SYSTEMS.values():
        text = script(backend, system)
        used = imports_of(text)
        assert used & LIBRARIES[backend]
        assert not used & {*others, "common", *(f"{each}_impl" for each in BACKENDS)}
        defined = {node.name for node in ast.parse(text).body if hasattr(node, "name")}
        assert {"Generator", "Discriminator", "build", "train_step", "main"} <= defined
        assert f"BATCH_SIZE = {system.batch_size}\n" in text
        assert not re.search("bfloat16|autocast|promote_dtype|floatx|mixed precision", text)


@pytest.mark.parametrize("backend", BACKENDS)
def test_no_script_is_longer_than_its_framework_needs(backend) -> None:
    lengths = {s.name: len(script(backend, s).splitlines()) for s in SYSTEMS.values()}
    assert {name: n for name, n in lengths.items() if n > LONGEST[backend]} == {}
    assert sum(n <= LIMIT for n in lengths.values()) >= SHORT[backend], lengths


def test_every_script_is_tidy(tmp_path) -> None:
    for backend in BACKENDS:
        for system in SYSTEMS.values():
            (tmp_path / f"{system.name}_{backend}.py").write_text(script(backend, system))
    assert not untidy(tmp_path)
    (tmp_path / "control.py").write_text("import sys\nimport os\n")
    assert "control.py" in untidy(tmp_path)


def test_a_script_holds_what_its_system_uses_and_no_more() -> None:
    text = script("torch", SYSTEMS["wgan_gp"])
    assert "gradient_penalty" in text
    assert "PENALTY_WEIGHT = 10.0\n" in text
    for absent in ("hinge", "least_squares", "RMSprop", "masks", "clip_weights", "BatchNorm"):
        assert absent not in text
    assert "clip_weights" in script("torch", SYSTEMS["wgan"])
    assert "# as in the source: the critic" in script("torch", SYSTEMS["wgan"])


def test_the_command_writes_a_script_that_runs(eject, tmp_path) -> None:
    done = eject("torch", "lsgan_mlp", "--out", "gan.py")
    assert done.returncode == 0, done.stderr
    assert "lsgan_mlp in PyTorch" in done.stdout
    again = eject("torch", "lsgan_mlp", "--out", "gan.py")
    assert again.returncode == 2
    assert "exists; add --force" in again.stderr
    assert eject("torch", "lsgan_mlp", "--out", "gan.py", "--force").returncode == 0
    help_page = subprocess.run(
        [sys.executable, "-I", "gan.py", "--help"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "--steps" in help_page.stdout or "No module named 'torch'" in help_page.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("torhc", "lsgan_mlp", "--out", "x.py"), "unknown backend 'torhc'; did you mean torch"),
        (("torch", "lsgan_mpl", "--out", "x.py"), "unknown system 'lsgan_mpl'; did you mean"),
        (("torch", "lsgan_mlp", "--out", "x"), "a script's name ends in .py; name it x.py"),
        (("torch", "lsgan_mlp", "--out", "folder.py"), "is a folder; name a file"),
    ],
)
def test_bad_input_is_one_line(eject, tmp_path, arguments, said) -> None:
    (tmp_path / "folder.py").mkdir()
    done = eject(*arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_folder_that_cannot_be_written_to_is_named(eject, tmp_path) -> None:
    (tmp_path / "file").write_text("")
    done = eject("torch", "lsgan_mlp", "--out", "file/x.py")
    assert done.returncode == 2
    assert "file: cannot be created as a folder" in done.stderr


def evaluate(text):
    """What is left of a program for its function `main`."""
    return "\n".join(printed(evaluated(parsed(text), "main", {"main"}).body))


def test_a_parameter_that_is_always_the_same_is_a_constant() -> None:
    class_ = "class A:\n    def __init__(self, n, *, on):\n        self.n, self.on = n, on\n\n"
    method = "    def f(self):\n        # why\n        return self.n if self.on else 0\n"
    call = "def main(x):\n    return A(x, on={}).f() + A(2, on=True).f()\n"
    bound = evaluate(class_ + method + call.format("True"))
    assert "on" not in bound.replace("return", "")
    assert "        # why\n        return self.n" in bound
    assert "self.n if self.on else 0" in evaluate(class_ + method + call.format("False"))


def test_a_function_called_once_is_written_out_in_the_order_of_its_arguments() -> None:
    loss = "def loss(real, fake):\n    return fake() - real()\n\n"
    late = evaluate(loss + "def main(d, a, b):\n    return loss(d(a), d(b))\n")
    assert late.splitlines()[1:] == [
        "    real = d(a)",
        "    fake = d(b)",
        "    return fake() - real()",
    ]
    plain = evaluate(loss + "def main(a, b):\n    return loss(a, b)\n")
    assert plain == "def main(a, b):\n    return b() - a()"
    twice = evaluate(loss + "def main(a, b):\n    return loss(a, b) + loss(b, a)\n")
    assert "def loss" in twice


def test_a_local_name_is_not_taken_for_a_global_one() -> None:
    text = "def rate(x):\n    return x\n\ndef f(x, rate):\n    return rate + x\n\n"
    left = evaluate(text + "def main(x, rate):\n    return f(x, rate) * f(rate, x)\n")
    assert "def f(x, rate):\n    return rate + x" in left
    assert "def rate" not in left


def test_a_class_with_one_heir_is_one_with_it() -> None:
    base = "class _A:\n    def __init__(self, x):\n        self.x = x\n\n"
    start = "    def __init__(self, x):\n        super().__init__(x)\n        self.y = x\n"
    heir = f"class B(_A):\n{start}"
    merged = evaluate(base + heir + "\ndef main(x):\n    return B(x)\n")
    assert "class B:" in merged
    assert "_A" not in merged
    assert "super" not in merged
    assert merged.index("self.x = x") < merged.index("self.y = x")


def test_brackets_stay_where_they_are_needed() -> None:
    for line in (
        "x = a * (b - c) / -(d**2)",
        "y = (a if b else c)[1:, : n + 1]",
        "z = not (p and q)",
    ):
        assert printed(parsed(line).body) == [line]
    long = f"x = {'a' * 40} * ({'b' * 40} - {'c' * 40})"
    assert ast.dump(ast.parse("\n".join(printed(parsed(long).body)))) == ast.dump(ast.parse(long))
