"""`rosetta match`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from common import UsageError
from common.cli.application import AsJson, app
from common.files import check_file, write_bytes

if TYPE_CHECKING:
    from common.check.match.matches import Match, Matching

SUFFIXES = (".py", ".json")
_STYLES = {"proven": "green", "likely": "cyan", "ambiguous": "yellow"}


@app.command()
def match(
    own: Annotated[Path, typer.Argument(metavar="OWN", help="Your port's tensors: safetensors.")],
    reference: Annotated[
        Path, typer.Argument(metavar="REFERENCE", help="The tensors of the model to match.")
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Write the mapping: .py to paste, or .json."),
    ] = None,
    write: Annotated[
        Path | None,
        typer.Option(
            "--write",
            metavar="FILE",
            help="Write OWN's tensors with REFERENCE's names and layouts, if no answer is open.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Find which tensor of one file is which of another, and how it is laid out there.

    Export the same weights from both models, and values prove every answer: kernels of Keras and
    Flax against PyTorch's, transposed, reversed, or with flattened maps in another order, float32
    against float64. Where values differ or are constant, shapes, names and their order decide:
    then an answer is likely, or, where two are left, ambiguous, and both are listed.

    [bold]rosetta match flax.safetensors torch.safetensors --out names.py[/bold]

    Exit status 0 if every tensor has one answer, 1 if not, 2 if a file cannot be used.
    """
    _check(own, reference, out, write)
    from common.check.match.matching import match_tensors
    from common.check.match.names_snippet import to_json, to_python
    from common.check.match.tensor_names import in_order
    from common.files.tensors import read_tensors, write_tensors

    files = []
    for path in (own, reference):
        tensors, _ = read_tensors(path)
        if not tensors:
            raise UsageError(f"{path}: holds no tensors; export the model's state to it")
        names, known = in_order(path, tensors)
        files.append(({name: tensors[name] for name in names}, known))
    (first, known), (second, known_too) = files
    matching = match_tensors(first, second, (known, known_too))
    if write:
        write_tensors(write, matching.converted(first))
    report = to_json(matching)
    if out:
        text = json.dumps(report, indent=1, ensure_ascii=False) if out.suffix == ".json" else ""
        write_bytes(out, (text or to_python(matching)).encode())
    if as_json:
        print(json.dumps(report, indent=1, ensure_ascii=False))
    else:
        _show(matching, own, reference)
        for path in filter(None, (out, write)):
            Console().print(f"wrote {escape(str(path))}", soft_wrap=True, highlight=False)
    raise typer.Exit(0 if matching.settled else 1)


def _check(own: Path, reference: Path, out: Path | None, write: Path | None) -> None:
    for path in (own, reference):
        if check_file(path).is_dir():
            raise UsageError(f"{path}: is a folder; name a safetensors file")
    if own.samefile(reference):
        raise UsageError(f"{own} and {reference} are the same file; name two")
    if out and out.suffix not in SUFFIXES:
        raise UsageError(f"{out}: end its name in {' or '.join(SUFFIXES)}")
    if write and write.suffix != ".safetensors":
        raise UsageError(f"{write}: end its name in .safetensors")
    if write and any(write.exists() and write.samefile(path) for path in (own, reference)):
        raise UsageError(f"{write}: is one of the files to match; name another")


def _show(matching: "Matching", own: Path, reference: Path) -> None:
    console = Console()
    table = Table(show_lines=False)
    for title, ratio in ((own.stem, 4), (reference.stem, 4), ("how", 5)):
        table.add_column(escape(title), overflow="fold", ratio=ratio)
    table.add_column("", no_wrap=True)
    for found in matching.matches:
        names = "\nor ".join(found.others)
        style = _STYLES[found.status]
        cells = [found.own, names, _how(found)]
        table.add_row(*map(escape, cells), f"[{style}]{found.status}[/{style}]")
    for names, why, status in (
        (matching.unmatched, "nothing like it", "[red]unmatched[/red]"),
        (matching.counters, "a counter, no weight", "[dim]left out[/dim]"),
    ):
        for name in names[0]:
            table.add_row(escape(name), "", why, status)
        for name in names[1]:
            table.add_row("", escape(name), why, status)
    console.print(table)
    counts = {s: sum(m.status == s for m in matching.matches) for s in _STYLES}
    counts["unmatched"] = sum(map(len, matching.unmatched))
    counted = ", ".join(f"{count} {status}" for status, count in counts.items())
    console.print(counted, highlight=False)
    if not counts["proven"]:
        console.print(
            "No values agree: export the same weights from both models to have them prove it.",
        )


def _how(found: "Match") -> str:
    words = "\nor ".join(placement.words for placement in found.placements)
    return f"{words}\n({found.why})" if found.why != "equal values" else words
