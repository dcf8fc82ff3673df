"""`rosetta step`: one update of each network on tensors of your own."""

from pathlib import Path
from typing import Annotated

import typer

from common.backends import check_backend
from common.cli.application import (
    BackendName,
    Device,
    Dtype,
    Settings,
    SystemName,
    app,
    check_device,
    check_dtype,
)
from common.cli.loading import load_backend
from common.files import check_file
from common.systems import find_system
from common.systems.options import apply_settings


@app.command()
def step(
    backend: BackendName,
    name: SystemName,
    inputs: Annotated[
        Path,
        typer.Option(
            metavar="FILE", help="safetensors: both networks' tensors, real, noise_d, noise_g."
        ),
    ],
    outputs: Annotated[Path, typer.Option(metavar="FILE", help="safetensors file to write.")],
    settings: Settings = None,
    steps: Annotated[
        int,
        typer.Option(
            min=1,
            metavar="N",
            help="Number of steps, all on the same arrays; new.* is the state after the last.",
        ),
    ] = 1,
    device: Device = "cpu",
    dtype: Dtype = "float32",
) -> None:
    """Run one discriminator and one generator update on your tensors.

    Reads canonical names and layouts (`rosetta params SYSTEM` lists them; put the network's name
    in front): real as (N, C, H, W) or (N, point_dim), noise_d and noise_g as
    (N, latent_dim), alpha as (N,) where there is a gradient penalty, mask.ROLE.NAME for
    dropout. lsgan_keras takes only noise_g, of shape (2N, latent_dim). Writes loss_d, loss_g,
    fake, grad.*, and new.* after both updates. Several steps, as in --steps 5, also test the
    optimiser's slots, its step count and the running statistics.
    """
    system = apply_settings(find_system(name), settings or ())
    check_backend(backend)
    check_device(device)
    check_dtype(dtype)
    check_file(inputs)
    from common.files.tensors import write_tensors
    from common.training.one_step import read_step_inputs, run_step

    tensors = read_step_inputs(inputs, system)
    loaded = load_backend(backend, device=device, dtype=dtype, exact=True)
    write_tensors(
        outputs,
        run_step(loaded, system, tensors, steps=steps),
        backend=backend,
        system=system.name,
        environment=loaded.device.environment(),
    )
