"""A comparison of ports in the terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO

from rich.console import Console
from rich.padding import Padding
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Column, Table
from rich.text import Text

from common.check.outcome import Finding, Outcome
from common.check.reports.catalogue import PAGE, title_of
from common.check.reports.stages import all_stages, plain, reasons
from common.check.reports.text_summary import legend, summary
from common.check.reports.text_tables import course

WIDE = 160  # of tables where the output is no terminal
SPARE = str.maketrans("✓✗·‖−…", "+x.|-~")  # for an output that has none of these


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """Show on standard error what is going on; nothing where that is not a terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda words: None
        return
    words = TextColumn(
        "{task.description}",
        markup=False,
        table_column=Column(no_wrap=True, overflow="ellipsis"),
    )
    columns = (SpinnerColumn(), words, TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("starting", total=None)
        yield lambda words: bar.update(task, description=words)


def print_outcome(outcome: Outcome) -> None:
    """The headline, each finding with its remedy, what was compared, then notes and problems.

    What the caller reports as invalid input is left to it if nothing was compared.
    """
    if not outcome.comparisons and outcome.status == 2:
        return
    console = Console(file=sys.stdout, highlight=False)
    encoding = sys.stdout.encoding or "utf-8"
    if console.is_terminal and _fits("✓", encoding):
        _print(outcome, console)
        return
    text = as_text(outcome, console.width if console.is_terminal else WIDE)
    if not _fits(text, encoding):
        text = text.translate(SPARE).encode(encoding, "replace").decode(encoding)
    print(text)


def as_text(outcome: Outcome, width: int = WIDE) -> str:
    """What `print_outcome` prints, without colours; a sentence is one line, however long."""
    text = StringIO()
    _print(outcome, Console(file=text, width=width, highlight=False, color_system=None))
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines())


def _print(outcome: Outcome, console: Console) -> None:
    _say(console, Text(plain(outcome.headline), "bold red" if outcome.status else "bold green"))
    _findings(console, outcome)
    tables = [
        table
        for stages in all_stages(outcome)
        if stages.findings
        for table in course(stages, console.width)
    ]
    for table in tables or summary(outcome, console.width):
        console.print()
        console.print(table)
    if outcome.comparisons:
        _say(console, Text(legend(outcome), "dim"))
    console.print()
    _pairs(console, [*_versions(outcome), *_rest(outcome)])


def _findings(console: Console, outcome: Outcome) -> None:
    for number, finding in enumerate(outcome.findings):
        if number:
            console.print()
            _say(console, Text(plain(finding.sentence), "bold red"))
        _pairs(console, _details(finding))


def _details(finding: Finding) -> list[tuple[str, str]]:
    entry = title_of(finding.difference)
    see = f"{entry}: {PAGE}#{finding.difference}" if entry else f"{PAGE}#{finding.difference}"
    named = {
        "with it": finding.together,
        "again at": finding.again,
        "remedy": finding.remedy,
        "see": see if finding.difference else "",
    }
    return [(label, words) for label, words in named.items() if words]


def _versions(outcome: Outcome) -> Iterator[tuple[str, str]]:
    """Which files were compared, with what, and by which reference."""
    for port in outcome.ports:
        found = outcome.versions.get(port.name, {})
        known = ", ".join(f"{name} {version}" for name, version in found.items())
        yield port.name, f"{port.path}{f' ({known})' if known else ''}"
    if outcome.reference:
        yield "reference", f"{outcome.reference}; seed {outcome.seed}"


def _rest(outcome: Outcome) -> Iterator[tuple[str, str]]:
    for reason, names in reasons(outcome).items():
        yield "not judged", f"{', '.join(names)}: {reason}"
    for note in outcome.notes:
        yield "note", note
    for problem in outcome.problems:
        if problem.message != outcome.headline:
            yield "failed", f"{problem.port}: {problem.message}"


def _pairs(console: Console, pairs: list[tuple[str, str]]) -> None:
    """Labels, and beside them the words, wrapped below themselves."""
    if not pairs:
        return
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="dim")
    table.add_column(overflow="fold")
    for label, words in pairs:
        table.add_row(Text(label), Text(plain(words)))
    console.print(Padding(table, (0, 0, 0, 2)))


def _say(console: Console, words: Text) -> None:
    """Words wrapped to a terminal; one line elsewhere, for those who search in it."""
    console.print(words, soft_wrap=not console.is_terminal)


def _fits(text: str, encoding: str) -> bool:
    """Whether an output of that encoding can show a text."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
