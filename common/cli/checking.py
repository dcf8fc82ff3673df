"""`rosetta check`: parity of the user's own ports."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from common import UsageError
from common.cli.application import AsJson, Seed, app, check_dtype
from common.files import check_file

Specs = Annotated[
    list[str],
    typer.Argument(
        metavar="PORT...",
        help="FRAMEWORK:FILE for torch, tf, jax, jittor or numpy; NAME=FRAMEWORK:FILE to name it; "
        "or a TOML file with tables \\[ports.NAME] of framework, file and python.",
    ),
]


@app.command(name="check")
def check_ports(
    specs: Specs,
    steps: Annotated[int, typer.Option(min=1, metavar="N", help="Steps of each run.")] = 3,
    seed: Seed = 0,
    dtype: Annotated[str, typer.Option(metavar="TYPE", help="float32, float64 or both.")] = "both",
    reference: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Port to judge by; default: the median of three or more, or PORT 1.",
        ),
    ] = "",
    python: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=PATH",
            help="Interpreter of a port, by name or framework (repeatable). It needs NumPy, "
            "safetensors and what the port imports.",
        ),
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Weights as safetensors, instead of weights(rng)."),
    ] = None,
    inputs: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Inputs of every step, instead of inputs(rng)."),
    ] = None,
    trace: Annotated[
        bool,
        typer.Option(
            "--trace/--no-trace",
            help="Look inside the networks and optimisers that build returns, layer by layer.",
        ),
    ] = True,
    accept: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ENTRY",
            help="A known difference between frameworks, by its name in the catalogue, as in "
            "running-variance (repeatable): noted, no finding.",
        ),
    ] = None,
    leave_out: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="Do not compare this array; * matches any text (repeatable)."
        ),
    ] = None,
    timeout: Annotated[
        float, typer.Option(min=1, metavar="SECONDS", help="Time limit for one run, in seconds.")
    ] = 300,
    as_json: AsJson = False,
    junit: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write the result as JUnit XML.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder for report.html and report.json."),
    ] = None,
) -> None:
    """Compare ports of your own model, and say where one first goes wrong.

    A port is a Python file that imports nothing of this project:

    [bold]build(weights)[/bold] returns the model, and its optimiser if there is one, from a dict
    of NumPy arrays.

    [bold]step(model, inputs)[/bold] takes one training step and yields what it computes, as in
    `yield "loss", loss`. Layers, gradients, optimiser slots and running statistics need not be
    yielded: they are recorded from what build returns.

    [bold]weights(rng)[/bold] and [bold]inputs(rng)[/bold], in one of the files, draw those arrays
    from a seeded NumPy generator.

    [bold]names[/bold], a dict, maps a port's names and layouts to the others', as in
    `"fc.kernel": ("fc.weight", "i o -> o i")`.

    Exit status: 0 if the ports agree, 1 if they do not, 2 for invalid input.
    """
    from common.check.check import check
    from common.check.options import Options
    from common.check.ports import parse_ports
    from common.check.reports.report_json import to_json
    from common.check.reports.report_text import print_outcome, progress
    from common.check.reports.writing import write_reports

    dtypes = ("float64", "float32") if dtype == "both" else (check_dtype(dtype),)
    for file in filter(None, (weights, inputs)):
        check_file(file)
    options = Options(
        ports=parse_ports(specs, python or ()),
        steps=steps,
        seed=seed,
        dtypes=dtypes,
        trace=trace,
        reference=reference or None,
        weights=weights,
        inputs=inputs,
        accept=accept or (),
        leave_out=leave_out or (),
        timeout=timeout,
    )
    with progress() as say:
        outcome = check(options, say)
    write_reports(outcome, folder=out, junit=junit)
    if as_json:
        print(json.dumps(to_json(outcome), indent=2, allow_nan=False))
    usage = [problem for problem in outcome.problems if problem.usage]
    if not as_json:
        print_outcome(outcome)
    if usage:
        raise UsageError(usage[0].message)
    sys.exit(outcome.status)
