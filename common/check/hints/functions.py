"""Activations by name, to be recognised from an input and two outputs."""

from collections.abc import Iterator

import numpy as np

from common.check.hints.evidence import Floats

THRESHOLD = 20.0  # above it PyTorch's softplus is linear


def _sigmoid(x: Floats) -> Floats:
    small = np.exp(-np.abs(x))
    values: Floats = np.where(x >= 0, 1 / (1 + small), small / (1 + small))
    return values


def _softplus(x: Floats) -> Floats:
    values: Floats = np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))
    return values


def _normal(x: Floats) -> Floats:
    from scipy.special import erfc

    values: Floats = 0.5 * erfc(-x / np.sqrt(2))
    return values


def _log_softmax(x: Floats, axis: int) -> Floats:
    lowered = x - x.max(axis, keepdims=True)
    values: Floats = lowered - np.log(np.exp(lowered).sum(axis, keepdims=True))
    return values


def activations(x: Floats) -> Iterator[tuple[str, Floats]]:
    """The value at `x` of every activation that has no slope of its own, by name."""
    yield "no activation at all", x
    yield "ReLU", np.maximum(x, 0)
    yield "ReLU6", np.clip(x, 0, 6)
    yield "abs", np.abs(x)
    yield "tanh", np.tanh(x)
    yield "sigmoid", _sigmoid(x)
    yield "hard sigmoid, clip(x / 6 + ½)", np.clip(x / 6 + 0.5, 0, 1)
    yield "hard sigmoid, clip(0.2 · x + ½)", np.clip(0.2 * x + 0.5, 0, 1)
    yield "SiLU", x * _sigmoid(x)
    yield "hard swish", x * np.clip(x / 6 + 0.5, 0, 1)
    yield "GELU, exact", x * _normal(x)
    yield "GELU, by tanh", x * _sigmoid(2 * np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))
    yield "GELU, as x · σ(1.702 · x)", x * _sigmoid(1.702 * x)
    yield "softplus", _softplus(x)
    if (x > THRESHOLD).any():
        yield "softplus, linear above 20", np.where(x > THRESHOLD, x, _softplus(x))
    yield "mish", x * np.tanh(_softplus(x))
    yield "softsign", x / (1 + np.abs(x))
    yield "log sigmoid", -_softplus(-x)
    selu_scale, selu_alpha = 1.0507009873554805, 1.6732632423543772
    low = np.expm1(np.minimum(x, 0))
    yield "SELU", selu_scale * np.where(x > 0, x, selu_alpha * low)
    yield "ELU", np.where(x > 0, x, low)
    for axis in range(x.ndim):
        yield f"softmax over axis {axis}", np.exp(_log_softmax(x, axis))
        yield f"log-softmax over axis {axis}", _log_softmax(x, axis)
