"""One backend's run of the parity cases, as named arrays that another process can judge."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from common import __version__
from common.backends import VERSION_KEYS, Backend
from common.contract import Parameter, network_contract
from common.files.tensors import Tensors, write_tensors
from common.parity.bounds import PERTURBED_RUNS
from common.parity.case_record import record_case
from common.parity.case_run import NETWORKS
from common.parity.cases import DEVICES, TRAJECTORY_STEPS, Case
from common.parity.exactness import probe_exactness
from common.parity.keys import Key
from common.parity.measure import Disagreement, normwise_error
from common.parity.starting_state import shifted_biases
from common.streams import Array
from common.systems import System
from common.systems.losses import WassersteinGP
from common.systems.options import options_of

FORMAT = 3
MANIFEST = (
    "backend",
    "version",
    "device",
    "dtype",
    "seed",
    "rounded",
    "exactness",
    "environment",
    "noise",
    "problems",
    "cases",
)


def save_recording(
    path: Path,
    backend: Backend,
    chosen: Sequence[Case],
    *,
    device: str,
    dtype: str,
    seed: int,
    perturbed: bool = False,
    rounded: bool = False,
    label: str = "",
    progress: Callable[[str], None] = lambda name: None,
) -> tuple[int, dict[str, str]]:
    """Run the cases in order and write them, with a manifest of what ran where, to one file.

    Returns the number of tensors, and what failed: the message by case and beginning of the key.

    With `perturbed`, each case is run several times more to measure its own noise. `rounded` is a
    control: weights and inputs are rounded as TF32 would, which a comparison must see. `label`
    names the environment where several record, maybe with the same version. Quantities
    that raise an exception are named in the manifest with its words; the others are kept.
    """
    tensors: Tensors = {}
    noise: dict[str, dict[Key, float]] = {}
    problems: dict[str, dict[str, str]] = {}
    for case in chosen:
        progress(case.name)
        recorded, problems[case.name] = record_case(backend, case, seed, rounded=rounded)
        tensors.update({f"{case.name}|{key}": array for key, array in recorded.items()})
        for number in range(1, PERTURBED_RUNS[case.kind] + 1) if perturbed else ():
            progress(f"{case.name}, perturbed, run {number}")
            moved, _ = record_case(backend, case, seed, perturbation=number, rounded=rounded)
            noise[case.name] = worst_moves(recorded, moved, noise.get(case.name))
    environment = backend.device.environment()
    manifest = {
        "format": FORMAT,
        "rosetta": __version__,
        "backend": backend.name,
        "version": environment[VERSION_KEYS[backend.name]],
        "device": device,
        "dtype": dtype,
        "seed": seed,
        "rounded": rounded,
        "label": label,
        "exactness": probe_exactness(backend),
        "environment": environment,
        "noise": {case: _by_text(moves) for case, moves in noise.items()},
        "problems": problems,
        "cases": {c.name: {"settings": c.settings, **options_of(c.system)} for c in chosen},
    }
    if backend.parallel.shards().first == 0:  # others have recorded the same
        write_tensors(path, tensors, manifest=manifest)
    failed = {f"{case} {key}".strip(): m for case, of in problems.items() for key, m in of.items()}
    return len(tensors), failed


def worst_moves(
    steady: Mapping[Key, Array], moved: Mapping[Key, Array], so_far: Mapping[Key, float] | None
) -> dict[Key, float]:
    """How far each tensor moved, normwise, at most.

    A tensor that some run lacks, or holds a NaN in, has no measured noise.
    """
    worst = {}
    for key in so_far if so_far is not None else steady:
        try:
            move = normwise_error(moved[key], steady[key])
        except (KeyError, Disagreement):
            continue
        worst[key] = max(move, (so_far or {}).get(key, 0.0))
    return worst


def _by_text(moves: Mapping[Key, float]) -> dict[str, float]:
    return {str(key): move for key, move in moves.items()}


def expected_keys(case: Case, dtype: str = "float64") -> set[Key]:
    """The keys that a recording of this case must hold, from the contract alone.

    Behind large means float32 has no digits left: a mean over many pixels is itself off.
    """
    keys = _expected(case)
    return keys if dtype == "float64" else {key for key in keys if key.quantity != "large_mean"}


def helping_keys(case: Case) -> set[Key]:
    """What is recorded to find rounding noise by, and not judged: the gradients on one device."""
    return _before(case) if case.kind == DEVICES else set()


def _expected(case: Case) -> set[Key]:
    if case.kind == "trajectory":
        return {Key("trajectory", step, name) for step in TRAJECTORY_STEPS for name in NETWORKS}
    keys = {key for step in range(1, case.steps + 1) for key in _after(case, step)}
    if case.kind == DEVICES:
        return keys | {Key("sample", 0, "images")}
    if case.kind != "cycle":
        keys |= _before(case)
    return keys


def _before(case: Case) -> set[Key]:
    """What is recorded before any update."""
    tensors = _tensors(case.system)
    trainable = [p.full_name for p in tensors if p.trainable]
    keys = {Key("gradient", 0, name) for name in trainable} | {Key("output_train", 0, "fake")}
    keys |= {Key("loss", 0, name) for name in NETWORKS}
    if case.kind in ("full", DEVICES):
        return keys
    keys |= {Key(f"output_{m}", 0, name) for m in ("train", "eval") for name in NETWORKS}
    keys |= {Key("layer", 0, p.full_layer) for p in tensors}
    buffers = [p.full_name for p in tensors if not p.trainable]
    keys |= {
        Key(f"{mode}_statistics", 0, name) for mode in ("running", "evaluation") for name in buffers
    }
    keys |= {Key("sample", 0, "images")} if case.is_varied else set()
    for name in NETWORKS:
        if shifted_biases(case, name):
            layers = {p.full_layer for p in tensors if p.network == name}
            keys |= {Key("large_mean", 0, tensor) for tensor in {name, *layers}}
    keys |= {Key("input_gradient", 0, name) for name in ("real", "fake", "noise")}
    if isinstance(case.system.loss, WassersteinGP):
        critic = [name for name in trainable if name.startswith("discriminator")]
        keys |= {Key("penalty_gradient", 0, name) for name in critic} | {Key("loss", 0, "penalty")}
    return keys


def _after(case: Case, step: int) -> set[Key]:
    """What is recorded after the updates of one step."""
    system, tensors = case.system, _tensors(case.system)
    trainable = [p.full_name for p in tensors if p.trainable]
    keys = {Key("loss", step, name) for name in (*NETWORKS, *system.loss.metrics)}
    keys |= {Key("parameter", step, name) for name in trainable}
    keys |= {Key("buffer", step, p.full_name) for p in tensors if not p.trainable}
    if case.is_varied:
        generator = [p.full_name for p in tensors if p.network == "generator"]
        keys |= {Key("average", step, name) for name in generator}
    if case.kind != "full":
        slots = system.optimiser.slots
        keys |= {Key("slot", step, f"{slot}.{name}") for slot in slots for name in trainable}
        if system.optimiser.counts_steps:
            keys |= {Key("slot", step, f"step.{name}") for name in NETWORKS}
    return keys


def _tensors(system: System) -> list[Parameter]:
    return [p for name in NETWORKS for p in network_contract(system, name)]
