"""Two definitions line by line: what stands beside what, what is folded, and what differs."""

from itertools import permutations

import pytest

from common.backends import BACKENDS
from common.idioms.alignment import aligned, all_aligned, lines_of
from common.idioms.definitions import Definition, all_names, find_definition
from common.idioms.outline import outline, signature, summary
from common.idioms.statements import Shown, statements

NAMES = all_names()


def written(source: str, name: str = "f") -> Definition:
    """A definition of the first function or class of that source."""
    return Definition(f"module.{name}", "torch", "module.py", 1, tuple(source.split("\n---\n")))


def rows_of(one: str, other: str) -> list[tuple[str, str]]:
    """The rows of two functions as text, in the folded listing."""
    blocks = [outline(written(source)) for source in (one, other)]
    lines = [lines_of(each) for each in blocks]
    found = []
    for row in aligned(*blocks).rows:
        chosen = [None if at is None else x[at] for at, x in zip(row, lines, strict=True)]
        if all(line is None or line.shown != Shown.UNFOLDED for line in chosen):
            found.append(tuple(line.text.strip() if line else "" for line in chosen))
    return found


def marked(one: str, other: str) -> list[str]:
    """What is marked in the first of two one-line functions."""
    blocks = [outline(written(f"def f(x):\n    {line}")) for line in (one, other)]
    side = aligned(*blocks).sides[0]
    lines = lines_of(blocks[0])
    return [lines[at].text[a:b] for at, spans in side.spans.items() for a, b in spans]


@pytest.mark.parametrize("name", NAMES)
def test_every_line_of_every_definition_is_in_one_row(name) -> None:
    blocks = {backend: outline(find_definition(name, backend)) for backend in BACKENDS}
    counts = {backend: len(lines_of(each)) for backend, each in blocks.items()}
    for one, other in permutations(BACKENDS, 2):
        rows = aligned(blocks[one], blocks[other]).rows
        for side, backend in enumerate((one, other)):
            found = [row[side] for row in rows if row[side] is not None]
            assert found == list(range(counts[backend])), (name, one, other)
    first, *others = BACKENDS
    found = [aligned(blocks[first], blocks[other]) for other in others]
    rows = all_aligned(counts[first], found)
    for side, backend in enumerate(BACKENDS):
        found = [row[side] for row in rows if row[side] is not None]
        assert found == list(range(counts[backend])), (name, backend)


@pytest.mark.parametrize("name", NAMES)
def test_the_unfolded_listing_is_the_source(name) -> None:
    for backend in BACKENDS:
        definition = find_definition(name, backend)
        lines = [line for line in lines_of(outline(definition)) if line.shown != Shown.FOLDED]
        source = [line.split("  # type: ignore")[0] for line in definition.source.splitlines()]
        assert [x.text for x in lines if x.text] == [line for line in source if line], backend
        for line in lines:
            assert all(line.text[t.start : t.end] == t.text for t in line.tokens)


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_folded_listing_has_no_types_and_no_heading(backend) -> None:
    definition = find_definition("steps.generator_gradients", backend)
    lines = lines_of(outline(definition))
    folded = [line.text for line in lines if line.shown != Shown.UNFOLDED]
    assert "def generator_gradients(...):" in folded
    assert not any("->" in line or "Gradients" in line or '"""The gen' in line for line in folded)
    expected = "generator, discriminator, noise, *, loss, frozen=False, masks=()"
    assert signature(definition) == f"generator_gradients({expected})"
    assert summary(definition).startswith("The generator's loss, its fakes, and the gradients")


def test_a_class_is_headed_by_its_constructor() -> None:
    definition = find_definition("layers.BatchNorm", "torch")
    assert signature(definition).startswith("BatchNorm(channels, *, epsilon")
    texts = [line.text for line in lines_of(outline(definition)) if line.shown != Shown.UNFOLDED]
    assert texts[:3] == ["class BatchNorm(nn.Module):", "", "    def __init__(self, ...):"]


def test_statements_stand_beside_those_that_mean_the_same() -> None:
    one = "def f(x):\n    y = torch.square(x)\n    return y.mean()"
    other = "def f(x):\n    # why\n    y = jnp.square(x)\n    z = 3\n    return jnp.mean(y)"
    assert rows_of(one, other) == [
        ("def f(...):", "def f(...):"),
        ("", "# why"),
        ("y = torch.square(x)", "y = jnp.square(x)"),
        ("", "z = 3"),
        ("return y.mean()", "return jnp.mean(y)"),
    ]


def test_methods_stand_beside_each_other_by_name_and_by_role() -> None:
    own = "    def own(self):\n        return 1"
    one = f"class f(A):\n    def forward(self, x):\n        return x\n\n{own}"
    other = "class f(B):\n    def call(self, y):\n        pass"
    rows = rows_of(one, other)
    assert ("def forward(self, x):", "def call(self, y):") in rows
    assert ("def own(self):", "") in rows


def test_helpers_follow_and_stand_beside_each_other_by_their_words() -> None:
    one = "def f(x):\n    return _norm(x)\n---\ndef _norm(x):\n    return sqrt(square(x).sum())"
    other = "def f(x):\n    return _root(x)\n---\ndef _root(x):\n    return sqrt(square(x).sum())"
    assert ("def _norm(x):", "def _root(x):") in rows_of(one, other)
    unlike = "def f(x):\n    return _root(x)\n---\ndef _root(y):\n    print(y, 'a', 'b')"
    assert ("def _norm(x):", "def _root(y):") not in rows_of(one, unlike)


@pytest.mark.parametrize(("ours", "theirs"), [("gamma", "weight"), ("moving", "running")])
def test_names_of_one_thing_are_the_same_words(ours, theirs) -> None:
    def alone(name):
        """The lines of the first that stand alone, if the second assigns that name."""
        one = written(f'def f(x):\n    self.{ours} = add("{ours}")')
        other = written(f"def f(x):\n    self.dtype = 1\n    self.{name} = ones(x)")
        return aligned(outline(one), outline(other)).sides[0].alone

    assert not alone(theirs)
    assert alone("other")


def test_a_comparison_assigns_nothing() -> None:
    lines = {"assert x <= y": "", "x = y": "= x", "self.x += y <= z": "= x", "f(x=y)": ""}
    for line, key in lines.items():
        (_, statement), *_ = statements(line)
        assert statement.key == key, line


def test_marks_are_within_the_line() -> None:
    assert marked("return torch.mean(x)", "return jnp.mean(x)") == ["torch"]
    assert marked("return x.mean().detach()", "return x.mean()") == [".detach()"]
    assert marked("return f(x, 1)", "return f(x, 2)") == ["1"]
    assert marked("return f(x)", "return f(x)") == []
    assert marked("return f([x])", "return f((x))") == []  # brackets alone are no difference


def test_a_line_without_counterpart_is_marked_whole() -> None:
    blocks = [
        outline(written(f"def f(x):\n{body}")) for body in ("    y = 1\n    g()", "    y = 1")
    ]
    found = aligned(*blocks)
    assert {lines_of(blocks[0])[at].text.strip() for at in found.sides[0].alone} == {"g()"}
    assert not found.sides[1].alone


def test_types_and_comments_are_never_marked() -> None:
    one = "def f(x: int) -> int:\n    # ours\n    return x"
    other = "def f(x: float) -> str:\n    # theirs\n    return x"
    sides = aligned(*(outline(written(source)) for source in (one, other))).sides
    assert not any(side.spans or side.alone for side in sides)
