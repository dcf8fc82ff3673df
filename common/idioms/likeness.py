"""How well two pieces of code stand beside each other, and the best order of many."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from common.idioms.outline import FORWARD, Block
from common.idioms.statements import Line, Statement

Item = TypeVar("Item")
Numbered = tuple[int, Line]  # a line with its place in the statement

# Two statements are as alike as the share of their words; one of the same kind, or that assigns
# the same name, is more alike. What is not above the least stands alone.
SAME_KEY, SAME_KIND, LEAST = 0.4, 0.15, 0.3
LEAST_OF_BLOCKS = 0.4
SAME_NAME = 2.0  # blocks of one name, and the first lines of two statements
BLANK, PROSE = 0.1, 0.2
FRAMEWORK_WORDS = frozenset(("torch", "tf", "jnp", "jt", "nnx", "nn", "f", "keras", "jax", "self"))
SYNONYMS = {
    **dict.fromkeys(("gamma", "scale", "kernel"), "weight"),
    **{"beta": "bias", "moving": "running", "variance": "var", "execute": "forward"},
}


def matched(
    first: Sequence[Item], second: Sequence[Item], score: Callable[[Item, Item], float]
) -> Iterator[tuple[Item | None, Item | None]]:
    """All items in their order, paired so that the total score is the largest.

    A pair with a score of 0 or less is never made. What has no partner comes alone.
    """
    scores = [[score(one, other) for other in second] for one in first]
    best = [[0.0] * (len(second) + 1) for _ in range(len(first) + 1)]
    for i in range(len(first) - 1, -1, -1):
        for j in range(len(second) - 1, -1, -1):
            beside = best[i + 1][j + 1] + scores[i][j] if scores[i][j] > 0 else 0.0
            best[i][j] = max(best[i + 1][j], best[i][j + 1], beside)
    i = j = 0
    while i < len(first) and j < len(second):
        if scores[i][j] > 0 and best[i][j] == best[i + 1][j + 1] + scores[i][j]:
            yield first[i], second[j]
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            yield first[i], None
            i += 1
        else:
            yield None, second[j]
            j += 1
    yield from ((each, None) for each in first[i:])
    yield from ((None, each) for each in second[j:])


def of_blocks(one: Block, other: Block) -> float:
    """A block stands beside the one of its name, or, failing that, of its words."""
    if one.key == other.key:
        return SAME_NAME
    ours, theirs = (
        _words(token for s in x.statements for token in _texts(s)) for x in (one, other)
    )
    return _overlap(ours, theirs) - LEAST_OF_BLOCKS


def of_statements(one: Statement, other: Statement) -> float:
    """By their words and what they do; a comment or empty line only with its like."""
    if one.lines[0].shown != other.lines[0].shown or bool(one.tokens) != bool(other.tokens):
        return 0.0
    if not one.tokens:
        is_text, is_also = (bool(each.lines[0].text.strip()) for each in (one, other))
        return 0.0 if is_text != is_also or one.key != other.key else PROSE if is_text else BLANK
    same = _same_purpose(_key(one), _key(other))
    return _overlap(_words(_texts(one)), _words(_texts(other))) + same - LEAST


def of_lines(ours: Numbered, theirs: Numbered) -> float:
    """By their words; the first lines of two statements stand beside each other."""
    (at, one), (there, other) = ours, theirs
    if one.shown != other.shown or bool(one.tokens) != bool(other.tokens):
        return 0.0
    if at == there == 0:
        return SAME_NAME
    words = [_words(token.text for token in line.tokens) for line in (one, other)]
    return BLANK + _overlap(*words)


def _same_purpose(one: str, other: str) -> float:
    """For statements of one key or kind, or that assign the same names."""
    kind, *names = one.split(" ")
    other_kind, *other_names = other.split(" ")
    if not kind or kind != other_kind:
        return 0.0
    if one == other:
        return SAME_KEY
    return SAME_KEY * _overlap(_words(names), _words(other_names)) if kind == "=" else SAME_KIND


def _key(statement: Statement) -> str:
    """Its key, with one name for the forward pass."""
    return re.sub(rf"^def ({'|'.join(FORWARD)})$", "def forward", statement.key)


def _texts(statement: Statement) -> Iterator[str]:
    return (token.text for _, token in statement.tokens)


def _words(tokens: Iterable[str]) -> Counter[str]:
    words = (word.lower() for token in tokens for word in re.findall(r"[A-Za-z]+|\d+", token))
    return Counter(SYNONYMS.get(word, word) for word in words if word not in FRAMEWORK_WORDS)


def _overlap(one: Counter[str], other: Counter[str]) -> float:
    """The share of words that both have: 1 if they have the same, 0 if none."""
    total = one.total() + other.total()
    return 2 * (one & other).total() / total if total else 0.0
