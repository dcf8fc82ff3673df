"""Runs one port in its own interpreter: draws its arrays, builds its model and takes its steps.

Started by its path, so that the interpreter needs nothing but NumPy, safetensors and what the port
imports. Reads one request a line, as JSON, from standard input, and answers each in one line.
"""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file, save_file

LIBRARIES = ("numpy", "torch", "tensorflow", "keras", "jax", "flax", "optax", "jittor")


def module(name: str, path: str | Path) -> Any:
    """A module loaded from a file."""
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python file")
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[name] = loaded
    spec.loader.exec_module(loaded)
    return loaded


records = module("rosetta_records", Path(__file__).with_name("records.py"))


class Port:
    """The user's file, and the module that looks inside networks of its framework, if any."""

    def __init__(self, path: str, tracing: str | None, dtype: str) -> None:
        self.dtype = dtype
        self.tracing = module("rosetta_tracing", tracing) if tracing else None
        if self.tracing:
            self.tracing.use_dtype(dtype)
        sys.path.insert(0, str(Path(path).resolve().parent))
        self.file = module("rosetta_port", path)

    def function(self, name: str) -> Callable[..., Any]:
        """One of the file's functions."""
        found = getattr(self.file, name, None)
        if not callable(found):
            raise records.Refused(f"defines no function {name!r}; a port has build and step")
        return found  # type: ignore[no-any-return]

    def describe(self) -> dict[str, Any]:
        """Which functions the file defines, how it maps names, and what it runs on."""
        for name in ("build", "step"):
            self.function(name)
        names = getattr(self.file, "names", {})
        defines = [n for n in ("weights", "inputs") if callable(getattr(self.file, n, None))]
        return {"names": names, "defines": defines, "versions": versions()}

    def draw(self, what: str, seed: list[int], out: str) -> dict[str, Any]:
        """Arrays of the file's function `weights` or `inputs`, from a seeded generator."""
        drawn = self.function(what)(np.random.default_rng(seed))
        arrays = {
            name: records.as_numpy(self.tracing, value, f"{what}(rng) returns {name!r}, which")
            for name, value in records.flat(drawn)
        }
        if not arrays:
            raise records.Refused(f"{what}(rng) returns no arrays; return a dict of them")
        save(arrays, out)
        return {}

    def run(
        self, weights: str, inputs: list[str], trace: bool, feed: str | None, out: str
    ) -> dict[str, Any]:
        """Build the model, take one step for each file of inputs, and write what they compute."""
        given = load_file(weights)
        if self.tracing:
            self.tracing.use_dtype(self.dtype)
        fed = load_file(feed) if feed else {}
        kept = records.Records(self.tracing, set(given), fed, self.dtype)
        step, state = self.function("step"), self.function("build")(given)
        networks: dict[str, Any] = {}
        optimisers: dict[str, Any] = {}
        if trace and self.tracing:
            collect("", state, self.tracing, networks, optimisers)
        kept.start(networks)
        for kept.step, path in enumerate(inputs, 1):
            watched = self.tracing.watched if self.tracing and networks else nullcontext
            arguments = (networks, optimisers, kept.tell) if networks else ()
            with watched(*arguments):
                state = kept.take(step, state, load_file(path))
            kept.end(networks, optimisers)
        kept.check()
        save({f"{i:06d}|{key}": array for i, (key, array) in enumerate(kept.arrays.items())}, out)
        return {"networks": [*networks], "optimisers": [*optimisers]}


def collect(
    path: str, value: Any, tracing: Any, networks: dict[str, Any], optimisers: dict[str, Any]
) -> None:
    """Find the networks and optimisers that a state holds, in tuples, dicts and attributes too."""
    if tracing.is_optimiser(value):
        optimisers[path or "optimiser"] = value
        value = getattr(value, "model", None)  # of an optimiser that holds its network
    if tracing.is_network(value):
        if all(value is not known for known in networks.values()):
            networks[path or "network"] = value
    elif not tracing.is_array(value) and path.count(".") < 3:
        for name, part in parts_of(value).items():
            collect(f"{path}.{name}" if path else str(name), part, tracing, networks, optimisers)


def parts_of(value: Any) -> Mapping[Any, Any]:
    """What a container holds, by key, position or attribute."""
    if isinstance(value, dict):
        return value
    if isinstance(value, tuple | list):
        named: Mapping[Any, Any] = getattr(value, "_asdict", lambda: dict(enumerate(value)))()
        return named
    return getattr(value, "__dict__", {})


def save(arrays: Mapping[str, Any], out: str) -> None:
    """Write arrays to a safetensors file."""
    save_file({name: np.asarray(values, order="C") for name, values in arrays.items()}, out)


def versions() -> dict[str, str]:
    """Python's version, and those of the libraries that the port imported."""
    from importlib.metadata import PackageNotFoundError, version

    found = {"python": sys.version.split()[0]}
    for name in (name for name in LIBRARIES if name in sys.modules):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = str(getattr(sys.modules[name], "__version__", "unknown"))
    return found


def problem(error: BaseException, path: str) -> dict[str, Any]:
    """An exception as kind, message, line of the port's file and the module that is missing."""
    if isinstance(error, records.Refused):
        return {"kind": "refused", "message": str(error)}
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == path]
    if isinstance(error, SyntaxError) and error.filename == path:
        lines.append(error.lineno)
    text = " ".join(str(error).split())[:400]
    return {
        "kind": "exception",
        "message": f"{type(error).__name__}: {text}" if text else type(error).__name__,
        "line": lines[-1] if lines else None,
        "missing": error.name if isinstance(error, ModuleNotFoundError) else None,
    }


def main() -> None:
    """Load the port, then answer requests until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal is the parent's to handle
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what the port prints
    options, port = json.loads(sys.argv[1]), None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            port = port or Port(**options)
            answer = json.dumps(getattr(port, request.pop("do"))(**request))
        except BaseException as error:
            answer = json.dumps({"problem": problem(error, options["path"])})
        print(answer, file=answers, flush=True)
    answers.flush()
    os._exit(0)  # threads of a framework may keep an interpreter from ending


if __name__ == "__main__":
    sys.path.pop(0)  # this file's own folder, whose names would hide the port's modules
    main()
