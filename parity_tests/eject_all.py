"""`make eject`: every system as a script in every framework, against the port itself.

A script is clean for ruff, imports nothing of this project, runs by itself, draws its initial
weights from the system's distributions, and five of its steps with narrow layers, from equal
weights, give the port's weights and losses to the last bit. PyTorch's port is laid out channels
first for that, as a script is.
"""

import argparse
import ast
import importlib.util
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import replace
from io import StringIO
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

import numpy as np

from common.backends import BACKENDS, LESS, Backend, load
from common.contract import network_contract
from common.contract.initialisers import initial_state
from common.eject.script import script
from common.eject.updates import is_single
from common.parity.bounds import NAMED
from common.parity.cases import cases
from common.streams.step_inputs import StepInputs, draw_step_inputs
from common.streams.synthetic import synthetic_batch
from common.systems import SYSTEMS, System
from common.systems.options import apply_settings
from common.systems.schedules import Alternating, MixedBatch

STEPS = 5
CONTROL = "lsgan_mlp"  # of which a script with another learning rate must differ
RUFF = (sys.executable, "-m", "ruff")
WIDTH = ("--isolated", "--line-length", "100")


def narrow(name: str) -> System:
    """The system with narrow layers and small batches, as the parity cases have it."""
    case = cases([name])[0]
    return apply_settings(case.system, [f"batch_size={case.batch_size}"])


def imported(text: str, folder: Path, name: str) -> ModuleType:
    """The script as a module."""
    path = folder / f"{name}.py"
    path.write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def differing(backend: Backend, system: System, module: ModuleType) -> list[str]:
    """The names of the tensors and losses that differ after the steps."""
    ours = computed(backend, system, None)
    theirs = computed(backend, system, module)
    return [name for name in ours if not np.array_equal(ours[name], theirs[name])]


def computed(backend: Backend, system: System, module: ModuleType | None) -> dict[str, Any]:
    """The losses of each step and the weights after the last, of a script or of the port itself.

    Another port makes the same steps, each before: what Jittor computes second in a process may
    round otherwise than the first, even if both are the port, so both sides come second.
    """
    state = initial_state(system, 1)
    with channels_first(backend):
        before = backend.gan.build(system, state)
        port = backend.gan.build(system, state) if module is None else None
    gan = (
        (port.generator, port.discriminator) if module is None else _built(backend, system, module)
    )
    arrays: dict[str, Any] = {}
    for step in range(1, STEPS + 1):
        inputs = step_inputs(system, step)
        if backend.name == "jittor":
            backend.schedule.training_step(before, inputs)
        if module is None:
            metrics = backend.schedule.training_step(port, inputs)
            losses = metrics["loss_d"], metrics["loss_g"]
        else:
            positional, keywords = _given(backend, system, inputs)
            losses = module.train_step(*gan, *positional, **keywords)
        for name, loss in zip(("loss_d", "loss_g"), losses, strict=True):
            arrays[f"{name} at step {step}"] = np.ravel(backend.interop.to_canonical(loss))
    for network, name in zip(gan, ("generator", "discriminator"), strict=False):
        arrays |= backend.interop.read_network(network, network_contract(system, name))
    return arrays


@contextmanager
def channels_first(backend: Backend) -> Iterator[None]:
    """PyTorch's networks in the layout that a script leaves them in."""
    if backend.name != "torch":
        yield
        return
    import torch

    with patch("torch_impl.gan._memory_format", return_value=torch.contiguous_format):
        yield


def step_inputs(system: System, step: int) -> StepInputs:
    """The inputs of that step: synthetic samples, noise and masks."""
    size = system.batch_size
    return draw_step_inputs(
        system, 1, step, size, lambda index: synthetic_batch(system, 1, step, index, size)
    )


def _built(backend: Backend, system: System, module: ModuleType) -> tuple[Any, ...]:
    """The script's networks with the initial weights of the port, and its optimisers."""
    gan: tuple[Any, ...] = module.build(np.random.default_rng(0))
    state = initial_state(system, 1)
    for network, name in zip(gan, ("generator", "discriminator"), strict=False):
        backend.interop.load_network(network, network_contract(system, name), state)
    return gan


def _given(
    backend: Backend, system: System, inputs: StepInputs
) -> tuple[list[Any], dict[str, Any]]:
    """What the script's train_step takes after the networks and their optimisers."""
    native, native_masks = backend.interop.to_native, backend.interop.native_masks
    # Each is converted when its update begins, as in the port: where PyTorch places a tensor in
    # memory may change how it rounds.
    batches = (
        tuple(native(each) for each in (u.real, u.noise, u.alpha) if each is not None)
        for u in inputs.discriminator
    )
    if is_single(system):
        fresh = (
            [native(inputs.generator[0].noise)] if system.schedule.noise_reuse == "fresh" else []
        )
        return [*next(batches), *fresh], {}
    if isinstance(system.schedule, Alternating):
        return [batches, (native(update.noise) for update in inputs.generator)], {}
    (one,), (other,) = inputs.discriminator, inputs.generator
    if isinstance(system.schedule, MixedBatch):
        return [native(one.real), native(other.noise)], native_masks(masks=one.real_masks)
    masks = native_masks(
        real_masks=one.real_masks, fake_masks=one.fake_masks, generator_masks=other.masks
    )
    return list(next(batches)), masks


def odd_initial(backend: Backend, system: System, module: ModuleType) -> list[str]:
    """The tensors of the script's own networks that are not drawn as the system's source does."""
    ours, theirs = initial_state(system, 1), {}
    for network, name in zip(
        module.build(np.random.default_rng(0)), ("generator", "discriminator"), strict=False
    ):
        theirs |= backend.interop.read_network(network, network_contract(system, name))
    return [name for name, values in theirs.items() if not _alike(np.ravel(values), ours[name])]


def _alike(values: np.ndarray, expected: np.ndarray) -> bool:
    """Whether both are the same constant, or may be draws of one distribution."""
    from scipy.stats import ks_2samp  # only here: collecting the tests needs none of scipy

    if values.size > 1 and (not np.ptp(values) or not np.ptp(expected)):
        return np.array_equal(np.unique(values), np.unique(expected))
    return bool(ks_2samp(values, expected.ravel()).pvalue > NAMED["chance_of_a_draw"])


def untidy(path: Path) -> str:
    """What ruff says of the script."""
    calls = (
        [*RUFF, "check", *WIDTH, "--select", "E,F,I", str(path)],
        [*RUFF, "format", "--diff", *WIDTH, str(path)],
    )
    answers = [subprocess.run(call, capture_output=True, text=True, check=False) for call in calls]
    return "".join(a.stdout + a.stderr for a in answers if a.returncode)


def imports_of(text: str) -> set[str]:
    """The top-level packages that the script imports."""
    names = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").split(".")[0])
    return names


def run_alone(module: ModuleType, out: Path) -> None:
    """Two steps of the script's own loop, on its own data and weights."""
    given = ["script", "--steps", "2", "--out", str(out)]
    with patch.object(sys, "argv", given), redirect_stdout(StringIO()) as printed:
        module.main()
    assert printed.getvalue().startswith("step 1: loss_d ")
    assert out.stat().st_size


def check(backend: Backend, name: str, folder: Path) -> list[str]:
    """What is wrong with that system's script; nothing, if all is well."""
    system, text = narrow(name), script(backend.name, SYSTEMS[name])
    full = folder / f"{name}_{backend.name}_full.py"
    full.write_text(text, encoding="utf-8")
    problems = []
    if imports_of(text) & {"common", *(f"{each}_impl" for each in BACKENDS)}:
        problems.append("imports this project")
    if found := untidy(full):
        problems.append(f"ruff: {found}")
    module = imported(script(backend.name, system), folder, f"{name}_{backend.name}")
    if wrong := differing(backend, system, module):
        problems.append(f"differs: {', '.join(wrong[:4])}; {len(wrong)} in all")
    if odd := odd_initial(backend, system, module):
        problems.append(f"drawn otherwise: {', '.join(odd[:4])}; {len(odd)} in all")
    if name == CONTROL:
        if not odd_initial(backend, replace(system, initialiser="normal"), module):
            problems.append("another initialiser is not noticed")
        planted = script(backend.name, apply_settings(system, ["learning_rate=0.00030001"]))
        wrong_rate = imported(planted, folder, f"control_{backend.name}")
        if not differing(backend, system, wrong_rate):
            problems.append("a wrong learning rate is not noticed")
    run_alone(
        module,
        folder / f"{name}_{backend.name}{'.png' if hasattr(module, 'Image') else '.npz'}",
    )
    return problems


def main() -> None:
    """Check the scripts of one backend, or of each in its own process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("backend", nargs="?", choices=BACKENDS)
    parser.add_argument("systems", nargs="*")
    options = parser.parse_args()
    if options.backend is None:
        calls = [[sys.executable, "-m", "parity_tests.eject_all", each] for each in BACKENDS]
        sys.exit(max(subprocess.run(call, check=False).returncode for call in calls))
    backend = load(options.backend, device="cpu", dtype="float32", exact=False, effort=LESS)
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        for name in options.systems or SYSTEMS:
            try:
                problems = check(backend, name, Path(folder))
            except Exception as error:
                problems = [f"{type(error).__name__}: {error}"]
            failed |= bool(problems)
            lines = len(script(options.backend, SYSTEMS[name]).splitlines())
            outcome = "; ".join(problems) or "equal to the last bit"
            print(f"{options.backend} {name}, {lines} lines: {outcome}", flush=True)
    sys.exit(int(failed))


if __name__ == "__main__":
    main()
