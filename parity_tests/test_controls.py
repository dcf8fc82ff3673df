"""Planted faults: each part of the comparison must fail when its subject is broken."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from common.backends import load
from common.files.tensors import read_tensors, write_tensors
from common.parity.case_record import record_case
from common.parity.compare import compare
from common.parity.keys import Key
from common.parity.record import save_recording
from common.parity.recording_file import open_recording
from common.parity.results import Comparison
from parity_tests.fixtures import build, images, module, noise, reduced


def recorded(name: str, case, path: Path):
    backend = load(name, device="cpu", dtype="float64", exact=True)
    save_recording(path, backend, [case], device="cpu", dtype="float64", seed=0)
    return open_recording(path)


def judged_with_fault(case, tmp_path, references: list[str], faulty: str) -> Comparison:
    """Two recordings without a fault, compared with one that has a planted fault."""
    files = [recorded(name, case, tmp_path / f"{name}.safetensors") for name in references]
    return compare([*files, recorded(faulty, case, tmp_path / "faulty.safetensors")])


def red(comparison: Comparison, backend: str) -> set[str]:
    return {
        result.quantity
        for result in comparison.results
        if not result.ok and result.backend == backend
    }


@pytest.fixture
def references(need):
    """Two backends without a fault, which are therefore the reference."""
    need("torch", "tf", "jax", "jittor")
    return ["jittor", "torch"]


def test_without_a_fault_nothing_is_red(references, tmp_path) -> None:
    assert judged_with_fault(reduced("lsgan_mlp"), tmp_path, references, "jax").ok


def test_channels_first_flattening_turns_forward_red(references, tmp_path, monkeypatch) -> None:
    layouts = module(load("tf", device="cpu", dtype="float64", exact=True), "interop")
    original = layouts.to_channels_last
    monkeypatch.setattr(
        layouts,
        "to_channels_last",
        lambda p, values: original(replace(p, maps_in=None, maps_out=None), values),
    )
    comparison = judged_with_fault(reduced("dcgan_mnist"), tmp_path, references, "tf")
    assert {"output_train", "output_eval", "gradient"} <= red(comparison, "tf")
    assert not red(comparison, "torch")


def test_an_unflipped_kernel_turns_forward_red(references, tmp_path, monkeypatch) -> None:
    layouts = module(load("tf", device="cpu", dtype="float64", exact=True), "interop")
    original = layouts.to_channels_last

    def flipped(parameter, values):
        turned = original(parameter, values)
        return turned[::-1, ::-1] if parameter.kind == "conv_transpose" else turned

    monkeypatch.setattr(layouts, "to_channels_last", flipped)
    assert "output_train" in red(
        judged_with_fault(reduced("lsgan_jittor"), tmp_path, references, "tf"), "tf"
    )


@pytest.mark.parametrize("faulty", ["tf", "jax"])
def test_an_unbiased_running_variance_turns_buffers_red(
    references, tmp_path, monkeypatch, faulty
) -> None:
    model = module(load(faulty, device="cpu", dtype="float64", exact=True), "models.lsgan_jittor")
    norm = model._norm
    monkeypatch.setattr(
        model, "_norm", lambda channels: norm(channels, unbiased_running_variance=True)
    )
    quantities = red(
        judged_with_fault(reduced("lsgan_jittor"), tmp_path, references, faulty), faulty
    )
    assert {"running_statistics", "buffer"} <= quantities
    assert "gradient" not in quantities


def test_swapped_real_and_fake_turn_losses_and_gradients_red(
    references, tmp_path, monkeypatch
) -> None:
    gan = load("tf", device="cpu", dtype="float64", exact=True).gan
    build_losses = gan.build_losses

    def swapped(system):
        generator_loss, discriminator_loss = build_losses(system)
        return generator_loss, lambda real, fake: discriminator_loss(fake, real)

    monkeypatch.setattr(gan, "build_losses", swapped)
    quantities = red(judged_with_fault(reduced("lsgan_mlp"), tmp_path, references, "tf"), "tf")
    assert {"loss", "gradient", "parameter"} <= quantities
    assert "output_eval" not in quantities


def test_a_rounded_hyper_parameter_turns_updates_red(references, tmp_path, monkeypatch) -> None:
    gan = load("jax", device="cpu", dtype="float64", exact=True).gan
    build_optimiser = gan.build_optimiser

    def rounded(system, network):
        rate = float(np.float32(system.optimiser.learning_rate))
        optimiser = replace(system.optimiser, learning_rate=rate)
        return build_optimiser(replace(system, optimiser=optimiser), network)

    monkeypatch.setattr(gan, "build_optimiser", rounded)
    quantities = red(judged_with_fault(reduced("lsgan_mlp"), tmp_path, references, "jax"), "jax")
    assert "parameter" in quantities
    assert not {"gradient", "output_train"} & quantities


def test_a_stale_discriminator_turns_the_second_half_of_a_step_red(
    references, tmp_path, monkeypatch
) -> None:
    """The generator's update must use the updated discriminator."""
    steps = load("torch", device="cpu", dtype="float64", exact=True).steps

    def without_update(generator, discriminator, optimiser, real, noise, **keywords):
        return steps.discriminator_gradients(generator, discriminator, real, noise, **keywords)[0]

    monkeypatch.setattr(steps, "discriminator_step", without_update)
    comparison = judged_with_fault(reduced("lsgan_mlp"), tmp_path, ["jittor", "jax"], "torch")
    assert "loss" in red(comparison, "torch")
    assert "gradient" not in red(comparison, "torch")


def test_a_missing_detach_is_detected(monkeypatch) -> None:
    """The discriminator's update must leave no gradient in the generator."""
    from contextlib import nullcontext

    backend = load("torch", device="cpu", dtype="float64", exact=True)
    case = reduced("lsgan_mlp")

    gan, native = build(backend, case), backend.interop.to_native
    inputs = native(images(case)), native(noise(case))

    def reaches_the_generator() -> bool:
        _, fake, _ = backend.steps.discriminator_gradients(
            gan.generator, gan.discriminator, *inputs, loss=gan.discriminator_loss
        )
        return fake.requires_grad or any(p.grad is not None for p in gan.generator.parameters())

    assert not reaches_the_generator()
    monkeypatch.setattr(backend.steps.torch, "no_grad", nullcontext)
    assert reaches_the_generator()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_nan_on_one_side_turns_exactly_that_tensor_red(references, tmp_path, value) -> None:
    case = reduced("lsgan_mlp")
    files = [recorded(name, case, tmp_path / f"{name}.safetensors") for name in references]
    tensors, metadata = read_tensors(files[0].path)
    broken = f"{case.name}|gradient|0|generator.linear2.weight"
    tensors[broken] = np.where(
        np.arange(tensors[broken].size).reshape(tensors[broken].shape) == 5, value, tensors[broken]
    )
    write_tensors(tmp_path / "broken.safetensors", tensors, **metadata)
    third = recorded("jax", case, tmp_path / "third.safetensors")
    comparison = compare([open_recording(tmp_path / "broken.safetensors"), files[1], third])
    failed = [result for result in comparison.results if not result.ok]
    assert [(result.backend, result.quantity, result.tensor) for result in failed] == [
        (references[0], "gradient", "generator.linear2.weight")
    ]
    assert "NaN" in failed[0].reason


def test_a_missing_and_an_extra_tensor_turn_red(references, tmp_path) -> None:
    case = reduced("lsgan_mlp")
    files = [recorded(name, case, tmp_path / f"{name}.safetensors") for name in references]
    tensors, metadata = read_tensors(files[0].path)
    tensors[f"{case.name}|gradient|0|generator.linear9.weight"] = tensors.pop(
        f"{case.name}|gradient|0|generator.linear2.weight"
    )
    write_tensors(tmp_path / "broken.safetensors", tensors, **metadata)
    third = recorded("jax", case, tmp_path / "third.safetensors")
    comparison = compare([open_recording(tmp_path / "broken.safetensors"), files[1], third])
    reasons = {result.tensor: result.reason for result in comparison.results if not result.ok}
    assert "missing" in reasons["generator.linear2.weight"]
    assert "not one of" in reasons["gradient|0|generator.linear9.weight"]


def test_recordings_are_deterministic(backend) -> None:
    """A recording is a function of its seed, so the comparisons above show the fault alone."""
    case = reduced("dcgan_mnist")
    first, second = (record_case(backend, case, seed=3)[0] for _ in range(2))
    assert set(first) == set(second)
    assert all(np.array_equal(first[key], second[key]) for key in first)
    other, _ = record_case(backend, case, seed=4)
    loss = Key("loss", 0, "generator")
    assert not np.array_equal(first[loss], other[loss])
