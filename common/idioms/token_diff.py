"""What differs within two statements that stand beside each other."""

from difflib import SequenceMatcher
from itertools import groupby

from common.idioms.statements import Statement, Token

Span = tuple[int, int]  # columns of a line, the end excluded
_OPENING = {")": "(", "]": "[", "}": "{"}


def differing_tokens(one: Statement, other: Statement) -> tuple[dict[int, list[Span]], ...]:
    """For either statement the columns that differ from the other, by line.

    Neighbouring tokens are one span, and brackets and commas alone never differ.
    """
    ours, theirs = ([token.text for _, token in each.tokens] for each in (one, other))
    differs = [True] * len(ours), [True] * len(theirs)
    for block in SequenceMatcher(None, ours, theirs, autojunk=False).get_matching_blocks():
        for at in range(block.size):
            differs[0][block.a + at] = differs[1][block.b + at] = False
    return tuple(
        _spans(each.tokens, marks) for each, marks in zip((one, other), differs, strict=True)
    )


def _spans(tokens: tuple[tuple[int, Token], ...], differs: list[bool]) -> dict[int, list[Span]]:
    """The columns of the tokens that differ, those between two of them included."""
    words = [_is_word(token.text) for _, token in tokens]
    marks = list(differs)
    for at in range(1, len(tokens) - 1):
        is_enclosed = differs[at - 1] and differs[at + 1] and not words[at]
        marks[at] = differs[at] or is_enclosed
    spans: dict[int, list[Span]] = {}
    numbered = list(enumerate(tokens))
    for (marked, line), group in groupby(numbered, key=lambda each: (marks[each[0]], each[1][0])):
        run = list(group)
        texts = [token.text for _, (_, token) in run]
        while texts and texts[0] in "),]}:":
            del texts[0], run[0]
        run = run[: len(_without_loose_end(texts))]
        if marked and any(words[at] for at, _ in run):
            spans.setdefault(line, []).append((run[0][1][1].start, run[-1][1][1].end))
    return spans


def _without_loose_end(texts: list[str]) -> list[str]:
    """Up to the last bracket or comma that has no partner among them."""
    kept = list(texts)
    while kept and (
        kept[-1] in ",:([{"
        or (kept[-1] in _OPENING and kept.count(kept[-1]) > kept.count(_OPENING[kept[-1]]))
    ):
        kept.pop()
    return kept


def _is_word(text: str) -> bool:
    return text not in "()[]{},:." and text not in ("=", "->", "@", ":=")
