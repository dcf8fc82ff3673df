"""A comparison as one self-contained web page: the picture, the table, and every worst tensor."""

from collections.abc import Iterable, Sequence
from html import escape

from common.parity.findings import Finding, findings, found, in_order, where
from common.parity.report import Group, cells, runs_of, worst_of_each_run
from common.parity.report_pictures import divergence, errors_by_quantity
from common.parity.results import Comparison, Result

FAILURES = 200  # on the page
STYLE = """
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;color:#222}
table{border-collapse:collapse;margin:1rem 0;font-variant-numeric:tabular-nums}
th,td{padding:.2rem .6rem;border-bottom:1px solid #ddd;text-align:left}
td.ok{background:#e7f5ec} td.bad{background:#fbdfe0;font-weight:600} svg{max-width:100%;height:auto}
.verdict{font-size:1.3rem}.scroll{overflow-x:auto} caption{text-align:left;font-weight:600}
"""


def to_html(comparison: Comparison) -> bytes:
    """The page, pictures included, with nothing to load from elsewhere."""
    verdict = "Parity holds" if comparison.ok else "Parity does not hold"
    failed = sum(not result.ok for result in comparison.results)
    counts = f"{comparison.made} of {comparison.expected} comparisons made, {failed} failed."
    parts = [
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>",
        "<meta name='viewport' content='width=device-width,initial-scale=1'>",
        f"<title>{verdict}</title><style>{STYLE}</style></head><body>",
        f"<h1>Parity report</h1><p class='verdict'>{verdict}. {counts}</p>",
        _list("Notes", comparison.notes),
        _list("What went wrong first", map(_described, findings(comparison.results))),
        "<p>Errors are normwise, ‖values − reference‖ / ‖reference‖. The reference of a recording "
        "is the median of the float64 recordings of other runs on a CPU.</p>",
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


def _described(finding: Finding) -> str:
    return f"{finding.run}, {finding.case}: {finding.phase}; {finding.words}"


def _list(heading: str, lines: Iterable[str]) -> str:
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<h2>{heading}</h2><ul>{items}</ul>" if items else ""


def _main_table(results: Sequence[Result]) -> str:
    runs = runs_of(results)
    heads = ["system (loss)", "width", "quantity", *map(str, runs)]
    lines = [_row(key, [line.get(run) for run in runs]) for key, line in cells(results).items()]
    return _table("Worst tensor of each cell", heads, lines)


def _row(key: Group, results: Iterable[Result | None]) -> str:
    fixed = "".join(f"<td>{escape(part)}</td>" for part in key)
    return f"<tr>{fixed}{''.join(map(_cell, results))}</tr>"


def _cell(result: Result | None) -> str:
    if result is None:
        return "<td>·</td>"
    title = escape(f"{describe(result)}; bound {result.bound:.2e} {result.reason}", quote=True)
    text = "—" if result.error is None else f"{result.error:.1e}"
    return f"<td class='{'ok' if result.ok else 'bad'}' title='{title}'>{text}</td>"


def describe(result: Result) -> str:
    """One result in words: who, on what, which tensor, when."""
    return f"{result.run}, {result.case}, {where(result)}"


def _failures(results: Sequence[Result]) -> str:
    failed = in_order(r for r in results if not r.ok)[:FAILURES]
    return _list(
        "Failures in the order in which they arise", (f"{describe(r)}: {found(r)}" for r in failed)
    )


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
