"""A comparison as one self-contained web page: the picture, the table, and every worst tensor."""

from collections.abc import Iterable, Sequence
from html import escape

from common.comparison.report import (
    Group,
    cells,
    describe,
    first_divergences,
    run_of,
    summary,
    worst_of_each_run,
)
from common.comparison.report_pictures import divergence, errors_by_quantity
from common.comparison.results import Comparison, Result

STYLE = """
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;color:#222}
table{border-collapse:collapse;margin:1rem 0;font-variant-numeric:tabular-nums}
th,td{padding:.2rem .6rem;border-bottom:1px solid #ddd;text-align:left}
td.ok{background:#e7f5ec} td.bad{background:#fbdfe0;font-weight:600} svg{max-width:100%;height:auto}
.verdict{font-size:1.3rem}.scroll{overflow-x:auto} caption{text-align:left;font-weight:600}
"""


def to_html(comparison: Comparison) -> bytes:
    """The page, pictures included, with nothing to load from elsewhere."""
    facts = summary(comparison)
    verdict = "Every row ok" if facts["ok"] else "Parity does not hold"
    counts = (
        f"{facts['comparisons_made']} of {facts['comparisons_expected']} comparisons made, "
        f"{facts['rows_failed']} rows failed."
    )
    parts = [
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>",
        "<meta name='viewport' content='width=device-width,initial-scale=1'>",
        f"<title>Parity: {verdict}</title><style>{STYLE}</style></head><body>",
        f"<h1>Parity report</h1><p class='verdict'>{verdict}. {counts}</p>",
        "<p>Errors are normwise, ‖found − truth‖ / ‖truth‖, against the float64 truth.</p>",
        errors_by_quantity(comparison.results),
        divergence(comparison.results),
        _main_table(comparison.results),
        _failures(comparison.results),
        _worst(comparison.results),
        _environment(comparison),
        _left_out(comparison),
        "</body></html>",
    ]
    return "\n".join(parts).encode()


def _main_table(results: Sequence[Result]) -> str:
    runs = sorted({run_of(r) for r in results}, key=lambda run: (run[1:], run[0]))
    heads = ["system (loss)", "width", "quantity", *(" ".join(run) for run in runs)]
    rows = []
    for key, row in cells(results).items():
        rows.append(_row(key, [row.get(run) for run in runs]))
    return _table("Worst tensor of each cell", heads, rows)


def _row(key: Group, found: Iterable[Result | None]) -> str:
    fixed = "".join(f"<td>{escape(part)}</td>" for part in key)
    return f"<tr>{fixed}{''.join(map(_cell, found))}</tr>"


def _cell(result: Result | None) -> str:
    if result is None:
        return "<td>·</td>"
    title = escape(f"{describe(result)}; bound {result.bound:.2e} {result.reason}", quote=True)
    text = "—" if result.error is None else f"{result.error:.1e}"
    return f"<td class='{'ok' if result.ok else 'bad'}' title='{title}'>{text}</td>"


def _failures(results: Sequence[Result]) -> str:
    failed = first_divergences([r for r in results if not r.ok])[:200]
    items = [
        f"<li>{escape(describe(r))}: "
        f"{escape(r.reason) or f'error {r.error:.2e} exceeds {r.bound:.2e}'}</li>"
        for r in failed
    ]
    return f"<h2>Failures, the first to arise first</h2><ul>{''.join(items)}</ul>" if items else ""


def _worst(results: Sequence[Result]) -> str:
    rows = [
        f"<tr><td>{escape(describe(r))}</td>{_cell(r)}<td>{r.bound:.1e}</td></tr>"
        for r in worst_of_each_run(results)
    ]
    return _table("The tensor nearest to its bound, in each run", ["what", "error", "bound"], rows)


def _environment(comparison: Comparison) -> str:
    rows = [
        f"<tr><td>{escape(run)}</td><td>{escape(', '.join(f'{k} {v}' for k, v in facts.items()))}"
        "</td></tr>"
        for run, facts in comparison.environments.items()
    ]
    return _table("Environment", ["run", "fingerprint"], rows)


def _left_out(comparison: Comparison) -> str:
    rows = [
        f"<tr><td>{escape(name)}</td><td>{escape(reason)}</td></tr>"
        for name, reason in comparison.left_out.items()
    ]
    return _table("Left out, by name", ["tensor", "reason"], rows) if rows else ""


def _table(caption: str, heads: Sequence[str], rows: Sequence[str]) -> str:
    head = "".join(f"<th>{escape(text)}</th>" for text in heads)
    return (
        f"<div class='scroll'><table><caption>{caption}</caption>"
        f"<tr>{head}</tr>{''.join(rows)}</table></div>"
    )
