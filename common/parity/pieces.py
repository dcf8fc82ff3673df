"""What is run on a card, in pieces that each take under ten minutes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

SMALL = ("lsgan_mlp", "gan_moments", "wgan_gp_toy", "sngan", "dcgan_mnist")
LARGER = (
    ("lsgan_jittor", "lsgan_keras", "lsgan_pytorch"),
    ("lsgan_facade", "dcgan_facade", "wgan"),
    ("wgan_gp", "sngan_resnet"),
)
WHERE = ("--backends", "{backends}", "--device", "{device}")
WITHIN = (*WHERE, "--timeout", "{seconds}", "--out", "{out}")
STEPS = 100  # of each leg of the training
Command = tuple[str, ...]


@dataclass(frozen=True)
class Piece:
    """Commands of `python3 -m common`, where names in braces stand for options."""

    title: str
    commands: tuple[Command, ...]


def _parity(systems: Sequence[str], dtype: str, *kinds: str) -> Command:
    chosen = [word for kind in kinds for word in ("--kind", kind)]
    return ("parity", *systems, "--dtype", dtype, *chosen, *WITHIN)


def _of_parts(dtype: str, kind: str) -> dict[str, Piece]:
    return {
        f"{kind}-{dtype}-{number}": Piece(
            f"{dtype}, {kind} width: {', '.join(part)}", (_parity(part, dtype, kind),)
        )
        for number, part in enumerate(LARGER, start=1)
    }


def _train(backend: str, device: str, steps: int, *more: str) -> Command:
    run = ("--data", "digits", "--batch-size", "32", "--out", "{out}/run")
    return ("train", backend, "dcgan_mnist", *run, "--device", device, "--steps", str(steps), *more)


PIECES: dict[str, Piece] = {
    "small-float64": Piece(
        f"float64, reduced width: {', '.join(SMALL)}", (_parity(SMALL, "float64", "reduced"),)
    ),
    "controls": Piece(
        "the same twice is equal in every byte; TF32 turns the comparison red",
        (("controls", *WITHIN),),
    ),
    "small-float32": Piece(
        f"float32, reduced width: {', '.join(SMALL)}", (_parity(SMALL, "float32", "reduced"),)
    ),
    **_of_parts("float64", "reduced"),
    **_of_parts("float32", "reduced"),
    "long": Piece(
        "whole cycles of the long schedules, a hundred steps of the toys",
        (_parity((), "both", "cycle", "trajectory"),),
    ),
    "full-float32-0": Piece(
        f"float32, full width: {', '.join(SMALL)}", (_parity(SMALL, "float32", "full"),)
    ),
    **_of_parts("float32", "full"),
    "speed": Piece(
        "each port's step beside the plainest loop",
        (
            (
                *("bench", "lsgan_mlp", "dcgan_mnist", "sngan", "lsgan_jittor"),
                *(*WHERE, "--out", "{out}/speed.json"),
            ),
        ),
    ),
    "training": Piece(
        "a run that PyTorch begins on the device, JAX goes on with there, PyTorch ends on the CPU",
        (
            _train("torch", "{device}", STEPS),
            _train("jax", "{device}", 2 * STEPS, "--resume"),
            _train("torch", "cpu", 3 * STEPS, "--resume"),
        ),
    ),
}


def commands(piece: str, options: Mapping[str, str]) -> list[Command]:
    """The commands of one piece, with these options: backends, device, out and seconds."""
    return [tuple(word.format(**options) for word in c) for c in PIECES[piece].commands]
