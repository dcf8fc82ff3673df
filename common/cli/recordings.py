"""`rosetta record`."""

from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from common.backends import TITLES, check_backend
from common.cli.application import (
    BackendName,
    Device,
    Dtype,
    Kinds,
    OutFile,
    Seed,
    Settings,
    Systems,
    app,
    check_device,
    check_dtype,
)
from common.cli.loading import load_backend
from common.files import make_folder
from common.parity.cases import cases, check_kinds


@app.command()
def record(
    backend: BackendName,
    out: OutFile,
    systems: Systems = None,
    device: Device = "cpu",
    dtype: Dtype = "float64",
    kind: Kinds = None,
    settings: Settings = None,
    seed: Seed = 0,
    perturbed: Annotated[
        bool,
        typer.Option(
            "--perturbed",
            help="Measure rounding noise too, by repeating each case from perturbed weights: other "
            "float32 recordings are compared with it.",
        ),
    ] = False,
    as_tf32: Annotated[
        bool,
        typer.Option(
            "--as-tf32",
            help="Record wrongly on purpose, as a control that the comparison must fail: with TF32 "
            "switched on, or on a CPU with weights and inputs rounded to its ten bits.",
        ),
    ] = False,
) -> None:
    """Run the parity cases in one backend and write what they compute to a file.

    Compare recordings from any environment, host or device with `rosetta compare`. A recording is
    compared with others, never with itself: with float64 recordings made on a CPU, preferably of
    two other backends, and in float32 also with a float32 recording made on a CPU with
    --perturbed.
    """
    check_backend(backend)
    check_device(device)
    check_dtype(dtype)
    chosen = cases(systems or (), check_kinds(kind or ("reduced",)), settings or ())
    make_folder(out.parent)
    from common.parity.effort import effort_for
    from common.parity.record import save_recording

    effort = effort_for(
        {case.system.name for case in chosen},
        backend=backend,
        device=device,
        dtype=dtype,
        is_full=any(case.kind == "full" for case in chosen),
    )
    exact = device == "cpu" or not as_tf32
    loaded = load_backend(backend, device=device, dtype=dtype, exact=exact, effort=effort)
    with Console(stderr=True).status("recording") as status:
        count, failed = save_recording(
            out,
            loaded,
            chosen,
            device=device,
            dtype=dtype,
            seed=seed,
            perturbed=perturbed,
            rounded=as_tf32 and device == "cpu",
            progress=lambda name: status.update(f"{backend} {dtype}: {name}"),
        )
    console = Console()
    console.print(
        f"{out}: {count} tensors of {len(chosen)} cases, {TITLES[backend]} {device} {dtype}; "
        f"compare it with others: rosetta compare {out} OTHER",
        soft_wrap=True,
    )
    for quantity, message in failed.items():
        console.print(f"[red]failed:[/red] {escape(f'{quantity}: {message}')}", soft_wrap=True)
