"""Checkpoints: one safetensors file with canonical names, which any backend can load."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common import UsageError, __version__
from common.backends import Backend
from common.contract import contract, network_contract
from common.files.tensors import Tensors, check_tensors, read_tensors, write_tensors
from common.systems import System, find_system
from common.systems.options import options_of, with_options

NETWORKS = ("generator", "discriminator")
FORMAT = 3
EMA = "ema."


@dataclass(frozen=True)
class Checkpoint:
    """Weights, buffers and optimiser slots after `step` steps of a run."""

    system: System
    step: int
    seed: int
    data: str
    fingerprint: str  # of the data's content
    dtype: str
    ema_decay: float
    tensors: Tensors


def capture(backend: Backend, system: System, gan: Any, average: Any) -> Tensors:
    """All state that the next step depends on.

    Networks, optimiser slots as "slot.…", and the generator's moving average, if any, as "ema.…".
    """
    tensors: Tensors = {}
    for name in NETWORKS:
        network, parameters = getattr(gan, name), network_contract(system, name)
        optimiser = getattr(gan, f"{name}_optimiser")
        tensors |= backend.interop.read_network(network, parameters)
        slots = backend.interop.read_slots(optimiser, network, parameters)
        tensors |= {f"slot.{_slot_name(key, name)}": array for key, array in slots.items()}
    if average is not None:
        averaged = backend.interop.read_network(average, network_contract(system, "generator"))
        tensors |= {EMA + key: array for key, array in averaged.items()}
    return tensors


def restore(backend: Backend, checkpoint: Checkpoint) -> tuple[Any, Any]:
    """Restore the GAN, optimisers included, and the generator's moving average, in that backend.

    The average is None if the run has none.
    """
    gan = backend.gan.build(checkpoint.system, checkpoint.tensors)
    for name in NETWORKS:
        parameters = network_contract(checkpoint.system, name)
        prefix = f"slot.step.{name}"
        slots = {
            key.removeprefix("slot.") if key != prefix else "step": array
            for key, array in checkpoint.tensors.items()
            if key == prefix or (key.startswith("slot.") and f".{name}." in key)
        }
        optimiser = getattr(gan, f"{name}_optimiser")
        backend.interop.load_slots(optimiser, getattr(gan, name), parameters, slots)
    if not checkpoint.ema_decay:
        return gan, None
    average = backend.sampling.start_average(gan)
    averaged = {
        key.removeprefix(EMA): array
        for key, array in checkpoint.tensors.items()
        if key.startswith(EMA)
    }
    parameters = network_contract(checkpoint.system, "generator")
    backend.interop.load_network(average, parameters, averaged)
    return gan, average


def sampling_network(gan: Any, average: Any) -> Any:
    """The network to sample from: the moving average, if there is one."""
    return gan.generator if average is None else average


def save_checkpoint(path: Path, checkpoint: Checkpoint, backend: str) -> None:
    """Write the checkpoint atomically.

    Raises:
        UsageError: it cannot be written; an older one at the same path is unchanged.
    """
    metadata = {
        "format": FORMAT,
        "rosetta": __version__,
        "backend": backend,
        "step": checkpoint.step,
        "seed": checkpoint.seed,
        "data": checkpoint.data,
        "fingerprint": checkpoint.fingerprint,
        "dtype": checkpoint.dtype,
        "ema_decay": checkpoint.ema_decay,
        "system": checkpoint.system.name,
        "options": options_of(checkpoint.system),
    }
    write_tensors(path, checkpoint.tensors, checkpoint=metadata)


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint and check every tensor against the contract.

    Raises:
        UsageError: not a checkpoint, another version, or an invalid tensor.
    """
    tensors, metadata = read_tensors(path, require_checksum=True)
    about = metadata.get("checkpoint", {})
    if about.get("format") != FORMAT:
        raise UsageError(f"{path}: not a checkpoint of this version; make one with rosetta train")
    system = with_options(find_system(about["system"]), about["options"])
    check_tensors(path, tensors, expected_shapes(system, averaged=about["ema_decay"] > 0))
    return Checkpoint(
        system=system,
        step=about["step"],
        seed=about["seed"],
        data=about["data"],
        fingerprint=about["fingerprint"],
        dtype=about["dtype"],
        ema_decay=about["ema_decay"],
        tensors=tensors,
    )


def expected_shapes(system: System, *, averaged: bool) -> dict[str, tuple[int, ...]]:
    """The name and shape of every tensor in a checkpoint of that system."""
    shapes = {p.full_name: p.shape for p in contract(system)}
    for parameter in (p for p in contract(system) if p.trainable):
        for slot in system.optimiser.slots:
            shapes[f"slot.{slot}.{parameter.full_name}"] = parameter.shape
    if system.optimiser.counts_steps:
        shapes |= {f"slot.step.{name}": () for name in NETWORKS}
    if averaged:
        of_generator = network_contract(system, "generator")
        shapes |= {EMA + p.full_name: p.shape for p in of_generator}
    return shapes


def _slot_name(key: str, network: str) -> str:
    return f"step.{network}" if key == "step" else key
