"""Shell commands in Markdown."""

import shlex

from common.drawing.markdown import LINE, command_lines


def test_a_long_command_is_continued_as_a_shell_reads_it() -> None:
    command = [
        "rosetta",
        "train",
        "it's",
        *(w for n in range(20) for w in (f"--option-{n}", "v w")),
    ]
    lines = command_lines(command)
    assert shlex.split(lines.replace("\\\n", "")) == command
    assert max(map(len, lines.splitlines())) <= LINE + len(" \\")
    assert all(line.startswith("    --option") for line in lines.splitlines()[1:])
    assert "\n" in lines
    assert "\n" not in command_lines(command[:9])


def test_a_quoted_value_stays_in_one_piece() -> None:
    command = ["rosetta", "train", *("--note", "a remark --that looks like an option " * 3)] * 2
    lines = command_lines(command)
    assert shlex.split(lines.replace("\\\n", "")) == command
    assert len(lines.splitlines()) == 3
