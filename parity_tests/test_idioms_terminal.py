"""`rosetta idioms NAME` at every width: nothing is lost or too wide, and rows belong together."""

import re
from dataclasses import dataclass, replace

import pytest
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from common.backends import BACKENDS, TITLES
from common.idioms import terminal
from common.idioms.comparison import Comparison, Listing
from common.idioms.definitions import Definition, all_names, find_definition
from common.idioms.terminal import rendered
from common.idioms.wrapping import wrapped
from parity_tests.test_command_line import rosetta

NAMES = all_names()
WIDTHS = (80, 119, 120, 160, 180, 240)


@dataclass
class Cell:
    """One framework in one printed line, and the gutter left of it."""

    gutter: str
    text: str


def two(one: str, other: str) -> list[Definition]:
    """Two definitions of f, for PyTorch and JAX."""
    named = zip(("torch", "jax"), (one, other), strict=True)
    return [Definition("m.f", backend, "m.py", 1, (source,)) for backend, source in named]


def real(name: str, *backends: str) -> list[Definition]:
    return [find_definition(name, backend) for backend in backends or BACKENDS]


def plain(definitions: list[Definition], width: int, *, full: bool = False) -> list[str]:
    return [line.plain for line in rendered(definitions, width, full=full)]


def cells(line: str) -> list[str]:
    """What each cell of the terminal shows: nothing beside a wide sign, accents with a letter."""
    found: list[str] = []
    for sign in line:
        width = cell_len(sign)
        if width:
            found += [sign, *[""] * (width - 1)]
        else:
            found[-1] += sign
    return found


def tables(lines: list[str]) -> list[tuple[list[str], list[list[Cell]]]]:
    """The frameworks and rows of every table, or of every listing that has none beside it."""
    rules = [at for at, line in enumerate(lines) if line and set(line) <= set("─┼")]
    blanks = [at for at, line in enumerate(lines) if not line]
    above = [max(at for at in blanks if at < rule) for rule in rules]
    found = []
    for rule, start, end in zip(rules, above, [*above[1:], blanks[-1]], strict=True):
        gutters = [match.start() - 2 for match in re.finditer("┼", lines[rule])]
        starts = [0, *(gutter + terminal.GUTTER for gutter in gutters)]
        spans = list(zip([0, *gutters], starts, [*gutters, None], strict=True))
        printed = [cells(line) for line in lines[start + 1 : end]]
        rows = [[Cell(*map("".join, (x[a:b], x[b:c]))) for a, b, c in spans] for x in printed]
        titles = [cell.text.split("  ")[0].strip() for cell in rows[0]]
        found.append((titles, rows[rule - start :]))
    return found


def letters(text: str) -> str:
    return "".join(text.split())


def shown(definition: Definition, *, full: bool = False) -> str:
    """All that a listing must show, without spaces."""
    listing = Listing(definition, full=full)
    return letters("".join(x.text for at, x in enumerate(listing.lines) if listing.shows(at)))


def missing(definitions: list[Definition], lines: list[str], *, full: bool = False) -> list[str]:
    """The frameworks of which a printed column is not what the listing must show."""
    expected = {TITLES[each.backend]: shown(each, full=full) for each in definitions}
    wrong, seen = [], set()
    for titles, rows in tables(lines):
        margin = terminal.MARGIN if len(titles) == 1 and len(definitions) > 1 else 0
        for column, title in enumerate(titles):
            printed = letters("".join(row[column].text[margin:] for row in rows))
            wrong += [title] if printed != expected[title] else []
            seen.add(title)
    return [*wrong, *(expected.keys() - seen)]


def widest(lines: list[str]) -> int:
    return max(cell_len(line) for line in lines)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_lost_and_nothing_is_too_wide(name) -> None:
    definitions = real(name)
    for width, full in ((80, False), (120, False), (240, False), (120, True)):
        lines = plain(definitions, width, full=full)
        assert not missing(definitions, lines, full=full), width
        assert widest(lines) <= width


@pytest.mark.parametrize("width", [1, 24, 40, *WIDTHS])
def test_nothing_is_lost_at_any_width(width) -> None:
    for name in ("layers.BatchNorm", "models.lsgan_jittor.Generator"):
        lines = plain(real(name), width, full=True)
        assert not missing(real(name), lines, full=True)
        assert widest(lines) <= max(width, terminal.NARROWEST)


def test_what_is_lost_or_too_wide_would_be_found(monkeypatch) -> None:
    pair = real("losses.gradient_penalty", "torch", "jax")
    monkeypatch.setattr(terminal, "wrapped", lambda *given: wrapped(*given)[:1])
    assert sorted(missing(pair, plain(pair, 120))) == ["JAX/Flax NNX", "PyTorch"]
    monkeypatch.setattr(terminal, "wrapped", lambda line, *_: [(0, 0, len(line.text))])
    assert widest(plain(pair, 120)) > 120


@pytest.mark.parametrize(
    ("columns", "titles"),
    [
        (80, [["PyTorch"], ["TensorFlow/Keras"], ["JAX/Flax NNX"], ["Jittor"]]),
        (119, [["PyTorch"], ["TensorFlow/Keras"], ["JAX/Flax NNX"], ["Jittor"]]),
        *(
            (
                columns,
                [["PyTorch", other] for other in ("TensorFlow/Keras", "JAX/Flax NNX", "Jittor")],
            )
            for columns in (120, 160, 179)
        ),
        (180, [["PyTorch", "TensorFlow/Keras", "JAX/Flax NNX"], ["PyTorch", "Jittor"]]),
        (239, [["PyTorch", "TensorFlow/Keras", "JAX/Flax NNX"], ["PyTorch", "Jittor"]]),
        (240, [["PyTorch", "TensorFlow/Keras", "JAX/Flax NNX", "Jittor"]]),
    ],
)
def test_as_many_stand_side_by_side_as_fit(columns, titles) -> None:
    found = tables(plain(real("steps.generator_gradients"), columns))
    assert [each for each, _ in found] == titles


@pytest.mark.parametrize("width", [120, 160, 240])
def test_lines_that_belong_together_are_in_one_row(width) -> None:
    for backends in (("torch", "jax"), BACKENDS):
        for _, rows in tables(plain(real("losses.gradient_penalty", *backends), width)):
            for words in ("def gradient_penalty(...):", "return weight", "between ="):
                kept = "return scalar" if words == "return weight" else words
                for row in rows:
                    if words in row[0].text:
                        assert all(words in c.text or kept in c.text for c in row), words


@pytest.mark.parametrize("name", NAMES)
def test_lines_stand_where_the_alignment_puts_them(name) -> None:
    """On a terminal so wide that no line is wrapped."""
    pair = real(name, "torch", "tf")
    comparison = Comparison([Listing(each) for each in pair])
    expected = [
        [
            "" if at is None else each.lines[at].text
            for at, each in zip(row, comparison.listings, strict=True)
        ]
        for row in comparison.rows
    ]
    ((_, rows),) = tables(plain(pair, 400))
    assert [[cell.text.rstrip() for cell in row] for row in rows] == expected


def marks(one: str, other: str, width: int = 120) -> list[str]:
    """The gutter of every row, or the margin of every line where one stands below the other."""
    found = tables(plain(two(one, other), width))
    column = 0 if len(found) == 2 else 1
    texts = [row[column] for _, rows in found for row in rows]
    return [cell.text[:2].strip() if column == 0 else cell.gutter.strip() for cell in texts]


ONE = "def f(x):\n    y = torch.square(x)\n    own(y)\n    # ours\n    return y"
OTHER = "def f(x):\n    y = jnp.square(x)\n    return y\n    assert other, there"


def test_marks_say_without_colour_what_differs() -> None:
    assert marks(ONE, OTHER) == ["│", "~", "<│", "│", "│", "│>"]
    assert marks(ONE, OTHER, 80) == ["", "~", "<", "", "", "", "~", "", ">"]
    assert marks(ONE, ONE) == ["│"] * 5
    assert marks(ONE, ONE, 80) == [""] * 10


def test_lines_alone_on_either_side_share_a_row() -> None:
    assert "<│>" in marks(
        "def f(x):\n    a = 1\n    return x", "def f(x):\n    go(b)\n    return x"
    )


def different(lines: list[Text]) -> list[str]:
    """What is marked within the lines, the marks between them left out."""
    found = [
        line.plain[s.start : s.end]
        for line in lines
        for s in line.spans
        if s.style == terminal.DIFFERENT
    ]
    return [text for text in found if text not in "<~> "]


def test_what_differs_is_marked_within_the_line() -> None:
    assert different(list(rendered(two(ONE, OTHER), 120))) == ["torch", "jnp"]
    assert different(list(rendered(two(ONE, OTHER), 80))) == ["torch", "jnp"]
    assert not different(list(rendered(two(ONE, ONE), 120)))


def test_of_more_than_two_the_others_are_marked_against_the_first() -> None:
    third = replace(two(ONE, ONE)[0], backend="tf")
    lines = list(rendered([*two(ONE, OTHER), third], 180))
    assert different(lines) == ["jnp"]
    ((_, rows),) = tables([line.plain for line in lines])
    assert {row[2].gutter.strip() for row in rows} == {"│"}
    assert lines[-1].plain.startswith("compared with PyTorch: ~ differs, < missing, > added")


def test_a_wrapped_difference_is_marked_in_both_pieces() -> None:
    arguments = ", ".join(f"argument_{n}" for n in range(9))
    pair = two(f"def f(x):\n    return f({arguments}, x)", "def f(x):\n    return f(x)")
    found = different(list(rendered(pair, 120)))
    assert len(found) == 2
    assert letters("".join(found)).strip(",") == letters(arguments)


def test_the_heading_is_shown_once() -> None:
    for width in WIDTHS:
        lines = plain(real("losses.gradient_penalty"), width)
        assert lines[0] == "gradient_penalty(discriminator, real, fake, alpha, *, weight)"
        assert sum("the mean over the batch, at points" in line for line in lines) == 1
        assert sum("tf_impl/losses.py:" in line for line in lines) == 1


def test_types_and_docstrings_are_shown_on_demand() -> None:
    pair = real("losses.gradient_penalty", "torch", "jax")
    folded, full = (letters("".join(plain(pair, 120, full=each))) for each in (False, True))
    for text in ("real:Tensor", "Source:Gulrajani"):
        assert text in full
        assert text not in folded
    assert "gradient_penalty(...)" in folded
    assert "gradient_penalty(...)" not in full
    assert "--full" in folded
    assert "--full" not in full


def test_a_method_that_one_has_alone_is_marked_in_full_too() -> None:
    own = "class f(A):\n    def go(self, x: int) -> int:\n        return x"
    pair = two(f"{own}\n\n    def own(self, x: int) -> str:\n        return str(x)", own)
    for full in (False, True):
        ((_, rows),) = tables(plain(pair, 120, full=full))
        alone = [row[0].text.strip() for row in rows if row[1].gutter.strip() == "<│"]
        signature = "def own(self, x: int) -> str:" if full else "def own(self, x):"
        assert alone == [signature, "return str(x)"]


def test_one_framework_has_no_marks() -> None:
    lines = plain(real("losses.gradient_penalty", "torch"), 160)
    assert "def gradient_penalty(...):" in lines
    assert lines[-1] == "--full: types and docstrings"


def test_colours_are_the_terminals_own_and_legible_on_either_ground() -> None:
    console = Console(force_terminal=True, color_system="truecolor", width=120)
    with console.capture() as capture:
        for line in rendered(real("layers.BatchNorm", "torch", "jax"), 120):
            console.print(line, soft_wrap=True)
    codes = {
        code for each in re.findall(r"\x1b\[([\d;]*)m", capture.get()) for code in each.split(";")
    }
    assert {"1", "2", "32", "35", "36"} <= codes  # bold, dim, green, magenta, cyan
    assert codes <= {"0", "1", "2", "32", "35", "36"}


def test_the_command_at_every_width() -> None:
    for columns, count in ((80, 4), (119, 4), (120, 3), (160, 3), (240, 1)):
        answer = rosetta("idioms", "losses.gradient_penalty", columns=columns)
        assert answer.returncode == 0, answer.stderr
        assert len(tables(answer.stdout.splitlines())) == count
        assert "\x1b" not in answer.stdout
        assert widest(answer.stdout.splitlines()) <= columns
    full = rosetta(
        "idioms", "losses.gradient_penalty", "--full", "--backends", "jax,tf", columns=120
    )
    assert "alpha: jax.Array" in full.stdout
    ((titles, _),) = tables(full.stdout.splitlines())
    assert titles == ["JAX/Flax NNX", "TensorFlow/Keras"]
