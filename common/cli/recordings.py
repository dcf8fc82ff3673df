"""`rosetta record`."""

from typing import Annotated

import typer
from rich.console import Console

from common.backends import check_backend, load
from common.cli.application import (
    BackendName,
    Device,
    Dtype,
    OutFile,
    Seed,
    Settings,
    Systems,
    Widths,
    app,
    check_device,
    check_dtype,
)
from common.files import make_folder
from common.parity.cases import cases, check_widths


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
    perturbed: Annotated[
        bool,
        typer.Option(
            "--perturbed",
            help="Measure rounding noise too, by reruns from perturbed weights: a yardstick for "
            "other float32 recordings.",
        ),
    ] = False,
    as_tf32: Annotated[
        bool,
        typer.Option(
            "--as-tf32",
            help="Record wrongly on purpose, as a control that a comparison must turn red: with "
            "TF32 switched on, or on a CPU with weights and inputs rounded to its ten bits.",
        ),
    ] = False,
) -> None:
    """Run the parity cases in one backend and write what they compute to a file.

    Recordings made anywhere (another environment, host or device) are judged together with
    `rosetta compare`. Each is judged by others, never by itself: by float64 recordings made on a
    CPU, best of two other backends, and in float32 also by a float32 recording made on a CPU
    with --perturbed.
    """
    check_backend(backend)
    check_device(device)
    check_dtype(dtype)
    chosen = cases(systems or (), check_widths(widths or ("reduced",)), settings or ())
    make_folder(out.parent)
    from common.parity.effort import effort_for
    from common.parity.record import save_recording

    effort = effort_for(
        {case.system.name for case in chosen},
        backend=backend,
        device=device,
        dtype=dtype,
        is_full=any(case.width == "full" for case in chosen),
    )
    exact = device == "cpu" or not as_tf32
    loaded = load(backend, device=device, dtype=dtype, exact=exact, effort=effort)
    with Console(stderr=True).status("recording") as status:
        save_recording(
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
