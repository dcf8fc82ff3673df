"""`rosetta train`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from common import UsageError
from common.backends import check_backend
from common.cli.application import (
    BackendName,
    Device,
    Devices,
    Dtype,
    Precision,
    Seed,
    Settings,
    SystemName,
    app,
    check_device,
    check_dtype,
    check_precision,
)
from common.cli.hyper_parameters import as_settings
from common.systems import find_system
from common.systems.options import apply_settings, with_options

DATA_HELP = (
    "Images: digits, photos, noise, hf:NAME (a Hugging Face data set), folder:PATH or npz:PATH. "
    "Points, for wgan_gp_toy: 8gaussians, 25gaussians, swissroll. Numbers, for gan_moments: "
    "gaussian. Default: the first of these."
)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def train(
    context: typer.Context,
    backend: BackendName,
    name: SystemName,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the run.")],
    steps: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Train up to this step.")
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Or: train for this many epochs.")
    ] = None,
    data: Annotated[str | None, typer.Option(metavar="DATA", help=DATA_HELP)] = None,
    batch_size: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Samples per update; default: the system's own."),
    ] = None,
    loss: Annotated[
        str | None,
        typer.Option(
            metavar="LOSS", help="Another loss, as in vanilla or hinge; default: the system's own."
        ),
    ] = None,
    settings: Settings = None,
    device: Device = "cpu",
    devices: Devices = 1,
    dtype: Dtype = "float32",
    precision: Precision = "exact",
    seed: Seed = 0,
    ema_decay: Annotated[
        float,
        typer.Option(
            min=0,
            max=1,
            metavar="SHARE",
            help="Draw samples from a moving average of the generator, as in 0.999.",
        ),
    ] = 0.0,
    sample_every: Annotated[
        int, typer.Option(min=1, metavar="N", help="Steps between sample grids.")
    ] = 200,
    save_every: Annotated[
        int, typer.Option(min=1, metavar="N", help="Steps between checkpoints.")
    ] = 200,
    evaluate_every: Annotated[
        int,
        typer.Option(min=0, metavar="N", help="Steps between evaluations of the samples; 0: none."),
    ] = 0,
    keep: Annotated[
        int, typer.Option(min=1, metavar="N", help="Checkpoints to keep besides the best.")
    ] = 2,
    compiling: Annotated[
        bool, typer.Option("--compile", help="Compile the steps; in PyTorch, both networks.")
    ] = False,
    interpreting: Annotated[
        bool, typer.Option("--no-compile", help="Run the steps operation by operation.")
    ] = False,
    resuming: Annotated[
        bool, typer.Option("--resume", help="Continue from DIR's checkpoint, of any backend.")
    ] = False,
) -> None:
    """Train a system: metrics, TensorBoard events, sample grids and checkpoints.

    The same seed gives every backend the same weights, batches and noise. Every hyper-parameter
    of the system is an option, as in [bold]--learning-rate 1e-4[/bold]; `rosetta systems --json`
    lists them.

    Ctrl-C saves and stops. [bold]--resume[/bold] continues with the same options; the backend, the
    device and how many there are, the precision, the number of steps and all --…-every may change.
    """
    own = [f"loss={loss}"] if loss else []
    given = (*own, *as_settings(find_system(name), context.args), *(settings or ()))
    system = apply_settings(find_system(name), given)
    if batch_size is not None:
        system = with_options(system, {"batch_size": batch_size})
    check_backend(backend)
    check_device(device)
    check_precision(precision, check_dtype(dtype))
    if compiling and interpreting:
        raise UsageError("give either --compile or --no-compile; neither: the framework's own way")
    if (steps is None) == (epochs is None):
        raise UsageError("give either --steps or --epochs")
    if ema_decay == 1:
        raise UsageError("--ema-decay 1: the average would never move; use less, as in 0.999")
    from common.backends.launching import needs_launcher, run_launched
    from common.data import default_data, load_dataset
    from common.data.batches import check_size
    from common.streams.shards import check_shards
    from common.training.session import check_folder

    check_shards(system, devices)
    launching = needs_launcher(backend, devices)
    if devices == 1 or launching:  # else another process may have begun to fill it
        check_folder(out, resuming=resuming)
    data = data or default_data(system)
    dataset = load_dataset(data, system, seed)
    check_size(system, dataset)
    if launching:
        raise typer.Exit(run_launched(backend, devices, ["-m", "common", *sys.argv[1:]]))
    from common.cli.running import train_run
    from common.training.options import Run, steps_of_epochs

    run = Run(
        system=system,
        data=data,
        steps=steps or steps_of_epochs(system, dataset.size, epochs or 0),
        out=out,
        seed=seed,
        dtype=dtype,
        sample_every=sample_every,
        save_every=save_every,
        evaluate_every=evaluate_every,
        keep=keep,
        ema_decay=ema_decay,
    )
    train_run(
        run,
        dataset,
        backend,
        device=device,
        devices=devices,
        precision=precision,
        compiled=compiling if compiling or interpreting else None,
        resuming=resuming,
    )
