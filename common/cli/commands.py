"""Every command: the module that holds it, its line in the help, and the libraries it needs."""

from dataclasses import dataclass

BASE = ("typer", "rich")  # of every command and of --help
_FILES = ("numpy", "safetensors")


@dataclass(frozen=True)
class Command:
    """What is known of a command before its module is imported."""

    module: str
    summary: str
    needs: tuple[str, ...] = ()  # modules without which it does nothing
    uses: tuple[str, ...] = ()  # modules that some of its options need


COMMANDS = {
    "doctor": Command(
        "doctor",
        "Say of each backend: its version, the devices it sees, what is wrong and what mends it.",
    ),
    "systems": Command(
        "listing", "List the systems with their sizes, parameter counts and sources."
    ),
    "params": Command(
        "listing", "List every tensor of a system's networks, in forward order, generator first."
    ),
    "idioms": Command(
        "idioms",
        "Show how each framework says the same thing: the real definitions of one public name.",
    ),
    "parity": Command(
        "comparing",
        "Record every backend, each in a process of its own, and compare them.",
        needs=(*_FILES, "matplotlib"),
    ),
    "record": Command(
        "recordings",
        "Run the parity cases in one backend and write what they compute to a file.",
        needs=_FILES,
    ),
    "compare": Command(
        "comparing",
        "Judge recordings by each other, or merge reports; exit 0 only if all holds.",
        needs=(*_FILES, "matplotlib"),
    ),
    "controls": Command(
        "cards",
        "Show that a comparison on this device can fail: before that, its figures mean nothing.",
        needs=(*_FILES, "matplotlib"),
    ),
    "card": Command(
        "cards",
        "Judge a card in pieces of under ten minutes, for machines that are lent by the piece.",
        needs=(*_FILES, "matplotlib"),
        uses=("PIL", "sklearn", "scipy"),
    ),
    "status": Command(
        "listing",
        "Print the README's table of system × framework from what was measured.",
        uses=_FILES,
    ),
    "step": Command(
        "stepping",
        "Run one discriminator and one generator update on your tensors.",
        needs=_FILES,
    ),
    "train": Command(
        "training",
        "Train a system and watch it: metrics, TensorBoard events, sample grids and checkpoints.",
        needs=(*_FILES, "PIL", "matplotlib"),
        uses=("sklearn", "scipy", "tensorboardX"),
    ),
    "sample": Command(
        "training",
        "Draw images from a checkpoint, made in any backend, with any backend.",
        needs=(*_FILES, "PIL"),
        uses=("matplotlib",),
    ),
    "evaluate": Command(
        "evaluating",
        "Judge a checkpoint's samples: distances to real ones, modes and digits covered.",
        needs=(*_FILES, "PIL", "scipy", "sklearn"),
    ),
    "compare-runs": Command(
        "comparing_runs",
        "Put several runs on one page: curves over each other, samples side by side, differences.",
        needs=(*_FILES, "PIL", "matplotlib", "scipy"),
    ),
    "export": Command(
        "exporting",
        "Write both networks in the file that a framework's users load without this project.",
        needs=_FILES,
    ),
    "bench": Command(
        "benching",
        "Time each port's step beside the plainest loop of its framework, in turns in one process.",
        needs=(*_FILES, "PIL", "sklearn"),
    ),
}
