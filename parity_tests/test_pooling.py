"""Which of equal numbers in a window of max pooling the gradient goes to: the first, everywhere."""

from importlib import import_module

import numpy as np

from common.backends import load
from common.contract.initialisers import initial_state
from parity_tests.fixtures import reduced

CASE = reduced("dcgan_mnist")
PIXELS = np.arange(4) * 4  # of 28: each window of the second pool looks at four pixels


def picking_one_pixel() -> dict[str, np.ndarray]:
    """Weights with which both convolutions return the upper left pixel of their window."""
    state = initial_state(CASE.system, 0)
    for name in ("discriminator.conv1", "discriminator.conv2"):
        weight = np.zeros_like(state[f"{name}.weight"])
        weight[:, 0, 0, 0] = 1
        state |= {f"{name}.weight": weight, f"{name}.bias": np.zeros(len(weight))}
    return state


def reached(backend) -> np.ndarray:
    """The pixels of a white image that the loss' gradient reaches."""
    gan, interop = backend.gan.build(CASE.system, picking_one_pixel()), backend.interop
    white = interop.to_native(np.ones((2, *CASE.system.sample_shape)))
    gradients = backend.probes.discriminator_input_gradients(
        gan.discriminator, white, white, loss=gan.discriminator_loss
    )
    of_real = interop.to_canonical(gradients[0])
    assert of_real.shape == (2, 1, 28, 28)
    return of_real[0, 0] != 0


def expected(offset: int = 0) -> np.ndarray:
    pixels = np.zeros((28, 28), bool)
    pixels[np.ix_(PIXELS + offset, PIXELS + offset)] = True
    return pixels


def test_the_first_of_equal_numbers_has_the_gradient(backend) -> None:
    assert np.array_equal(reached(backend), expected())


def test_the_last_of_equal_numbers_turns_the_check_red(need, monkeypatch) -> None:
    """Jittor's max pooling is our own, so that a fault can be planted in it."""
    need("jittor")
    faults = import_module("parity_tests.faults.in_jittor_steps")
    faults._ties_to_the_last(monkeypatch)
    assert np.array_equal(
        reached(load("jittor", device="cpu", dtype="float64", exact=True)), expected(3)
    )
