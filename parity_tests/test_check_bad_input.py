"""What `rosetta check` says of port files, interpreters and arrays that cannot be compared."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from common import ROOT, UsageError
from common.check.ports import parse_ports
from parity_tests.fixtures import interruptible
from parity_tests.numpy_port import checked, write_port
from parity_tests.test_command_line import rosetta

STEP = "    x, y = inputs"


@pytest.fixture
def right(tmp_path: Path) -> Path:
    return write_port(tmp_path / "right.py")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ([("import numpy as np", "import nonsuch")], "No module named 'nonsuch'"),
        ([("import numpy as np", "import numpy as np)")], "SyntaxError"),
        ([("def build", "def built")], "defines no function 'build'"),
        ([('yield "output"', 'yield "hidden"')], "yields 'hidden' twice in one step"),
        ([('yield "output"', 'yield "outputs"')], "does not yield 'output', which"),
        ([('yield "output", output', 'yield "output", "high"')], "is a str, not an array"),
        ([('yield "output", output', "yield output")], "yield name, array"),
        ([('yield "output", output', 'yield "outer", "output", output')], "the phase 'outer'"),
        (
            [('output = yield "output", output', 'yield "output", output[:3]')],
            "in shape (3,), not (6,)",
        ),
        ([(STEP, f"    return\n{STEP}")], "step yields no arrays"),
        ([(STEP, f"    raise ValueError('bad')\n{STEP}")], "wrong.py:18: ValueError: bad"),
        ([("dict(weights)", "dict(weights)\n\n\nnames = 3")], "names is not a dict"),
        (
            [("dict(weights)", 'dict(weights)\n\n\nnames = {"x": "a b -> a c"}')],
            "both sides name the same axes",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_port_to_be_mended_is_one_line(tmp_path, right, changes, message) -> None:
    wrong = write_port(tmp_path / "wrong.py", *changes)
    answer = rosetta("check", f"numpy:{right}", f"numpy:{wrong}", "--dtype", "float64")
    assert answer.returncode == 2, answer.stdout
    lines = answer.stderr.strip().splitlines()
    assert len(lines) == 1, answer.stderr
    assert lines[0].startswith("error: ")
    assert message in lines[0]
    assert "wrong.py" in lines[0]
    assert "Traceback" not in answer.stdout + answer.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("check numpy:PORT", "name at least two ports"),
        ("check numpy:PORT PORT", "write FRAMEWORK:FILE"),
        ("check numpy:PORT nunpy:PORT", "did you mean numpy?"),
        ("check numpy:PORT numpy:PORT.no", "PORT.no: no such file"),
        ("check a=numpy:PORT a=numpy:PORT", "two ports are called 'a'"),
        ("check a=numpy:PORT b=numpy:PORT --python c=/bin/sh", "unknown port in --python 'c'"),
        (
            "check a=numpy:PORT b=numpy:PORT --python b=/no/python",
            "/no/python: no such interpreter",
        ),
        ("check a=numpy:PORT b=numpy:PORT --python b=/etc/passwd", "cannot be started"),
        ("check a=numpy:PORT b=numpy:PORT --reference c", "unknown port in --reference 'c'"),
        ("check a=numpy:PORT b=numpy:PORT --dtype int8", "unknown dtype 'int8'"),
        ("check a=numpy:PORT b=numpy:PORT --weights /no/file", "/no/file: no such file"),
        (
            "check a=numpy:PORT b=numpy:PORT --accept runing-variance",
            "did you mean running-variance?",
        ),
        ("check a=numpy:PORT b=numpy:PORT --leave-out hiden", "did you mean hidden?"),
        ("check /no/check.toml", "/no/check.toml: no such file"),
    ],
    ids=lambda value: value,
)
def test_a_wrong_call_is_one_line(right, arguments, message) -> None:
    answer = rosetta(*arguments.replace("PORT", str(right)).split())
    assert answer.returncode == 2, answer.stdout
    (line,) = answer.stderr.strip().splitlines()
    assert message.replace("PORT", str(right)) in line


def test_agreement_on_constants_means_nothing(tmp_path) -> None:
    constant = ('"output", output', '"output", output * 0'), ('"loss", loss', '"loss", loss * 0')
    constant += (('yield "hidden", hidden', "hidden"),)
    constant += (
        ('yield "backward", {f"{name} gradient": gradients[name] for name in gradients}', "0"),
        ('model = yield "update", model', "pass"),
        ('- 0.1 * gradients[f"{name} gradient"]', ""),
    )
    paths = [write_port(tmp_path / f"{name}.py", *constant) for name in "ab"]
    with pytest.raises(UsageError, match=r"a.py and .*b.py compute depends on the inputs"):
        checked(*paths)


def test_nan_on_both_sides_is_refused(tmp_path) -> None:
    paths = [
        write_port(tmp_path / f"{name}.py", ("** 2).mean()", "** 2).mean() * np.nan"))
        for name in "ab"
    ]
    outcome = checked(*paths)
    assert outcome.status == 2
    assert "holds a NaN or an infinity in 'loss' at step 1" in outcome.headline


def test_nobody_draws_weights(tmp_path, right) -> None:
    paths = [write_port(tmp_path / f"{name}.py", ("def weights", "def ways")) for name in "ab"]
    with pytest.raises(UsageError, match=r"defines weights\(rng\)"):
        checked(*paths)
    weights = {"w1": np.ones((5, 7)), "w2": np.ones((7, 1))}
    save_file(weights, tmp_path / "w.safetensors")
    assert checked(*paths, weights=tmp_path / "w.safetensors").status == 0


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("import os; os.kill(os.getpid(), 9)", "was killed by signal 9"),
        ("import os; os._exit(3)", "ended with status 3"),
        ("import time; time.sleep(600)", "took more than 12 s and was stopped"),
    ],
)
def test_a_port_that_dies_or_hangs_is_named_and_the_others_finish(
    tmp_path, right, line, message
) -> None:
    wrong = write_port(tmp_path / "wrong.py", (STEP, f"    {line}\n{STEP}"))
    same = write_port(tmp_path / "same.py")
    outcome = checked(right, wrong, same, timeout=12.0)
    assert outcome.status == 1
    assert [problem.port for problem in outcome.problems] == ["wrong"]
    assert message in outcome.headline
    assert {comparison.port for comparison in outcome.comparisons} == {"right", "same"}
    assert all(comparison.ok for comparison in outcome.comparisons)


def test_ctrl_c_ends_all_processes_at_once(tmp_path, right) -> None:
    """The second port says its process, then hangs."""
    marker = tmp_path / "process"
    hangs = f"import os, time; open({str(marker)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    wrong = write_port(tmp_path / "wrong.py", (STEP, f"    {hangs}\n{STEP}"))
    command = [sys.executable, "-m", "common", "check", f"numpy:{right}", f"numpy:{wrong}"]
    with interruptible():
        check = subprocess.Popen(command, cwd=ROOT, start_new_session=True)
    while not marker.exists() or not marker.read_text():
        assert check.poll() is None
        time.sleep(0.1)
    check.send_signal(signal.SIGINT)
    assert check.wait(20) == 130
    assert not Path(f"/proc/{marker.read_text()}/cmdline").exists()


def test_ports_from_a_toml_file(tmp_path, right) -> None:
    table = tmp_path / "check.toml"
    table.write_text(
        f'[ports.old]\nframework = "numpy"\nfile = "{right.name}"\n'
        f'[ports.new]\nframework = "numpy"\nfile = "{right.name}"\npython = "{sys.executable}"\n'
    )
    old, new = parse_ports([str(table)])
    assert (old.name, new.name, old.path) == ("old", "new", right)
    table.write_text(table.read_text().replace("python =", "pyton ="))
    with pytest.raises(UsageError, match="did you mean python"):
        parse_ports([str(table)])


def test_an_interpreter_needs_nothing_of_this_project(tmp_path, right) -> None:
    """It runs outside the checkout, and cannot import it."""
    port = write_port(
        tmp_path / "wrong.py",
        (
            "import numpy as np",
            "import sys\n\nimport numpy as np\n\nassert 'common' not in sys.modules",
        ),
    )
    assert checked(right, port).status == 0
