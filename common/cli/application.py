"""The Typer application and the options that several commands share."""

import re
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group

from common import UsageError, __version__, unknown
from common.backends import BACKENDS, check_backend
from common.cli.commands import COMMANDS, GROUPS
from common.files import check_file


class CommandsOnDemand(TyperGroup):
    """All commands by name; the module of a command is imported when it is called."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for group, commands in GROUPS.items():
            for name, command in commands.items():
                # Enough for the help, before the module is imported.
                page = TyperCommand(name, help=command.summary, rich_help_panel=group)
                self.commands.setdefault(name, page)

    def list_commands(self, ctx: Any) -> list[str]:
        """The names in the order of COMMANDS."""
        return list(COMMANDS)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The called command, after importing its module."""
        if args[0] in COMMANDS:
            self.commands = load_commands(args[0])
        return super().resolve_command(ctx, args)


RENAMED = {"width": "kind"}  # earlier names of options, which are still taken

app = typer.Typer(
    cls=CommandsOnDemand,
    invoke_without_command=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"token_normalize_func": lambda name: RENAMED.get(name, name)},
    help="The same GANs in PyTorch, TensorFlow/Keras, JAX/Flax NNX and Jittor: compare them, "
    "train them, carry checkpoints between them.\n\n"
    "Start with [bold]rosetta doctor[/bold], then [bold]rosetta parity[/bold].",
)


@app.callback()
def _rosetta(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        print(f"rosetta {__version__}")
    elif context.invoked_subcommand is None:
        print(context.get_help())


def load_commands(*names: str) -> dict[str, Any]:
    """Import the modules of these commands, or of all; return all commands known so far."""
    for name in names or COMMANDS:
        import_module(f"common.cli.{COMMANDS[name].module}")
    commands = dict(get_group(app).commands)
    for command in commands.values():
        # Typer keeps the line breaks of a docstring, which do not fit the terminal's width.
        command.help = re.sub(r"(?<!\n)\n(?!\n)", " ", command.help or "")
    return commands


BackendName = Annotated[str, typer.Argument(metavar="BACKEND", help="torch, tf, jax or jittor.")]
SystemName = Annotated[str, typer.Argument(metavar="SYSTEM", help="A name from `rosetta systems`.")]
Systems = Annotated[
    list[str] | None,
    typer.Argument(metavar="[SYSTEM]...", help="Names from `rosetta systems`; default: all."),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Change an option of the system (repeatable), as in --set learning_rate=1e-4.",
    ),
]
Backends = Annotated[str, typer.Option(metavar="LIST", help="As in torch,jax; default: all.")]
Device = Annotated[str, typer.Option(metavar="DEVICE", help="cpu or cuda.")]
Dtype = Annotated[str, typer.Option(metavar="TYPE", help="float32 or float64.")]
Precision = Annotated[
    str,
    typer.Option(
        metavar="PRECISION",
        help=(
            "exact, or fast: matrix products and convolutions in bfloat16 with float32 weights, "
            "statistics and losses, and whatever the framework offers for speed."
        ),
    ),
]
Devices = Annotated[
    int,
    typer.Option(
        min=1,
        metavar="N",
        help="Share each batch among N devices, on all hosts together; the numbers stay the same.",
    ),
]
Seed = Annotated[
    int, typer.Option(metavar="N", help="Seed of weights, noise and batch order: any whole number.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Kinds = Annotated[
    list[str] | None,
    typer.Option(
        "--kind",
        metavar="KIND",
        help=(
            "reduced; cycle: one step of the long schedules; trajectory: 100 steps of the toy "
            "systems; full. Repeatable; the README says how long each takes."
        ),
    ),
]
Timeout = Annotated[
    float, typer.Option(min=1, metavar="SECONDS", help="Time limit for one recording, in seconds.")
]
OutFile = Annotated[Path, typer.Option("--out", metavar="FILE", help="File to write.")]


def check_checkpoint(path: Path) -> Path:
    """The checkpoint itself, or the newest one of a run's folder.

    Raises:
        UsageError: there is no such file, or the folder holds no run.
    """
    if not path.is_dir():
        return check_file(path)
    checkpoint = path / "checkpoint.safetensors"
    if not checkpoint.exists():
        raise UsageError(f"{path}: holds no run (it has no {checkpoint.name})")
    return checkpoint


def check_device(device: str) -> str:
    """The device itself.

    Raises:
        UsageError: it is neither "cpu" nor "cuda".
    """
    return _one_of("device", device, ("cpu", "cuda"))


def check_dtype(dtype: str) -> str:
    """The type itself.

    Raises:
        UsageError: it is neither "float32" nor "float64".
    """
    return _one_of("dtype", dtype, ("float32", "float64"))


def check_precision(precision: str, dtype: str = "float32") -> str:
    """The precision itself.

    Raises:
        UsageError: it is neither "exact" nor "fast", or fast with float64.
    """
    if precision == "fast" and dtype != "float32":
        raise UsageError(f"--precision fast: computes in bfloat16 and float32, not in {dtype}")
    return _one_of("precision", precision, ("exact", "fast"))


def check_backends(names: str) -> list[str]:
    """A comma-separated list of backends, or all of them for "".

    Raises:
        UsageError: one of them is unknown or named twice.
    """
    chosen = [check_backend(name.strip()) for name in names.split(",")] if names else [*BACKENDS]
    if len(set(chosen)) < len(chosen):
        raise UsageError(f"--backends {names}: a backend is named twice")
    return chosen


def _one_of(what: str, value: str, choices: tuple[str, ...]) -> str:
    if value not in choices:
        raise unknown(what, value, choices)
    return value
