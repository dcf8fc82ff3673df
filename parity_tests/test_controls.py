"""Planted faults: each tier of the comparison must turn red when its subject is broken."""

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


def judged_with_fault(case, tmp_path, honest: list[str], faulty: str) -> Comparison:
    """Two honest recordings beside one that was made while a fault was planted."""
    files = [recorded(name, case, tmp_path / f"{name}.safetensors") for name in honest]
    return compare([*files, recorded(faulty, case, tmp_path / "faulty.safetensors")])


def red(comparison: Comparison, backend: str) -> set[str]:
    return {row.quantity for row in comparison.results if not row.ok and row.backend == backend}


@pytest.fixture
def honest(need):
    """Two backends that stay untouched, and are therefore the reference."""
    need("torch", "tf", "jax", "jittor")
    return ["jittor", "torch"]


def test_without_a_fault_nothing_is_red(honest, tmp_path) -> None:
    assert judged_with_fault(reduced("lsgan_mlp"), tmp_path, honest, "jax").ok


def test_channels_first_flattening_turns_forward_red(honest, tmp_path, monkeypatch) -> None:
    layouts = module(load("tf", device="cpu", dtype="float64", exact=True), "interop")
    straight = layouts.to_channels_last
    monkeypatch.setattr(
        layouts,
        "to_channels_last",
        lambda p, values: straight(replace(p, maps_in=None, maps_out=None), values),
    )
    found = judged_with_fault(reduced("dcgan_mnist"), tmp_path, honest, "tf")
    assert {"output_train", "output_eval", "gradient"} <= red(found, "tf")
    assert not red(found, "torch")


def test_an_unflipped_kernel_turns_forward_red(honest, tmp_path, monkeypatch) -> None:
    layouts = module(load("tf", device="cpu", dtype="float64", exact=True), "interop")
    straight = layouts.to_channels_last

    def flipped(parameter, values):
        turned = straight(parameter, values)
        return turned[::-1, ::-1] if parameter.kind == "conv_transpose" else turned

    monkeypatch.setattr(layouts, "to_channels_last", flipped)
    assert "output_train" in red(
        judged_with_fault(reduced("lsgan_jittor"), tmp_path, honest, "tf"), "tf"
    )


@pytest.mark.parametrize("faulty", ["tf", "jax"])
def test_an_unbiased_running_variance_turns_buffers_red(
    honest, tmp_path, monkeypatch, faulty
) -> None:
    model = module(load(faulty, device="cpu", dtype="float64", exact=True), "models.lsgan_jittor")
    norm = model._norm
    monkeypatch.setattr(
        model, "_norm", lambda channels: norm(channels, unbiased_running_variance=True)
    )
    found = red(judged_with_fault(reduced("lsgan_jittor"), tmp_path, honest, faulty), faulty)
    assert {"running_statistics", "buffer"} <= found
    assert "gradient" not in found


def test_swapped_real_and_fake_turn_losses_and_gradients_red(honest, tmp_path, monkeypatch) -> None:
    gan = load("tf", device="cpu", dtype="float64", exact=True).gan
    build_losses = gan.build_losses

    def swapped(system):
        generator_loss, discriminator_loss = build_losses(system)
        return generator_loss, lambda real, fake: discriminator_loss(fake, real)

    monkeypatch.setattr(gan, "build_losses", swapped)
    found = red(judged_with_fault(reduced("lsgan_mlp"), tmp_path, honest, "tf"), "tf")
    assert {"loss", "gradient", "parameter"} <= found
    assert "output_eval" not in found


def test_a_rounded_hyper_parameter_turns_updates_red(honest, tmp_path, monkeypatch) -> None:
    gan = load("jax", device="cpu", dtype="float64", exact=True).gan
    build_optimiser = gan.build_optimiser

    def rounded(system, network):
        rate = float(np.float32(system.optimiser.learning_rate))
        optimiser = replace(system.optimiser, learning_rate=rate)
        return build_optimiser(replace(system, optimiser=optimiser), network)

    monkeypatch.setattr(gan, "build_optimiser", rounded)
    found = red(judged_with_fault(reduced("lsgan_mlp"), tmp_path, honest, "jax"), "jax")
    assert "parameter" in found
    assert not {"gradient", "output_train"} & found


def test_a_stale_discriminator_turns_the_second_half_of_a_step_red(
    honest, tmp_path, monkeypatch
) -> None:
    """The generator must meet the discriminator as its update left it."""
    steps = load("torch", device="cpu", dtype="float64", exact=True).steps

    def forgetful(generator, discriminator, optimiser, real, noise, **keywords):
        return steps.discriminator_gradients(generator, discriminator, real, noise, **keywords)[0]

    monkeypatch.setattr(steps, "discriminator_step", forgetful)
    found = judged_with_fault(reduced("lsgan_mlp"), tmp_path, ["jittor", "jax"], "torch")
    assert "loss" in red(found, "torch")
    assert "gradient" not in red(found, "torch")


def test_a_missing_detach_is_seen(monkeypatch) -> None:
    """The discriminator's update must send nothing into the generator."""
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
def test_a_nan_on_one_side_turns_exactly_that_tensor_red(honest, tmp_path, value) -> None:
    case = reduced("lsgan_mlp")
    files = [recorded(name, case, tmp_path / f"{name}.safetensors") for name in honest]
    tensors, about = read_tensors(files[0].path)
    broken = f"{case.name}|gradient|0|generator.linear2.weight"
    tensors[broken] = np.where(
        np.arange(tensors[broken].size).reshape(tensors[broken].shape) == 5, value, tensors[broken]
    )
    write_tensors(tmp_path / "broken.safetensors", tensors, **about)
    third = recorded("jax", case, tmp_path / "third.safetensors")
    found = compare([open_recording(tmp_path / "broken.safetensors"), files[1], third])
    failed = [row for row in found.results if not row.ok]
    assert [(row.backend, row.quantity, row.tensor) for row in failed] == [
        (honest[0], "gradient", "generator.linear2.weight")
    ]
    assert "NaN" in failed[0].reason


def test_a_missing_and_an_extra_tensor_turn_red(honest, tmp_path) -> None:
    case = reduced("lsgan_mlp")
    files = [recorded(name, case, tmp_path / f"{name}.safetensors") for name in honest]
    tensors, about = read_tensors(files[0].path)
    tensors[f"{case.name}|gradient|0|generator.linear9.weight"] = tensors.pop(
        f"{case.name}|gradient|0|generator.linear2.weight"
    )
    write_tensors(tmp_path / "broken.safetensors", tensors, **about)
    third = recorded("jax", case, tmp_path / "third.safetensors")
    found = compare([open_recording(tmp_path / "broken.safetensors"), files[1], third])
    reasons = {row.tensor: row.reason for row in found.results if not row.ok}
    assert "missing" in reasons["generator.linear2.weight"]
    assert "not one of" in reasons["gradient|0|generator.linear9.weight"]


def test_the_same_arrays_come_twice(backend) -> None:
    """A recording is a function of its seed: the control of the control."""
    case = reduced("dcgan_mnist")
    first, second = (record_case(backend, case, seed=3)[0] for _ in range(2))
    assert set(first) == set(second)
    assert all(np.array_equal(first[key], second[key]) for key in first)
    other, _ = record_case(backend, case, seed=4)
    loss = Key("loss", 0, "generator")
    assert not np.array_equal(first[loss], other[loss])
