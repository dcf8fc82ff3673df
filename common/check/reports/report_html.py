"""A comparison of ports as one self-contained web page."""

import re
from collections.abc import Sequence
from html import escape

from common.check.outcome import Finding, Outcome
from common.check.reports.catalogue import PAGE, title_of
from common.check.reports.html_chart import chart
from common.check.reports.html_heat import heat_map, key
from common.check.reports.html_stages import course
from common.check.reports.html_style import STYLE
from common.check.reports.stages import Stages, all_stages, plain, ratio, reasons, worst
from common.drawing.html import bullets, page, table
from common.drawing.made import made

MANY = 10_000  # times the bound: the powers of ten say more


def to_html(outcome: Outcome) -> bytes:
    """The page: the headline, the findings, where they arise, all errors, and what was run."""
    everything = all_stages(outcome)
    css = "wrong" if outcome.status else "fine"
    return page(
        outcome.headline,
        f"<p class='eyebrow'>rosetta check</p><h1 class='{css}'>{_words(outcome.headline)}</h1>",
        _facts(outcome),
        *map(_finding, outcome.findings),
        bullets(
            "Could not be compared", (plain(f"{p.port}: {p.message}") for p in outcome.problems)
        ),
        bullets("Notes", outcome.notes),
        *_section("What was computed, in order", [(s, course(s)) for s in everything], sizes=True),
        *_section("Error over the steps", [(s, chart(s)) for s in everything]),
        *_heat(outcome, everything),
        _left_out(outcome),
        _environment(outcome),
        f"<div class='dim'>{made()}</div>",
        style=STYLE,
    )


def _facts(outcome: Outcome) -> str:
    names = ", ".join(port.name for port in outcome.ports)
    facts = {
        "ports": names,
        "judged by": outcome.reference,
        "steps": str(outcome.steps),
        "seed": str(outcome.seed),
        "comparisons": str(len(outcome.comparisons)),
    }
    items = (f"<li>{name} <b>{escape(words)}</b></li>" for name, words in facts.items() if words)
    return f"<ul class='facts'>{''.join(items)}</ul>"


def _finding(finding: Finding) -> str:
    """A card: where, what, how far, what it looks like and what to do."""
    key = finding.first.key
    when = f"step {key.step}" if key.step else "before the first step"
    path = " › ".join([when, escape(key.phase), f"<b>{escape(finding.layer)}</b>"])
    single = " in float32 alone" if finding.first.dtype == "float32" else ""
    details = {
        "looks like": _words(finding.looks_like),
        "remedy": f"<span class='remedy'>{_words(finding.remedy)}</span>" if finding.remedy else "",
        "with it": escape(finding.together),
        "again at": finding.again,
        "catalogue": _entry(finding.difference) if finding.difference else "",
    }
    pairs = (f"<dt>{name}</dt><dd>{text}</dd>" for name, text in details.items() if text)
    return (
        f"<article><h3>{escape(finding.first.port)} <span class='path'>{path}</span></h3>"
        f"<p>{escape(finding.what)} differs{single}: "
        f"<span class='number'>{_words(_size(finding))}</span></p>"
        f"<dl>{''.join(pairs)}</dl></article>"
    )


def _size(finding: Finding) -> str:
    times = ratio(finding.first)
    much = f", {times:,.0f} times the bound" if 1 < times < MANY else ""
    return f"{finding.first.size}{much}"


def _words(text: str) -> str:
    """A text in which no number is torn."""
    return re.sub(r"[\d.]+e[-+]?\d+", r"<span class='keep'>\g<0></span>", escape(plain(text)))


def _entry(name: str) -> str:
    title = title_of(name)
    words = f"{escape(title)}: " if title else ""
    return f"{words}<code>{PAGE}#{escape(name)}</code>"


def _section(
    heading: str, parts: Sequence[tuple[Stages, str]], *, sizes: bool = False
) -> list[str]:
    """One part for each type; those after the first that has a finding are folded."""
    if not parts:
        return []
    chosen = next((stages for stages, _ in parts if stages.findings), parts[0][0])
    shown = [f"<h2>{heading}</h2>"]
    for stages, part in parts:
        unfolded = " open" if stages is chosen else ""
        title = f"<summary><b>{stages.dtype}</b>{_nearest(stages) if sizes else ''}</summary>"
        shown.append(f"<details{unfolded}>{title}{part}</details>")
    return shown


def _nearest(stages: Stages) -> str:
    found = worst(c for stage in stages.stages for c in stage.cells.values())
    if found is None:
        return ""
    words = f"worst: {found.port}, {found.key.name} at step {found.key.step}, {found.size}"
    words = words if ratio(found) else "all are equal"
    return f"<span class='count'>{_words(words)}</span>"


def _heat(outcome: Outcome, everything: Sequence[Stages]) -> list[str]:
    parts = _section("All errors", [(s, heat_map(s, outcome.reference)) for s in everything])
    legend = (
        "<p>Each cell is the power of ten of error / bound, rounded down: with a minus it agrees, "
        "with a plus it does not; = is equal, ∞ cannot be measured, ✗ goes wrong by itself. "
        f"Errors are ‖port − reference‖ / ‖reference‖.</p>{key()}"
    )
    return [*parts[:1], legend, *parts[1:]] if parts else []


def _left_out(outcome: Outcome) -> str:
    lines = (f"{', '.join(names)}: {reason}" for reason, names in reasons(outcome).items())
    return bullets("Not judged", lines)


def _environment(outcome: Outcome) -> str:
    rows = [
        [
            port.name,
            port.title,
            str(port.path),
            ", ".join(f"{k} {v}" for k, v in outcome.versions.get(port.name, {}).items()),
            port.python,
        ]
        for port in outcome.ports
    ]
    heads = ["port", "framework", "file", "versions", "interpreter"]
    return f"<h2>Environment</h2><div class='plain'>{table('', heads, rows)}</div>"
