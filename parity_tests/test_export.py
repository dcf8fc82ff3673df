"""Exported networks load in their framework without this project, number for number."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from common import UsageError
from common.backends import Backend
from common.cli.exporting import export
from common.contract import Parameter, contract
from common.contract.initialisers import initial_state
from common.contract.layouts import to_channels_last
from common.files.tensors import Tensors
from common.parity.measure import require_named
from common.systems import find_system
from common.training.checkpoint import EMA, Checkpoint, expected_shapes, restore, save_checkpoint
from common.training.export_formats import FORMATS, atomic_target, example, find_format
from parity_tests.fixtures import module, noise, reduced

DOCS = (Path(__file__).resolve().parent.parent / "docs" / "export.md").read_text()


@dataclass(frozen=True)
class ExportCase:
    """A checkpoint to export: its system, its dtype and its generator."""

    system: str
    dtype: str
    ema_decay: float = 0.0
    averaged: bool = True


PACKAGES = ("common", "torch_impl", "tf_impl", "jax_impl", "jittor_impl")
FORMAT_OF = {form.backend: form for form in FORMATS.values()}

# Keras takes no symbolic call of lsgan_pytorch's discriminator.
CASES = (
    ExportCase("lsgan_mlp", "float64", ema_decay=0.9),
    ExportCase("lsgan_pytorch", "float32", ema_decay=0.9, averaged=False),
)
# The vectors of power iterations; a list of blocks.
MORE_CASES = {"torch": (ExportCase("sngan", "float64"),), "jax": (ExportCase("wgan", "float32"),)}
BOUNDS = {"float64": "linear_algebra", "float32": "closed_form_float32"}

# What a process without this project does after the printed script.
ALONE = f"import sys\nsys.modules.update(dict.fromkeys({PACKAGES}))\n"
STATES = """
tensors = {f"{n}.{key}": value for n, state in networks.items() for key, value in state.items()}
"""
AFTERWARDS = {
    "torch": STATES,
    "jittor": STATES,
    "flax": """
leaves = jax.tree.leaves_with_path(networks)
tensors = {jax.tree_util.keystr(keys, simple=True, separator="."): leaf for keys, leaf in leaves}
""",
    "keras": """
import tensorflow
names = "generator", "discriminator"
loaded = {name: tensorflow.saved_model.load(f"{out}/{name}") for name in names}
tensors = {f"{n}.{i}": v.numpy() for n, m in loaded.items() for i, v in enumerate(m.variables)}
tensors["samples"] = model(numpy.load(f"{out}.noise.npy"))
tensors["scores"] = loaded["discriminator"].serve(tensors["samples"])
""",
}
BEFORE = "import numpy\nout = {out!r}\n"
AFTER = 'numpy.savez(f"{out}.npz", **tensors)\n'


def checkpoint_of(case: ExportCase) -> Checkpoint:
    """A checkpoint in which no two tensors are alike, running statistics included."""
    system, rng = reduced(case.system).system, np.random.default_rng(0)
    shapes = expected_shapes(system, averaged=case.ema_decay > 0)
    tensors = {name: rng.uniform(0.5, 1.5, shape) for name, shape in shapes.items()}
    for prefix, seed in (("", 0), (EMA, 1)):
        weights = {prefix + name: array for name, array in initial_state(system, seed).items()}
        tensors |= {name: array for name, array in weights.items() if name in tensors}
    # Norms and biases start as ones and zeros, all alike.
    tensors = {name: array + rng.uniform(0, 0.1, array.shape) for name, array in tensors.items()}
    return Checkpoint(
        system=system,
        step=3,
        seed=0,
        data="digits",
        fingerprint="",
        dtype=case.dtype,
        ema_decay=case.ema_decay,
        tensors={name: array.astype(case.dtype) for name, array in tensors.items()},
    )


def saved(path: Path, checkpoint: Checkpoint) -> Path:
    save_checkpoint(path, checkpoint, "torch")
    return path


def expected_tensors(backend: Backend, checkpoint: Checkpoint, prefix: str) -> Tensors:
    """The checkpoint's networks under the names and in the layouts of that framework."""
    tensors = {}
    for parameter in contract(checkpoint.system):
        of_generator = parameter.network == "generator"
        values = checkpoint.tensors[f"{prefix if of_generator else ''}{parameter.full_name}"]
        last = backend.name in ("tf", "jax")
        tensors[native_name(backend, parameter)] = (
            to_channels_last(parameter, values) if last else values
        )
    return tensors


def native_name(backend: Backend, parameter: Parameter) -> str:
    if backend.name != "jax":
        return parameter.full_name
    path = module(backend, "interop")._path(parameter)
    return ".".join(map(str, (parameter.network, *path)))


def by_content(tensors: Tensors) -> Tensors:
    """Tensors named by network, shape and rank in size, for files that keep no names."""
    ranked = sorted(tensors.items(), key=lambda item: (item[1].shape, item[1].tobytes()))
    return {f"{n.partition('.')[0]} {a.shape} {i}": a for i, (n, a) in enumerate(ranked)}


def differing(actual: Tensors, expected: Tensors) -> set[str]:
    """The names in only one of them, or with other shapes, types or numbers."""
    return {
        name
        for name in {*actual, *expected}
        if name not in actual
        or name not in expected
        or actual[name].dtype != expected[name].dtype
        or not np.array_equal(actual[name], expected[name])
    }


def run_alone(script: str, folder: Path) -> str:
    environment = {key: text for key, text in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-c", ALONE + script],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_printed_scripts_load_every_number(tmp_path, backend_name, configured, capsys) -> None:
    form = FORMAT_OF[backend_name]
    cases = (*CASES, *MORE_CASES.get(backend_name, ()))
    script, outs = "", [tmp_path / f"{case.system}{''.join(form.endings[:1])}" for case in cases]
    for case, out in zip(cases, outs, strict=True):
        np.save(f"{out}.noise.npy", noise(reduced(case.system)).astype(case.dtype))
        path = saved(tmp_path / "checkpoint", checkpoint_of(case))
        export(path, form.name, out, averaged=case.averaged)
        printed = capsys.readouterr().out.partition("\n\n")[2]
        script += BEFORE.format(out=str(out)) + printed + AFTERWARDS[form.name] + AFTER
    shown = run_alone(script, tmp_path)
    assert form.name == "keras" or "generator" in shown
    assert (tmp_path / "sample.png").exists() == (form.name == "keras")
    for case, out in zip(cases, outs, strict=True):
        backend, checkpoint = configured(case.dtype), checkpoint_of(case)
        actual, prefix = (
            dict(np.load(f"{out}.npz")),
            EMA if case.ema_decay and case.averaged else "",
        )
        expected = expected_tensors(backend, checkpoint, prefix)
        if form.name == "keras":
            require_same_images(backend, checkpoint, case, out, actual)
            actual, expected = by_content(actual), by_content(expected)
        assert differing(actual, expected) == set(), case


def require_same_images(backend, checkpoint, case, out, loaded) -> None:
    """The loaded generator draws and the loaded discriminator scores as ours do."""
    gan, average = restore(backend, checkpoint)
    generator = average if average is not None and case.averaged else gan.generator
    samples = backend.sampling.sample(generator, np.load(f"{out}.noise.npy"))
    images = backend.interop.to_native(samples)
    scores = backend.probes.forward(gan.discriminator, images, training=False)
    assert samples.std() > 0
    drawn = loaded.pop("samples").transpose(0, 3, 1, 2)
    require_named(drawn, samples, BOUNDS[case.dtype], f"{case.system} samples")
    require_named(loaded.pop("scores"), scores.numpy(), BOUNDS[case.dtype], f"{case.system} scores")


def test_a_script_alone_cannot_import_this_project(tmp_path) -> None:
    for package in PACKAGES:
        with pytest.raises(AssertionError, match="ModuleNotFoundError"):
            run_alone(f"import {package}", tmp_path)


def test_the_comparison_detects_one_changed_number_and_one_missing_tensor() -> None:
    expected = {"generator.a": np.ones(3), "generator.b": np.zeros((2, 2))}
    nudged = expected | {"generator.a": np.array([1, 1, np.nextafter(1, 2)])}
    assert differing(nudged, expected) == {"generator.a"}
    assert differing({"generator.a": np.ones(3)}, expected) == {"generator.b"}
    assert differing(expected | {"generator.a": np.ones(3, "float32")}, expected)
    assert differing(by_content(nudged), by_content(expected))
    assert not differing(by_content(dict(reversed(expected.items()))), by_content(expected))


@pytest.mark.parametrize(
    ("form", "name", "message"),
    [
        ("onnx", "x.onnx", "unknown format 'onnx'; choose one of: torch, keras, flax, jittor"),
        ("torch", "old.pt", "is there already; remove it or name another"),
        ("flax", "old", "is there already"),
        ("torch", "x.bin", "torch is a file; end its name in .pt"),
        ("jittor", "x.pt", "jittor is a file; end its name in .pkl"),
        ("keras", "x.keras", "keras is a folder; leave out the ending .keras"),
        ("flax", "x", "does not match its checksum; it was damaged"),
    ],
)
def test_bad_input_is_named_and_leaves_nothing(tmp_path, form, name, message) -> None:
    path = saved(tmp_path / "checkpoint", checkpoint_of(CASES[0]))
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    (tmp_path / "old.pt").write_text("here first")
    (tmp_path / "old").mkdir()
    with pytest.raises(UsageError, match=message):
        export(path, form, tmp_path / name, averaged=True)
    assert {entry.name for entry in tmp_path.iterdir()} == {"checkpoint", "old.pt", "old"}
    assert (tmp_path / "old.pt").read_text() == "here first"


def interrupted(make, error, path: Path) -> None:
    with atomic_target(path) as unfinished:
        make(unfinished)
        raise error


@pytest.mark.parametrize("make", [Path.mkdir, Path.touch])
def test_an_interrupted_export_leaves_nothing(tmp_path, make) -> None:
    with pytest.raises(UsageError, match="No space left on device"):
        interrupted(make, OSError(28, "No space left on device"), tmp_path / "networks")
    with pytest.raises(KeyboardInterrupt):
        interrupted(make, KeyboardInterrupt(), tmp_path / "networks")
    assert not list(tmp_path.iterdir())


def test_a_folder_appears_only_when_complete(tmp_path) -> None:
    out = tmp_path / "new" / "networks"
    with atomic_target(out) as path:
        path.mkdir()
        (path / "inside").write_text("whole")
        assert not out.exists()
    assert (out / "inside").read_text() == "whole"
    assert [entry.name for entry in out.parent.iterdir()] == ["networks"]


def test_a_file_where_a_folder_must_be_is_named(tmp_path) -> None:
    (tmp_path / "file").write_text("here first")
    place = atomic_target(tmp_path / "file" / "networks.pt")
    with pytest.raises(UsageError, match="cannot be created as a folder"), place:
        pass
    assert (tmp_path / "file").read_text() == "here first"


@pytest.mark.parametrize("system", ["gan_moments", "wgan_gp_toy"])
def test_samples_that_are_no_images_are_printed(system) -> None:
    script = example(find_format("keras"), Path("x"), reduced(system).system, "float32")
    assert "print(samples[0])" in script
    assert "save_img" not in script
    compile(script, "example", "exec")


@pytest.mark.parametrize("form", FORMATS.values(), ids=lambda form: form.name)
def test_the_docs_show_what_is_printed(form) -> None:
    out = Path(f"/tmp/networks{''.join(form.endings[:1])}")
    assert f"{form.name} --out {out}\n" in DOCS
    script = example(form, out, find_system("lsgan_mlp"), "float32")
    assert f"```python\n{script}```" in DOCS
