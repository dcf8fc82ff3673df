"""Every command: its module, its line in the help, and the libraries it needs."""

from dataclasses import dataclass

BASE = ("typer", "rich")  # of every command and of --help
_FILES = ("numpy", "safetensors")


@dataclass(frozen=True)
class Command:
    """The description of a command, known before its module is imported."""

    module: str
    summary: str
    needs: tuple[str, ...] = ()  # modules that it always needs
    uses: tuple[str, ...] = ()  # modules that some of its options need


GROUPS = {
    "First steps": {
        "doctor": Command(
            "doctor",
            "Show each backend's version and devices, what is wrong with it and how to fix it.",
        ),
        "systems": Command(
            "listing", "List the systems with their sizes, parameter counts and sources."
        ),
        "params": Command(
            "listing",
            "List every tensor of a system's networks, in forward order, generator first.",
        ),
        "idioms": Command(
            "idioms",
            "Show the definition of one public name in each framework.",
        ),
    },
    "Train": {
        "train": Command(
            "training",
            "Train a system: metrics, TensorBoard events, sample grids and checkpoints.",
            needs=(*_FILES, "PIL", "matplotlib"),
            uses=("sklearn", "scipy", "tensorboardX"),
        ),
        "sample": Command(
            "sampling",
            "Draw samples from a run or a checkpoint of any backend, with any backend.",
            needs=(*_FILES, "PIL"),
            uses=("matplotlib",),
        ),
        "evaluate": Command(
            "evaluating",
            "Evaluate a checkpoint's samples: distances to real ones, modes and digits covered.",
            needs=(*_FILES, "PIL", "scipy", "sklearn"),
        ),
        "compare-runs": Command(
            "comparing_runs",
            "Compare several runs on one page: curves, samples and differing options.",
            needs=(*_FILES, "PIL", "matplotlib", "scipy"),
        ),
        "export": Command(
            "exporting",
            "Export both networks to a file that the framework loads without this project.",
            needs=_FILES,
        ),
        "eject": Command(
            "ejecting",
            "Write a system in one framework as one script that needs nothing of this project.",
        ),
    },
    "Parity": {
        "check": Command(
            "checking",
            "Compare ports of your own model, and say where one first goes wrong.",
            needs=(*_FILES, "einops"),
        ),
        "parity": Command(
            "comparing",
            "Record every backend, each in its own process, and compare them.",
            needs=(*_FILES, "matplotlib"),
        ),
        "record": Command(
            "recordings",
            "Run the parity cases in one backend and write what they compute to a file.",
            needs=_FILES,
        ),
        "compare": Command(
            "comparing",
            "Compare recordings, or merge reports; exit status 0 only if every comparison passes.",
            needs=(*_FILES, "matplotlib"),
        ),
        "match": Command(
            "matching",
            "Find which tensor of one file is which of another, and how it is laid out there.",
            needs=(*_FILES, "einops"),
        ),
        "step": Command(
            "stepping",
            "Run one discriminator and one generator update on your tensors.",
            needs=_FILES,
        ),
    },
    "GPUs and speed": {
        "controls": Command(
            "cards",
            "Show that a comparison on this device can fail; without that, figures mean nothing.",
            needs=(*_FILES, "matplotlib"),
        ),
        "card": Command(
            "cards",
            "Check a GPU in pieces of under ten minutes each, for machines with a time limit.",
            needs=(*_FILES, "matplotlib"),
            uses=("PIL", "sklearn", "scipy"),
        ),
        "bench": Command(
            "benching",
            "Time each port's training step against a plain loop in the same framework.",
            needs=(*_FILES, "PIL", "sklearn"),
        ),
    },
}
COMMANDS = {name: command for group in GROUPS.values() for name, command in group.items()}
