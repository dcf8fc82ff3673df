"""What the tests of differences share: comparisons, and one call made in four frameworks."""

import ast
import inspect
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np
import pytest

from common import ROOT
from common.backends import Backend, load
from common.contract import network_contract
from common.contract.initialisers import initial_state
from common.parity.measure import Disagreement, require_named
from parity_tests.fixtures import build, images, noise, reduced

BATCH = np.random.default_rng(0).standard_normal((6, 3))
NETWORKS = ("generator", "discriminator")
ONE = np.ones(())


def close(actual, expected, bound="linear_algebra", what="value"):
    require_named(np.asarray(actual, np.float64), np.asarray(expected, np.float64), bound, what)


def apart(actual, expected, bound="linear_algebra"):
    with pytest.raises(Disagreement, match="exceeds"):
        close(actual, expected, bound)


def port(name: str, dtype: str = "float64") -> Backend:
    """A port, configured for that dtype; the fixture `needs` restores float64."""
    return load(name, device="cpu", dtype=dtype, exact=True)


def part(name: str, module: str) -> Any:
    """A module of a port, such as "layers" or "models.dcgan_mnist"."""
    return import_module(f"{name}_impl.{module}")


def value(name: str, function: Callable[..., Any], *points, dtype: str = "float64") -> np.ndarray:
    """The value of a framework's function at these arrays."""
    interop = port(name, dtype).interop
    return interop.to_canonical(function(*map(interop.to_native, points)))


def gradients_at(
    name: str, function: Callable[..., Any], *points, upstream=None, dtype: str = "float64"
) -> list[np.ndarray]:
    """The gradients of a framework's function at these arrays, for an upstream of ones."""
    backend = port(name, dtype)
    native, canonical = backend.interop.to_native, backend.interop.to_canonical
    arrays = [np.asarray(point, np.float64) for point in points]
    upstream = np.ones_like(arrays[0]) if upstream is None else upstream
    _, gradients = backend.probes.pull_back(function, native(upstream), *map(native, arrays))
    return [canonical(gradient) for gradient in gradients]


def has_no_default(function: Callable[..., Any]) -> bool:
    """Whether every number has to be written at the call."""
    parameters = inspect.signature(function).parameters.values()
    return all(parameter.default is parameter.empty for parameter in parameters)


def default(function: Callable[..., Any], argument: str) -> Any:
    """The default of one argument."""
    return inspect.signature(function).parameters[argument].default


def called(name: str, *parts: str, without: str = "") -> set[str]:
    """The names of all functions that a port calls, in these modules or in all of them but one."""
    package = ROOT / f"{name}_impl"
    every = [path for path in sorted(package.rglob("*.py")) if path.name != without]
    paths = [package / part for part in parts] or every
    nodes = [node for path in paths for node in ast.walk(ast.parse(path.read_text()))]
    calls = [ast.unparse(node.func) for node in nodes if isinstance(node, ast.Call)]
    return {call.rpartition(".")[2] for call in calls}


def agree(system: str, *names: str, training: bool = False) -> None:
    """With the same weights, both networks of a reduced system agree in these ports."""
    case, outputs = reduced(system), {}
    for name in names:
        backend = port(name)
        gan, interop = build(backend, case), backend.interop
        forward = partial(backend.probes.forward, training=training)
        fakes = forward(gan.generator, interop.to_native(noise(case)))
        scores = forward(gan.discriminator, interop.to_native(images(case)))
        outputs[name] = interop.to_canonical(fakes), interop.to_canonical(scores)
    for name in names[1:]:
        for network, ours, theirs in zip(NETWORKS, outputs[name], outputs[names[0]], strict=True):
            close(ours, theirs, "update", f"{network} of {system} in {name}")


def start_alike(system: str, *names: str) -> dict[str, np.ndarray]:
    """The system's initial weights, which each of these ports must have exactly."""
    case = reduced(system)
    state = initial_state(case.system, 0)
    for name in names:
        backend = port(name)
        gan = build(backend, case)
        for network in NETWORKS:
            contract = network_contract(case.system, network)
            for key, array in backend.interop.read_network(getattr(gan, network), contract).items():
                close(array, state[key], "exact", key)
    return state
