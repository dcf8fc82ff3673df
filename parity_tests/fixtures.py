"""Small things that several families of tests share."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np

from common.backends import Backend
from common.contract.initialisers import initial_state
from common.parity.cases import Case, cases


def reduced(system: str, loss: str | None = None) -> Case:
    """The reduced case of a system, with its own loss if none is named."""
    candidates = [case for case in cases([system]) if loss in (None, case.system.loss.name)]
    return candidates[0]


def build(backend: Backend, case: Case, seed: int = 0) -> Any:
    """The case's GAN with the initial weights of a seed."""
    return backend.gan.build(case.system, initial_state(case.system, seed))


def images(case: Case, count: int = 4, seed: int = 0) -> np.ndarray:
    """A batch of stand-in images."""
    shape = (count, *case.system.sample_shape)
    return np.tanh(np.random.default_rng(seed).standard_normal(shape))


def noise(case: Case, count: int = 4, seed: int = 1) -> np.ndarray:
    """A batch of latent noise."""
    return np.random.default_rng(seed).standard_normal((count, case.system.latent_dim))


def module(backend: Backend, name: str) -> Any:
    """A module of the package that `Backend` does not carry: losses, layers, optimisers."""
    return import_module(f"{backend.name}_impl.{name}")


def in_training(backend: Backend, layer: Any) -> Any:
    """The layer as a function of its inputs in training mode, an argument in Keras alone."""
    return partial(layer, training=True) if backend.name == "tf" else layer


def identity(backend: Backend) -> Any:
    """A network that returns its input, so that given images take the place of fakes."""
    if backend.name == "tf":
        return lambda images, training=True: images
    if backend.name == "jax":
        from flax import nnx

        class Identity(nnx.Module):
            def __call__(self, images: Any) -> Any:
                return images

        return Identity()
    return import_module({"torch": "torch.nn", "jittor": "jittor.nn"}[backend.name]).Identity()


@contextmanager
def interruptible() -> Iterator[None]:
    """Ctrl-C works, which processes of a script in the background ignore."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
