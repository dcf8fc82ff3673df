"""Every port reproduces the figures of the original implementations."""

import os
import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import pytest

from common import ROOT
from common.backends import load
from common.contract import network_contract
from common.contract.initialisers import initial_state
from common.parity.measure import Disagreement
from common.systems import find_system
from common.systems.options import apply_settings
from common.training.one_step import run_step
from parity_tests.fixtures import identity
from parity_tests.golden import FIGURES, Golden, check_figure, check_number, draw


@dataclass(frozen=True)
class Source:
    """The system behind a set of figures, and how its original draws its noise."""

    system: str
    settings: tuple[str, ...]
    noise: str  # "z1": the same for both networks; "z1 z2": afresh; "uniform": 2·u − 1
    # Biases in front of a batch norm, whose exact gradient is zero.
    zeros: tuple[str, ...] = ()


WGAN = ("image_size=32", "channels=1", "latent_dim=16", "base_channels=8")
SOURCES = {
    "cs231n-mlp-ls": Source("lsgan_mlp", (), "uniform"),
    "cs231n-dcgan-bce": Source("dcgan_mnist", ("loss=vanilla",), "uniform"),
    "cs231n-dcgan-ls": Source("dcgan_mnist", ("loss=least_squares",), "uniform"),
    "wgan-dcgan": Source("wgan", WGAN, "z1 z2"),
    "wgan-dcgan-nobn": Source("wgan", (*WGAN, "normalization=none"), "z1 z2"),
    "wgan-gp": Source("wgan_gp", ("base_channels=8",), "z1 z2"),
    "sn-gan": Source(
        "sngan",
        ("latent_dim=16", "base_channels=8"),
        "z1",
        ("generator.project.bias", *(f"generator.block{n}.conv.bias" for n in (1, 2, 3))),
    ),
    "keras-lsgan": Source(
        "lsgan_keras",
        (),
        "z1",
        (
            "generator.project.bias",
            *(
                f"{net}.block{n}.conv.bias"
                for net in ("generator", "discriminator")
                for n in (1, 2)
            ),
        ),
    ),
}


class Stepped:
    """One set of figures, and what `rosetta step` gives on its tensors."""

    def __init__(self, name: str, backend, *settings: str) -> None:
        self.source = SOURCES[name]
        system = find_system(self.source.system)
        self.golden = Golden(name, apply_settings(system, (*self.source.settings, *settings)))
        self.figures = self.golden.figures
        self.inputs = self.golden.state() | self.arrays()
        self.outputs = run_step(backend, self.golden.system, self.inputs)

    def arrays(self) -> dict[str, np.ndarray]:
        name, config = self.golden.name, self.figures["config"]
        count = config.get("batch", config.get("fake_for_g"))
        shape, uniform = (count, self.golden.system.latent_dim), self.source.noise == "uniform"
        first = 2 * draw("z1", shape, uniform=True) - 1 if uniform else draw("z1", shape)
        second = draw("z2", shape) if self.source.noise == "z1 z2" else first
        arrays = {"real": self.golden.images("x", uniform=name == "wgan-gp"), "noise_g": second}
        if name != "keras-lsgan":
            arrays["noise_d"] = first
        if name == "wgan-gp":
            arrays["alpha"] = draw("alpha", (count, 1), uniform=True)[:, 0]
        return arrays

    def trainable(self):
        for name in self.golden.names():
            if name not in self.source.zeros and not name.endswith(".u"):
                yield name, "g" if name.startswith("generator") else "d"


@pytest.fixture(scope="module", params=SOURCES)
def stepped(request, backend_name):
    backend = load(backend_name, device="cpu", dtype="float64", exact=True)
    return Stepped(request.param, backend)


def test_losses_and_fakes(stepped) -> None:
    figures, outputs = stepped.figures, stepped.outputs
    for name in ("loss_d", "loss_g"):
        check_number(figures[name], outputs[name], "golden_pytorch", name)
    if stepped.golden.name != "keras-lsgan":  # there the figure is of both halves of the fakes
        check_figure(figures["fake1"], outputs["fake"], "fake1", "golden_pytorch", "fake")


def test_gradients_of_every_parameter(stepped) -> None:
    for name, letter in stepped.trainable():
        gradient = stepped.outputs[f"grad.{name}"]
        stepped.golden.check(f"grad_{letter}", name, gradient, "", "golden_pytorch")


def test_updates_of_every_parameter(stepped) -> None:
    checked = 0
    for name, letter in stepped.trainable():
        new, clipped = stepped.outputs[f"new.{name}"], f"clipped_{letter}" in stepped.figures
        if clipped:
            stepped.golden.check(f"clipped_{letter}", name, new, "c/", "golden_update")
        elif f"delta_{letter}" in stepped.figures:
            moved = new - stepped.inputs[name]
            stepped.golden.check(f"delta_{letter}", name, moved, "d/", "golden_update")
        checked += clipped or f"delta_{letter}" in stepped.figures
    assert checked or stepped.golden.name == "keras-lsgan"  # the one original without updates


def test_u_after_three_forward_passes(backend) -> None:
    stepped = Stepped("sn-gan", backend)
    names = [name for name in stepped.golden.names() if name.endswith(".u")]
    assert len(names) == 8
    for name in names:
        u = stepped.outputs[f"new.{name}"]
        stepped.golden.check("u_after_three_forwards", name, u, "u/", "golden_pytorch")


@pytest.mark.parametrize("name", ["wgan-dcgan", "wgan-dcgan-nobn"])
def test_the_critic_s_update_before_its_clipping(backend, name) -> None:
    stepped = Stepped(name, backend, "weight_clip=1e9")
    for tensor, letter in stepped.trainable():
        if letter == "d":
            moved = stepped.outputs[f"new.{tensor}"] - stepped.inputs[tensor]
            stepped.golden.check("delta_d", tensor, moved, "d/", "golden_update")


def test_the_penalty_alone(backend) -> None:
    """The critic's gradients with and without it, and its value."""
    stepped = Stepped("wgan-gp", backend)
    bare = Stepped("wgan-gp", backend, "penalty_weight=0")
    penalty = stepped.outputs["loss_d"] - bare.outputs["loss_d"]
    check_number(stepped.figures["penalty"], penalty, "golden_pytorch", "penalty")
    for name, letter in stepped.trainable():
        if letter == "d":
            gradient = bare.outputs[f"grad.{name}"]
            bare.golden.check("grad_d_without_penalty", name, gradient, "", "golden_pytorch")


@pytest.mark.slow
def test_the_facade_discriminator_on_given_fakes(backend) -> None:
    golden = Golden("facade-discriminator", find_system("lsgan_facade"))
    figures, network = golden.figures, network_contract(golden.system, "discriminator")
    state = initial_state(golden.system, 0) | golden.state(networks=("discriminator",))
    gan, interop = backend.gan.build(golden.system, state), backend.interop
    real, fake = interop.to_native(golden.images("x")), interop.to_native(golden.images("f"))

    scores = backend.probes.forward(gan.discriminator, real, training=True)
    for score, figure in zip(interop.to_canonical(scores), figures["score_real"], strict=True):
        check_number(figure, score, "golden_pytorch", "score of a real image")
    losses, _, gradients = backend.steps.discriminator_gradients(
        identity(backend), gan.discriminator, real, fake, loss=gan.discriminator_loss
    )
    check_number(
        figures["loss_d"], interop.to_canonical(losses["loss"]), "golden_pytorch", "loss_d"
    )
    read = interop.read_gradients(gradients, gan.discriminator, network)
    for name in golden.names():
        golden.check("grad_d", name, read[name], "", "golden_pytorch")
    of_fake = backend.probes.generator_input_gradient(
        identity(backend), gan.discriminator, fake, loss=gan.generator_loss
    )
    gradient = interop.to_canonical(of_fake)
    check_figure(
        figures["grad_fake"], gradient, "grad_fake", "golden_pytorch", "gradient of the fakes"
    )


def test_a_figure_that_is_off_in_the_eighth_digit_turns_red(stepped) -> None:
    name = "discriminator.score.weight"
    name = name if name in stepped.golden.names() else "discriminator.linear2.weight"
    gradient = stepped.outputs[f"grad.{name}"]
    with pytest.raises(Disagreement):
        stepped.golden.check("grad_d", name, gradient * (1 + 1e-8), "", "golden_pytorch")
    flipped = gradient[tuple(slice(None, None, -1) for _ in gradient.shape)]
    with pytest.raises(Disagreement, match="projection"):
        stepped.golden.check("grad_d", name, flipped, "", "golden_pytorch")


@pytest.mark.slow
def test_lsgan_jittor_at_full_width(backend_name) -> None:
    """In a process of its own: here JAX needs all that XLA optimises."""
    script = f"from parity_tests.golden_full import check_full_width as c; c({backend_name!r})"
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


def test_no_set_of_figures_is_forgotten() -> None:
    covered = {*SOURCES, "facade-discriminator", "jittor-lsgan"}
    assert covered == set(FIGURES["systems"])
