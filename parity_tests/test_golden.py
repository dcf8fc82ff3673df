"""Every port reproduces the figures of the original implementations."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from common.backends import load
from common.catalogue import System, find_system
from common.contract import network_contract
from common.measure import Disagreement
from common.settings import apply_settings
from common.stepping import run_step
from parity_tests.golden import FIGURES, draw, golden_names, golden_state, hold

ROOT = Path(__file__).resolve().parent.parent
CS231N = {
    "cs231n-mlp-ls": ("lsgan_mlp", []),
    "cs231n-dcgan-bce": ("dcgan_mnist", ["loss=vanilla"]),
    "cs231n-dcgan-ls": ("dcgan_mnist", ["loss=least_squares"]),
}


def system_of(name: str) -> tuple[dict, System]:
    row, settings = CS231N[name]
    return FIGURES["systems"][name], apply_settings(find_system(row), settings)


def image_of(shape) -> np.ndarray:
    return np.tanh(draw("x", shape))


def step_inputs(figures, system) -> dict[str, np.ndarray]:
    batch = figures["config"]["batch"]
    drawn = 2 * draw("z1", (batch, system.latent_dim), uniform=True) - 1
    shape = tuple(figures["fake1"][0])
    real = image_of(shape).reshape(batch, 1, 28, 28)
    return {**golden_state(figures, system), "real": real, "noise_d": drawn, "noise_g": drawn}


@pytest.fixture(scope="module", params=CS231N)
def stepped(request, backend_name):
    backend = load(backend_name, device="cpu", dtype="float64", exact=True)
    figures, system = system_of(request.param)
    inputs = step_inputs(figures, system)
    return figures, system, inputs, run_step(backend, system, inputs)


def test_losses_and_fakes(stepped) -> None:
    figures, _, _, found = stepped
    for ours, theirs in (("loss_d", "loss_d"), ("loss_g", "loss_g")):
        hold(
            [[], figures[theirs], figures[theirs] * draw(f"proj/{theirs}", [])],
            found[ours],
            theirs,
            "golden_pytorch",
            ours,
        )
    hold(figures["fake1"], found["fake"], "fake1", "golden_pytorch", "fake")


def test_gradients_and_updates_of_every_parameter(stepped) -> None:
    figures, system, inputs, found = stepped
    for name, theirs in golden_names(figures, system).items():
        letter = theirs[0].lower()
        hold(
            figures[f"grad_{letter}"][theirs],
            found[f"grad.{name}"],
            theirs,
            "golden_pytorch",
            f"gradient of {name}",
        )
        hold(
            figures[f"delta_{letter}"][theirs],
            found[f"new.{name}"] - inputs[name],
            f"d/{theirs}",
            "golden_update",
            f"update of {name}",
        )


def test_a_figure_that_is_off_in_the_eighth_digit_turns_red(stepped) -> None:
    figures, _, _, found = stepped
    with pytest.raises(Disagreement):
        hold(figures["fake1"], found["fake"] * (1 + 1e-8), "fake1", "golden_pytorch", "fake")
    with pytest.raises(Disagreement, match="projection"):
        hold(figures["fake1"], found["fake"][::-1], "fake1", "golden_pytorch", "fake")


@pytest.mark.slow
def test_lsgan_jittor_at_full_width(backend_name) -> None:
    """In a process of its own: JAX needs its optimiser here, which conftest turns off."""
    script = f"from parity_tests.test_golden import check_full_width as c; c({backend_name!r})"
    environment = {k: v for k, v in os.environ.items() if k != "XLA_FLAGS"}
    answer = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr


def check_full_width(backend_name: str) -> None:
    backend = load(backend_name, device="cpu", dtype="float64", exact=True)
    figures, system = FIGURES["systems"]["jittor-lsgan"], find_system("lsgan_jittor")
    state = golden_state(figures, system)
    gan, interop, steps = backend.gan.build(system, state), backend.interop, backend.steps
    native, canonical = interop.to_native, interop.to_canonical
    real, first, second = (
        native(array)
        for array in
        # The figures were taken with one noise for both networks, unlike the row's own rule.
        (image_of((2, 1, 112, 112)), draw("z1", (2, 1024)), draw("z1", (2, 1024)))
    )
    loss_d, fake, grads_d = steps.discriminator_gradients(
        gan.generator, gan.discriminator, real, first, loss=gan.discriminator_loss
    )
    hold(figures["fake1"], canonical(fake), "fake1", "golden_jittor", "fake")
    assert_scalar(figures["loss_d"], canonical(loss_d), "loss_d")
    contracts = {net: network_contract(system, net) for net in ("generator", "discriminator")}
    statistics = interop.read_network(gan.discriminator, contracts["discriminator"])
    for index, (mean, variance) in enumerate(figures["running_d"].values()):
        prefix = f"discriminator.block{index + 1}.norm.running"
        for figure, leaf in ((mean, "mean"), (variance, "var")):
            key = f"D.bn{index}.{leaf}"
            hold(figure, statistics[f"{prefix}_{leaf}"], key, "golden_jittor", key)
    loss_g, grads_g = steps.generator_gradients(
        gan.generator, gan.discriminator, second, loss=gan.generator_loss
    )
    assert_scalar(figures["loss_g"], canonical(loss_g), "loss_g")
    gradients = interop.read_gradients(grads_d, gan.discriminator, contracts["discriminator"])
    gradients |= interop.read_gradients(grads_g, gan.generator, contracts["generator"])
    for name, theirs in golden_names(figures, system).items():
        if ".conv.bias" not in name or not name.split(".")[1].startswith("block"):
            figure = figures[f"grad_{theirs[0].lower()}"][theirs]
            hold(figure, gradients[name], theirs, "golden_jittor", f"gradient of {name}")


def assert_scalar(figure: float, found, what: str) -> None:
    hold([[], figure, figure * draw(f"proj/{what}", [])], found, what, "golden_jittor", what)
