"""Planted faults in what is particular to these GANs: each must fail in its own quantities.

The faults are planted in PyTorch; Jittor and TensorFlow have none and are the reference.
"""

from dataclasses import replace

import pytest

from common.backends import load
from common.parity.compare import compare
from common.parity.measure import Disagreement
from common.parity.record import save_recording
from common.parity.recording_file import open_recording
from parity_tests import test_spectral
from parity_tests.fixtures import module, reduced

REFERENCES = ("jittor", "tf")


@pytest.fixture(scope="module")
def references(need, tmp_path_factory):
    """Recordings of a case without a fault, made once."""
    need(*REFERENCES, "torch")
    folder, made = tmp_path_factory.mktemp("references"), {}

    def recordings(case):
        if case.name not in made:
            made[case.name] = [
                record(name, case, folder / f"{len(made)}{name}") for name in REFERENCES
            ]
        return made[case.name]

    return recordings


def record(name, case, path):
    backend = load(name, device="cpu", dtype="float64", exact=True)
    save_recording(path, backend, [case], device="cpu", dtype="float64", seed=0)
    return open_recording(path)


@pytest.fixture
def red(references, tmp_path):
    """The quantities in which PyTorch, as it is now, fails a case."""

    def judge(case) -> set[str]:
        comparison = compare([*references(case), record("torch", case, tmp_path / "faulty")])
        assert not [
            result
            for result in comparison.results
            if not result.ok and result.backend in REFERENCES
        ]
        return {result.quantity for result in comparison.results if not result.ok}

    return judge


def torch_module(name: str):
    return module(load("torch", device="cpu", dtype="float64", exact=True), name)


SNGAN, GP = reduced("sngan"), reduced("wgan_gp")
WGAN, DROPPED = reduced("wgan"), reduced("lsgan_pytorch")


@pytest.mark.parametrize("case", [SNGAN, GP, WGAN, DROPPED], ids=lambda case: case.name)
def test_without_a_fault_nothing_is_red(red, case) -> None:
    assert red(case) == set()


def test_a_gradient_through_sigma_is_detected(red, monkeypatch) -> None:
    spectral = torch_module("spectral")
    original = spectral._detached_sigma

    def flowing(layer, matrix):
        original(layer, matrix.detach())
        u = layer.u.clone()
        v = (u @ matrix).detach()
        return (u @ matrix @ (v / v.norm()).T).squeeze()

    monkeypatch.setattr(spectral, "_sigma", lambda layer, matrix: flowing(layer, matrix))
    quantities = red(SNGAN)
    assert {"gradient", "parameter"} <= quantities
    assert "running_statistics" not in quantities  # the vectors themselves are right


def test_a_constant_u_is_detected(red, monkeypatch) -> None:
    spectral = torch_module("spectral")
    original = spectral._detached_sigma

    def frozen(layer, matrix):
        before = layer.u.clone()
        sigma = original(layer, matrix)
        layer.u.copy_(before)
        return sigma

    monkeypatch.setattr(spectral, "_detached_sigma", frozen)
    assert {"buffer", "running_statistics", "loss"} <= red(SNGAN)


def test_a_constant_u_in_evaluation_is_detected(monkeypatch) -> None:
    """With a detached sigma u is updated there too; the layer's test must fail if it is not."""
    spectral = torch_module("spectral")
    original = spectral._detached_sigma

    def guarded(layer, matrix):
        before = layer.u.clone()
        sigma = original(layer, matrix)
        if not layer.training:
            layer.u.copy_(before)
        return sigma

    backend = load("torch", device="cpu", dtype="float64", exact=True)
    check = test_spectral.test_evaluation_updates_u_only_with_a_detached_sigma
    check(backend, "linear", detached=True)
    monkeypatch.setattr(spectral, "_detached_sigma", guarded)
    with pytest.raises(Disagreement):
        check(backend, "linear", detached=True)


def test_one_alpha_per_pixel_is_detected(red, monkeypatch) -> None:
    gan, losses = torch_module("gan"), torch_module("losses")

    def per_pixel(discriminator, real, fake, alpha, *, weight):
        spread = alpha.reshape(-1, 1, 1, 1) * real.new_ones(real.shape).cumsum(-1) / 28
        between = (spread * real + (1 - spread) * fake).detach()
        return losses.gradient_penalty(discriminator, between, between, alpha, weight=weight)

    monkeypatch.setattr(gan, "build_penalty", lambda system: bound(per_pixel, system))
    assert {"penalty_gradient", "gradient", "loss"} <= red(GP)


def bound(penalty, system):
    return lambda *arguments: penalty(*arguments, weight=system.loss.penalty_weight)


def test_a_norm_over_the_channel_axis_alone_is_detected(red, monkeypatch) -> None:
    gan = torch_module("gan")

    def over_channels(discriminator, real, fake, alpha, *, weight):
        import torch

        spread = alpha.reshape(-1, 1, 1, 1)
        between = (spread * real + (1 - spread) * fake).detach().requires_grad_()
        (gradient,) = torch.autograd.grad(discriminator(between).sum(), between, create_graph=True)
        return weight * (gradient.norm(2, dim=1) - 1).square().mean()

    monkeypatch.setattr(gan, "build_penalty", lambda system: bound(over_channels, system))
    assert {"penalty_gradient", "gradient", "loss"} <= red(GP)


def test_clipping_before_the_step_is_detected(red, monkeypatch) -> None:
    """The original file clips first; the paper and the source clip after the update."""
    schedule, optimisers = torch_module("schedule"), torch_module("optimisers")
    update = schedule.steps.discriminator_step

    def clip_first(generator, discriminator, *arguments, **keywords):
        optimisers.clip_weights(discriminator, limit=WGAN.system.loss.weight_clip)
        return update(generator, discriminator, *arguments, **keywords)

    monkeypatch.setattr(schedule.steps, "discriminator_step", clip_first)
    monkeypatch.setattr(schedule, "clip_weights", lambda network, *, limit: None)
    quantities = red(WGAN)
    assert {"parameter", "loss"} <= quantities
    assert "gradient" not in quantities


def test_clipped_running_statistics_are_detected(red, monkeypatch) -> None:
    schedule, optimisers = torch_module("schedule"), torch_module("optimisers")

    def clip_everything(network, *, limit):
        optimisers.clip_weights(network, limit=limit)
        for buffer in network.buffers():
            buffer.clamp_(-limit, limit)

    monkeypatch.setattr(schedule, "clip_weights", clip_everything)
    quantities = red(WGAN)
    assert "buffer" in quantities
    assert "gradient" not in quantities


def test_a_mask_scaled_twice_is_detected(red, monkeypatch) -> None:
    model, layers = torch_module("models.lsgan_pytorch"), torch_module("layers")

    def twice(inputs, mask, *, rate):
        return layers.dropout(inputs, mask, rate=rate) / (1 if mask is None else 1 - rate)

    monkeypatch.setattr(model, "dropout", twice)
    quantities = red(DROPPED)
    assert {"gradient", "loss"} <= quantities
    assert "output_train" not in quantities  # that pass drops nothing


def test_one_mask_for_all_passes_is_detected(red, monkeypatch) -> None:
    schedule = torch_module("schedule")
    play = schedule.training_step

    def shared(gan, arrays):
        (inputs,), (of_generator,) = arrays.discriminator, arrays.generator
        same = replace(inputs, fake_masks=inputs.real_masks)
        return play(gan, replace(arrays, discriminator=(same,), generator=(of_generator,)))

    monkeypatch.setattr(schedule, "training_step", shared)
    assert {"loss", "parameter"} <= red(DROPPED)
