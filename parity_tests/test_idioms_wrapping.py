"""Where `rosetta idioms` breaks a line that is too long for its column."""

import pytest

from common.backends import BACKENDS
from common.idioms.comparison import Listing
from common.idioms.definitions import all_names, find_definition
from common.idioms.statements import Line, statements
from common.idioms.wrapping import wrapped


@pytest.mark.parametrize("name", all_names())
def test_no_token_is_broken_that_fits(name) -> None:
    for definition in (find_definition(name, backend) for backend in BACKENDS):
        for line in Listing(definition).lines:
            breaks = {end for _, _, end in wrapped(line, 57)}
            for token in line.tokens:
                if token.end - token.start <= 57 - line.indent - 4:
                    assert not breaks & set(range(token.start + 1, token.end)), line.text


@pytest.mark.parametrize(
    ("source", "width", "pieces"),
    [
        ("short = 1", 40, ["short = 1"]),
        ("value = first(one, two).other(three)", 30, ["value = first(one, two)", ".other(three)"]),
        ("value = call(first, second, third)", 30, ["value = call(first, second,", "third)"]),
        ("first, second = one_of(x), another(y)", 30, ["first, second = one_of(x),", "another(y)"]),
        ("a.long_attribute.of_another(word)", 30, ["a.long_attribute.of_another(", "word)"]),
        ("return first if condition else other", 30, ["return first if condition", "else other"]),
        ("say('nothing that would fit there')", 30, ["say(", "'nothing that would fit", "there')"]),
        ("x" * 50, 30, ["x" * 30, "x" * 20]),
        ("x = 1  # because of that, and so on", 30, ["x = 1  # because of that, and", "so on"]),
        ("# 北京 北京 北京 北京 北京 北京", 20, ["# 北京 北京 北京", "北京 北京 北京"]),
    ],
)  # fmt: skip
def test_lines_are_broken_where_a_reader_would(source, width, pieces) -> None:
    (_, statement), *_ = statements(source)
    (line,) = statement.lines
    found = wrapped(line, width)
    assert [line.text[start:end] for _, start, end in found] == pieces
    assert [indent for indent, *_ in found] == [0, *[4] * (len(pieces) - 1)]


def test_the_rest_of_a_line_hangs_below_its_own_indent() -> None:
    line = Line(" " * 8 + "word " * 10)
    assert wrapped(line, 40)[1][0] == 12
    assert wrapped(line, 40, hanging=0)[1][0] == 8
    assert wrapped(Line(" " * 30 + "word " * 10), 40)[1][0] == 20  # at most half of the column
