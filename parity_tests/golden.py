"""Figures of the original implementations: the arrays they were computed from, and checks."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

import numpy as np

from common.contract import Parameter, network_contract
from common.contract.layouts import to_channels_first, to_channels_last
from common.parity.measure import require_named
from common.systems import System

FIGURES = json.loads((Path(__file__).parent / "golden" / "figures.json").read_text())
# Where the original declares its layers in another order than it runs them.
DECLARED = {"wgan-gp": ("up1", "up2", "image", "project")}
KERAS = "keras-lsgan"
NETWORKS = ("generator", "discriminator")


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
    if kind == "spectral_u":
        return draw(name, shape)
    return 0.05 * draw(name, shape)


class Figure(NamedTuple):
    """A tensor of an original, reduced to a few numbers."""

    shape: list[int]
    norm: float
    projection: float  # on the array that is drawn for its name


class Original(NamedTuple):
    """A parameter of an original."""

    name: str
    layer: str
    shape: list[int]

    @property
    def network(self) -> str:
        """The network that it belongs to."""
        return {"G": "generator", "D": "discriminator"}[self.name[0]]


class Golden:
    """One original's figures beside the system that must reproduce them."""

    def __init__(self, name: str, system: System) -> None:
        self.name, self.system, self.figures = name, system, FIGURES["systems"][name]

    def parameters(self, network: str) -> list[Parameter]:
        """Our tensors that the figures name, in the figures' order."""
        ours = [
            p
            for p in network_contract(self.system, network)
            if p.trainable or p.kind == "spectral_u"
        ]
        if network == "generator" and self.name in DECLARED:
            ours.sort(key=lambda p: DECLARED[self.name].index(p.module))
        return ours

    def names(self) -> dict[str, str]:
        """The figures' name of each of our tensors, shapes checked on the way."""
        names, originals = {}, [Original(*entry) for entry in self.figures["params"]]
        for network in NETWORKS:
            theirs = [original for original in originals if original.network == network]
            if not theirs:
                continue
            for parameter, original in zip(self.parameters(network), theirs, strict=True):
                shape = self.theirs(parameter, np.zeros(parameter.shape)).shape
                assert shape == tuple(original.shape), parameter
                names[parameter.full_name] = original.name
        return names

    def parameter(self, full_name: str) -> Parameter:
        """The tensor of that name."""
        tensors = network_contract(self.system, full_name.partition(".")[0])
        return next(p for p in tensors if p.full_name == full_name)

    def theirs(self, parameter: Parameter, array: np.ndarray) -> np.ndarray:
        """Our tensor in the layout of the original."""
        return to_channels_last(parameter, array) if self.name == KERAS else array

    def ours(self, parameter: Parameter, array: np.ndarray) -> np.ndarray:
        """A tensor of the original in our layout."""
        return to_channels_first(parameter, array) if self.name == KERAS else array

    def state(self, networks: Sequence[str] = NETWORKS) -> dict[str, np.ndarray]:
        """The state that the figures were computed with: zeros and ones where they name nothing."""
        names, state = self.names(), {}
        for network in networks:
            for p in network_contract(self.system, network):
                if p.full_name in names:
                    shape = self.theirs(p, np.zeros(p.shape)).shape
                    state[p.full_name] = self.ours(p, value(names[p.full_name], shape, p.kind))
                else:
                    state[p.full_name] = np.full(p.shape, float(p.kind == "running_variance"))
        return state

    def images(self, name: str, *, uniform: bool = False) -> np.ndarray:
        """The real images of the figures, (N, C, H, W)."""
        shape = self.image_shape()
        drawn = draw(name, shape, uniform=True) if uniform else np.tanh(draw(name, shape))
        if self.name == KERAS:
            return drawn.transpose(0, 3, 1, 2)
        return drawn.reshape(-1, *self.system.sample_shape)

    def image_shape(self) -> tuple[int, ...]:
        """The shape in which the original draws its images."""
        config, size = self.figures["config"], self.system.networks.image_size
        if self.name == KERAS:
            return (config["real"], size, size, 1)
        if "fake1" in self.figures:
            return tuple(self.figures["fake1"][0])
        return (config["batch"], *self.system.sample_shape)

    def check(self, figure: str, name: str, actual: np.ndarray, prefix: str, bound: str) -> None:
        """Compare a tensor of ours with the figure of its counterpart."""
        theirs = self.names()[name]
        array = self.theirs(self.parameter(name), actual)
        what = f"{figure} of {name}"
        check_figure(self.figures[figure][theirs], array, f"{prefix}{theirs}", bound, what)


def check_figure(
    figure: Sequence, actual: np.ndarray, projected_on: str, bound: str, what: str
) -> None:
    """Compare an array with its figure: shape, norm, and projection relative to the norm."""
    expected = Figure(*figure)
    actual = np.asarray(actual, np.float64).reshape(expected.shape)
    norm = float(np.linalg.norm(actual.ravel()))
    require_named(np.array(norm), np.array(expected.norm), bound, f"{what}: norm")
    direction = draw(f"proj/{projected_on}", expected.shape)
    # A projection is a sum of products, so its scale is that of both norms together.
    scale = expected.norm * float(np.linalg.norm(direction.ravel())) or 1.0
    ours, theirs = float((actual * direction).sum()), expected.projection
    require_named(
        np.array(1 + ours / scale), np.array(1 + theirs / scale), bound, f"{what}: projection"
    )


def check_number(figure: float, actual: np.ndarray, bound: str, what: str) -> None:
    """Compare a loss with its figure."""
    require_named(np.asarray(actual, np.float64), np.array(figure), bound, what)
