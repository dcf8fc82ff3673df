"""`rosetta record`, `compare` and `parity`."""

import os
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from common.backends import BACKENDS, check_backend, examine, load
from common.cli.application import (
    BackendName,
    Device,
    Dtype,
    OutFile,
    Seed,
    Settings,
    Systems,
    app,
    check_backends,
    check_device,
    check_dtype,
)
from common.comparison.cases import cases
from common.comparison.comparing import compare
from common.comparison.parity import Job, Plan, check_widths, plan_jobs, run_parity
from common.comparison.recorded import open_recording
from common.comparison.recording import save_recording
from common.comparison.report import show, to_json
from common.comparison.report_html import to_html
from common.comparison.results import Comparison
from common.errors import UsageError
from common.tensors import make_folder, write_bytes

Widths = Annotated[
    list[str] | None,
    typer.Option(
        "--width",
        help=(
            "reduced; cycle: one step of the long schedules; trajectory: 100 steps of the toys; "
            "full. Repeatable; what each costs: README."
        ),
    ),
]
Report = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the report.")]


WIDE = 160


@app.command()
def record(
    backend: BackendName,
    out: OutFile,
    systems: Systems = None,
    device: Device = "cpu",
    dtype: Dtype = "float64",
    widths: Widths = None,
    settings: Settings = None,
    seed: Seed = 0,
    shaken: Annotated[
        bool, typer.Option("--shaken", help="Measure rounding noise too, by shaken reruns.")
    ] = False,
) -> None:
    """Run the parity cases in one backend and write what they compute to a file.

    Recordings made anywhere (another environment, host or device) can be judged together with
    `rosetta compare`; at least one must be float64 on a CPU, and where float32 is judged, one
    or two float32 recordings should be --shaken.
    """
    check_backend(backend)
    check_device(device)
    check_dtype(dtype)
    chosen = cases(systems or (), check_widths(widths or ("reduced",)), settings or ())
    make_folder(out.parent)
    loaded = load(backend, device=device, dtype=dtype, exact=True)
    with Console(stderr=True).status("recording") as status:
        save_recording(
            out,
            loaded,
            chosen,
            device=device,
            dtype=dtype,
            seed=seed,
            shaken=shaken,
            progress=lambda name: status.update(f"{backend} {dtype}: {name}"),
        )


@app.command(name="compare")
def compare_files(
    files: Annotated[list[Path], typer.Argument(help="Recordings made with `rosetta record`.")],
    out: Report = Path("parity-report"),
) -> None:
    """Judge recordings against the float64 truth among them; exit 0 only if all holds."""
    _conclude(compare([open_recording(file) for file in files]), out)


@app.command()
def parity(
    systems: Systems = None,
    backends: Annotated[
        str,
        typer.Option(
            help="As in torch,jax; all four if empty; `found`: those that see the device."
        ),
    ] = "",
    device: Device = "cpu",
    dtype: Annotated[str, typer.Option(help="float32, float64 or both.")] = "both",
    widths: Widths = None,
    settings: Settings = None,
    seed: Seed = 0,
    timeout: Annotated[float, typer.Option(help="Seconds that one recording may take.")] = 1800,
    out: Report = Path("parity-report"),
) -> None:
    """Record every backend, each in a process of its own, and compare them.

    Prints a table of the worst error of every quantity and writes report.json and report.html
    to DIR. A backend that crashes, hangs or is missing fails its own rows; the others finish.
    """
    check_device(device)
    chosen = _found(device) if backends == "found" else check_backends(backends)
    if not chosen:
        return
    dtypes = ["float32", "float64"] if dtype == "both" else [check_dtype(dtype)]
    wanted = check_widths(widths or ())
    if settings:
        wanted = ("reduced",)
    cases(systems or (), wanted, settings or ())
    for name in chosen if device == "cuda" else ():
        _require_cuda(name)
    make_folder(out)
    jobs = plan_jobs(chosen, device, dtypes, wanted)
    workers = min(2, os.cpu_count() or 1)
    plan = Plan(jobs, tuple(systems or ()), tuple(settings or ()), seed, timeout, workers)
    with TemporaryDirectory(prefix="rosetta-") as folder, _progress() as bar:
        comparison = run_parity(plan, Path(folder), _ticker(bar, plan))
    _conclude(comparison, out)


def _found(device: str) -> list[str]:
    """The backends that see a device of that kind; of the others it says what is missing."""
    reports = [examine(name, device=device) for name in BACKENDS]
    ready = [r["backend"] for r in reports if not r["problem"]]
    console = Console()
    if not ready:
        console.print(f"no backend sees a {device} device here: nothing was run", soft_wrap=True)
    for report in reports if ready else ():
        if report["problem"]:
            words = f"{report['title']} left out: {report['problem']}; {report['remedy']}"
            console.print(escape(words), soft_wrap=True)
    return ready


def _require_cuda(backend: str) -> None:
    report = examine(backend, device="cuda")
    if report["problem"]:
        raise UsageError(f"{report['title']}: {report['problem']}; {report['remedy']}")


def _conclude(comparison: Comparison, out: Path) -> None:
    write_bytes(out / "report.json", to_json(comparison))
    write_bytes(out / "report.html", to_html(comparison))
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDE)  # a log has no edge to fit into
    show(comparison, console)
    console.print(f"report: {out / 'report.html'} and report.json", soft_wrap=True)
    raise typer.Exit(0 if comparison.ok else 1)


def _progress() -> Progress:
    return Progress(
        SpinnerColumn(finished_text=" "),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[state]}"),
        console=Console(stderr=True),
    )


def _ticker(bar: Progress, plan: Plan) -> Callable[[Job, str], None]:
    tasks = {
        job: bar.add_task(job.title, total=1, start=False, state="waiting") for job in plan.jobs
    }

    def tick(job: Job, state: str) -> None:
        if state == "running":
            bar.start_task(tasks[job])
            bar.update(tasks[job], state="")
        else:
            text = "[green]recorded[/green]" if state == "done" else f"[red]{escape(state)}[/red]"
            bar.update(tasks[job], completed=1, state=text)

    return tick
