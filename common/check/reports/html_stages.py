"""A comparison's steps, phases and arrays in order of computation, as HTML to unfold."""

from collections.abc import Iterable, Sequence
from html import escape
from itertools import groupby

from common.check.reports.stages import FOLLOWS, OK, ONCE, ORIGIN, Block, Stage, Stages, brief

SHOWN = 24  # arrays of a phase
BEFORE = 5  # of them, before the first that differs
WORST_FIRST = (ORIGIN, FOLLOWS, ONCE, OK)


def course(stages: Stages) -> str:
    """All steps; what first goes wrong is unfolded."""
    grouped = groupby(stages.blocks, key=lambda block: block.step)
    steps = "".join(_step(stages, step, list(blocks)) for step, blocks in grouped)
    return f"<div class='course'>{steps}</div>"


def _step(stages: Stages, step: int, blocks: Sequence[Block]) -> str:
    every = [stage for block in blocks for stage in block.stages]
    title = f"Step {step}" if step else "Before the first step"
    inner = "".join(_phase(stages, block) for block in blocks)
    return _unfolding(stages, title, every, f"<div class='line'>{inner}</div>")


def _phase(stages: Stages, block: Block) -> str:
    differing = (p for p, s in enumerate(block.stages) if _state(stages, s) != OK)
    start = max(0, next(differing, 0) - BEFORE)
    shown = block.stages[start : start + SHOWN]
    after = len(block.stages) - start - len(shown)
    lines = [
        _more(start, "before"),
        *(_array(stages, stage) for stage in shown),
        _more(after, "after"),
    ]
    inner = f"<div class='line'><ol class='arrays'>{''.join(lines)}</ol></div>"
    return _unfolding(stages, block.phase, block.stages, inner)


def _unfolding(stages: Stages, title: str, several: Sequence[Stage], inner: str) -> str:
    states = [_state(stages, stage) for stage in several]
    count = len(states) - states.count(OK)
    arrays = f"array{'s' * (len(states) > 1)}"
    words = f"{count} of {len(states)} {arrays} differ" if count else f"✓ {len(states)} {arrays}"
    kind = "wrong" if {ORIGIN, FOLLOWS} & set(states) else "doubt" if count else "fine"
    unfolded = " open" if ORIGIN in states else ""
    summary = f"<summary><b>{escape(title)}</b><span class='count'>{words}</span></summary>"
    return f"<details class='{kind}'{unfolded}>{summary}{inner}</details>"


def _array(stages: Stages, stage: Stage) -> str:
    state = _state(stages, stage)
    name = f"<span class='name'>{escape(stage.key.name)}</span>"
    if state == OK:
        return f"<li class='ok'>{name}<span class='ok' title='agrees'>✓</span></li>"
    parts = []
    for port, comparison in stage.cells.items():
        own = stages.state(comparison)
        if own != OK:
            sign = {ORIGIN: "✗ ", ONCE: "? "}.get(own, "")
            words = f"{sign}{port} {brief(comparison)}"
            title = escape(comparison.size, quote=True)
            parts.append(f"<span class='{own}' title='{title}'>{escape(words)}</span>")
    return f"<li class='{state}'>{name}{''.join(parts)}</li>"


def _more(count: int, where: str) -> str:
    return f"<li class='more'>{count} {where}</li>" if count else ""


def _state(stages: Stages, stage: Stage) -> str:
    """The worst of all ports."""
    return worst_state(stages.state(comparison) for comparison in stage.cells.values())


def worst_state(states: Iterable[str]) -> str:
    """The one that says most about what is wrong."""
    return min(states, key=WORST_FIRST.index, default=OK)
