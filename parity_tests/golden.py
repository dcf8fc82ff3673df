"""The golden figures: the rule that makes their arrays, and how a figure is held against one."""

import json
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

from common.catalogue import System
from common.contract import network_contract
from common.measure import require_named

FIGURES = json.loads((Path(__file__).parent / "golden" / "figures.json").read_text())


def draw(name: str, shape, *, uniform: bool = False) -> np.ndarray:
    """The array of that name: standard normal, or uniform in [0, 1)."""
    key = crc32(f"{FIGURES['seed']}/{name}".encode())
    rng = np.random.Generator(np.random.Philox(key=key))
    return rng.random(shape) if uniform else rng.standard_normal(shape)


def value(name: str, shape, kind: str) -> np.ndarray:
    """A parameter's value by what it is."""
    if kind == "norm_scale":
        return 1 + 0.1 * draw(name, shape)
    if kind in ("bias", "norm_shift"):
        return 0.1 * draw(name, shape)
    return 0.05 * draw(name, shape)


def golden_names(figures: dict[str, Any], system: System) -> dict[str, str]:
    """The figures' name of each of our trainable parameters, shapes checked on the way."""
    names = {}
    for network, letter in (("generator", "G"), ("discriminator", "D")):
        theirs = [entry for entry in figures["params"] if entry[0].startswith(letter)]
        ours = [p for p in network_contract(system, network) if p.trainable]
        for parameter, (name, _, shape) in zip(ours, theirs, strict=True):
            assert parameter.shape == tuple(shape), parameter
            names[parameter.full_name] = name
    return names


def golden_state(figures: dict[str, Any], system: System) -> dict[str, np.ndarray]:
    """The state that the figures were computed with: zeros and ones for running statistics."""
    names, state = golden_names(figures, system), {}
    for network in ("generator", "discriminator"):
        for p in network_contract(system, network):
            if p.trainable:
                state[p.full_name] = value(names[p.full_name], p.shape, p.kind)
            else:
                state[p.full_name] = np.full(p.shape, float(p.kind == "running_variance"))
    return state


def hold(figure, found: np.ndarray, projection: str, bound: str, what: str) -> None:
    """Hold an array against its figure: shape, norm, and projection relative to the norm."""
    shape, norm, projected = figure
    found = np.asarray(found, np.float64).reshape(shape)
    length = float(np.linalg.norm(found.ravel()))
    require_named(np.array(length), np.array(norm), bound, f"{what}: norm")
    direction = draw(f"proj/{projection}", shape)
    # A projection is a sum of products, so its scale is that of both norms together.
    scale = norm * float(np.linalg.norm(direction.ravel()))
    ours = float((found * direction).sum())
    require_named(
        np.array(1 + ours / scale), np.array(1 + projected / scale), bound, f"{what}: projection"
    )
