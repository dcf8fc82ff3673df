"""A matching as the mapping `names` of a port file: Python to paste, or JSON."""

import json
from typing import Any

from common.check.match.matches import AMBIGUOUS, Match, Matching, options


def to_python(matching: Matching) -> str:
    """`names = {...}`, one line per tensor; what is not certain is in a comment behind it."""
    lines = [_line(match) for match in matching.matches]
    for names, where in zip(matching.unmatched, ("in the reference", "in this file"), strict=True):
        lines += [f"    # {json.dumps(name)}: nothing like it {where}" for name in names]
    return "\n".join(["names = {", *lines, "}", ""])


def to_json(matching: Matching) -> dict[str, Any]:
    """The mapping, and how certain it is."""
    return {
        "names": {m.own: _value(m) for m in matching.matches},
        "matches": [_described(match) for match in matching.matches],
        "unmatched": dict(zip(("first", "second"), matching.unmatched, strict=True)),
        "counters": dict(zip(("first", "second"), matching.counters, strict=True)),
        "settled": matching.settled,
    }


def _line(match: Match) -> str:
    value = match.placement.declare(match.other)
    note = f"  # ambiguous: {options(match)}" if match.status == AMBIGUOUS else ""
    return f"    {json.dumps(match.own, ensure_ascii=False)}: {value},{note}"


def _value(match: Match) -> Any:
    # What is declared is JSON but for the brackets of a tuple.
    text = match.placement.declare(match.other)
    return json.loads(f"[{text[1:-1]}]" if text.startswith("(") else text)


def _described(match: Match) -> dict[str, Any]:
    return {
        "own": match.own,
        "other": match.other,
        "others": [*match.others],
        "how": match.placement.words,
        "status": match.status,
        "why": match.why,
        "declarations": [p.declare(match.other) for p in match.placements],
    }
