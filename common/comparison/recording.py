"""One backend's run of the parity cases, as named arrays that another process can judge."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from common.backends import Backend
from common.bounds import SHAKES
from common.catalogue import System
from common.comparison.case_run import record_case
from common.comparison.case_state import NETWORKS
from common.comparison.cases import TRAJECTORY_STEPS, Case
from common.contract import Parameter, network_contract
from common.measure import normwise_error
from common.optimiser_slots import COUNTING, SLOTS
from common.tensors import Tensors, write_tensors
from common.version import __version__

FORMAT = 1


def save_recording(
    path: Path,
    backend: Backend,
    chosen: Sequence[Case],
    *,
    device: str,
    dtype: str,
    seed: int,
    shaken: bool = False,
    progress: Callable[[str], None] = lambda name: None,
) -> None:
    """Run the cases in order and write them, with a manifest of what ran where, to one file.

    With `shaken`, each case is run several times more to measure its own noise.
    """
    tensors: Tensors = {}
    noise: dict[str, dict[str, float]] = {}
    for case in chosen:
        progress(case.name)
        found = record_case(backend, case, seed)
        tensors.update({f"{case.name}|{key}": array for key, array in found.items()})
        if shaken:
            progress(f"{case.name}, shaken {SHAKES[case.width]} times")
            noise[case.name] = measure_noise(backend, case, seed, found)
    manifest = {
        "format": FORMAT,
        "rosetta": __version__,
        "backend": backend.name,
        "device": device,
        "dtype": dtype,
        "seed": seed,
        "environment": backend.device.environment(),
        "noise": noise,
        "cases": {case.name: {"settings": case.settings, **asdict(case.system)} for case in chosen},
    }
    write_tensors(path, tensors, manifest=manifest)


def measure_noise(backend: Backend, case: Case, seed: int, steady: Tensors) -> dict[str, float]:
    """How far each tensor moves, normwise, when weights and inputs are shaken by SHAKE."""
    worst = dict.fromkeys(steady, 0.0)
    for shake in range(1, SHAKES[case.width] + 1):
        for key, array in record_case(backend, case, seed, shake).items():
            worst[key] = max(worst[key], normwise_error(array, steady[key]))
    return worst


def expected_keys(case: Case) -> set[str]:
    """The keys that a recording of this case must hold, from the contract alone."""
    if case.width == "trajectory":
        return {f"trajectory|{step}|{name}" for step in TRAJECTORY_STEPS for name in NETWORKS}
    keys = {key for step in range(1, case.steps + 1) for key in _after(case, step)}
    if case.width != "cycle":
        keys |= _before(case)
    return keys


def _before(case: Case) -> set[str]:
    """What is recorded before any update."""
    tensors = _tensors(case.system)
    trainable = [p.full_name for p in tensors if p.trainable]
    keys = {f"gradient|0|{name}" for name in trainable} | {"output_train|0|fake"}
    keys |= {f"loss|0|{name}" for name in NETWORKS}
    if case.width == "full":
        return keys
    keys |= {f"output_{m}|0|{name}" for m in ("train", "eval") for name in NETWORKS}
    keys |= {f"running_statistics|0|{p.full_name}" for p in tensors if not p.trainable}
    keys |= {f"input_gradient|0|{name}" for name in ("real", "fake", "noise")}
    if case.system.loss == "wasserstein_gp":
        critic = [name for name in trainable if name.startswith("discriminator")]
        keys |= {f"penalty_gradient|0|{name}" for name in critic} | {"loss|0|penalty"}
    return keys


def _after(case: Case, step: int) -> set[str]:
    """What is recorded after the updates of one step."""
    system, tensors = case.system, _tensors(case.system)
    trainable = [p.full_name for p in tensors if p.trainable]
    metrics = [*NETWORKS]
    metrics += ["wasserstein_estimate"] if system.loss.startswith("wasserstein") else []
    metrics += ["penalty"] if system.loss == "wasserstein_gp" else []
    keys = {f"loss|{step}|{name}" for name in metrics}
    keys |= {f"parameter|{step}|{name}" for name in trainable}
    keys |= {f"buffer|{step}|{p.full_name}" for p in tensors if not p.trainable}
    if case.width != "full":
        slots = SLOTS[system.optimiser]
        keys |= {f"slot|{step}|{slot}.{name}" for slot in slots for name in trainable}
        if system.optimiser in COUNTING:
            keys |= {f"slot|{step}|step.{name}" for name in NETWORKS}
    return keys


def _tensors(system: System) -> list[Parameter]:
    return [p for name in NETWORKS for p in network_contract(system, name)]
