"""`rosetta compare` and `parity`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from common import UsageError
from common.backends import BACKENDS
from common.cli.application import (
    Device,
    Kinds,
    Seed,
    Settings,
    Systems,
    Timeout,
    app,
    check_backends,
    check_device,
    check_dtype,
)
from common.files import check_file
from common.parity.cases import cases, check_kinds, check_sharing
from common.parity.jobs import devices_jobs, plan_jobs
from common.parity.results import Comparison
from common.parity.tasks import Plan

STOPPED = 130  # the exit status of a shell after Ctrl-C
Report = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the report.")]


@app.command(name="compare")
def compare_files(
    files: Annotated[
        list[Path],
        typer.Argument(help="Recordings made with `rosetta record`, or report.json files."),
    ],
    out: Report = Path("parity-report"),
) -> None:
    """Compare recordings, or merge reports; exit status 0 only if every comparison passes.

    Recordings of any versions, hosts and devices may be given together; each gets its own column.
    Recordings of several seeds are compared seed by seed: a float32 run fails if it fails with
    each of them. Several report.json files, made by `rosetta parity` in pieces, become one report.
    """
    reports = [file for file in files if file.suffix == ".json"]
    if reports and len(reports) < len(files):
        raise UsageError("give recordings or report.json files, not both")
    for file in files:
        check_file(file)
    from common.parity.compare import compare
    from common.parity.recording_file import open_recording
    from common.parity.report_json import merge_reports

    if reports:
        _conclude(merge_reports(reports), out)
    _conclude(compare([open_recording(file) for file in files]), out)


@app.command()
def parity(
    systems: Systems = None,
    backends: Annotated[
        str,
        typer.Option(
            metavar="LIST",
            help="As in torch,jax; default: all four; `found`: those that see the device.",
        ),
    ] = "",
    device: Device = "cpu",
    devices: Annotated[
        int,
        typer.Option(
            min=1,
            metavar="N",
            help="Compare one device with N that share each batch of 12: in float64, after each of "
            "five steps.",
        ),
    ] = 1,
    dtype: Annotated[str, typer.Option(metavar="TYPE", help="float32, float64 or both.")] = "both",
    kind: Kinds = None,
    settings: Settings = None,
    seed: Seed = 0,
    timeout: Timeout = 1800,
    out: Report = Path("parity-report"),
) -> None:
    """Record every backend, each in its own process, and compare them.

    Prints the worst error of each system as soon as all backends have recorded it, small systems
    first, then what went wrong first, and writes report.json and report.html to DIR. If a backend
    crashes, hangs or is missing, its own results fail and the others finish. With --device cuda,
    float64 and perturbed float32 runs on the CPU are recorded too, as references.

    Ctrl-C prints the results so far, and the same command continues from there: recordings are
    kept in DIR/recordings until the run is complete.
    """
    check_device(device)
    chosen = _with_device(device) if backends == "found" else check_backends(backends)
    if not chosen:
        return
    dtypes = ["float32", "float64"] if dtype == "both" else [check_dtype(dtype)]
    wanted = check_kinds(kind or ())
    if devices > 1 and (kind or settings):
        raise UsageError("--devices compares the reduced cases; leave out --kind and --set")
    if settings:
        wanted = ("reduced",)
    cases(systems or (), wanted, settings or ())
    from common.cli.reporting import require_device, wide_console, workers
    from common.cli.watching import watch_parity

    require_device(chosen, device)
    if devices > 1:
        check_sharing(devices)
        jobs = devices_jobs(chosen, device, devices)
    else:
        jobs = plan_jobs(chosen, device, dtypes, wanted)
    plan = Plan(jobs, tuple(systems or ()), tuple(settings or ()), seed, timeout, workers())
    comparison = watch_parity(plan, out, wide_console())
    if comparison is None:
        raise typer.Exit(STOPPED)
    _conclude(comparison, out, table=False)


def _with_device(device: str) -> list[str]:
    """The backends that see a device ; prints what the others lack."""
    from common.backends.inspection import examine

    reports = [examine(name, device=device) for name in BACKENDS]
    ready = [r["backend"] for r in reports if not r["problem"]]
    console = Console()
    for report in reports:
        if report["problem"]:
            reason = f"{report['title']} left out: {report['problem']}; {report['remedy']}"
            console.print(escape(reason), soft_wrap=True)
    if not ready:
        console.print(f"no backend sees a {device} device here: nothing was run", soft_wrap=True)
    return ready


def _conclude(comparison: Comparison, out: Path, *, table: bool = True) -> None:
    from common.cli.reporting import write_report

    write_report(comparison, out, table=table)
    raise typer.Exit(0 if comparison.ok else 1)
