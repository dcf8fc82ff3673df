"""Losses computed again from an output and a target, in the ways that are confused."""

from collections.abc import Iterator
from itertools import product

import numpy as np

from common.check.hints.evidence import Evidence, Floats, Hint
from common.check.hints.relations import agrees, limit
from common.parity.bounds import NAMED

OUTPUTS = 3  # the last outputs of layers, one of which the loss may take
LARGEST_BATCH = 4096  # of which all pairs are formed
Named = Iterator[tuple[str, Floats]]


def loss(evidence: Evidence) -> Hint | None:
    """Two losses of the same output and target, each of which gives one side's number."""
    if evidence.phase != "loss" or evidence.exact.size != 1:
        return None
    if limit(evidence) > NAMED["relation_coarse"]:
        return None
    for (name, output), (target_name, target) in _pairs(evidence):
        found = list(losses(output, target))
        theirs = {text for text, value in found if agrees(evidence, evidence.exact.ravel(), value)}
        ours = {text for text, value in found if agrees(evidence, evidence.port.ravel(), value)}
        if len(theirs) == 1 and len(ours) == 1 and ours != theirs:
            return _of_losses(ours.pop(), theirs.pop(), f"of {name} and {target_name}")
    return None


def _pairs(evidence: Evidence) -> Iterator[tuple[tuple[str, Floats], tuple[str, Floats]]]:
    outputs = list(evidence.forward.items())[: -OUTPUTS - 1 : -1]
    targets = [
        (name, values)
        for name, values in reversed(list(evidence.inputs.items()))
        if np.asarray(values).dtype.kind in "bfiu"
    ]
    for (name, output), (other, target) in product(outputs, targets):
        if np.ndim(output) and np.ndim(target) and np.shape(output)[0] == np.shape(target)[0] > 1:
            yield (
                (name, np.asarray(output).astype(float)),
                (other, np.asarray(target).astype(float)),
            )


def losses(output: Floats, target: Floats) -> Named:
    """Every loss that these two arrays have, by name; each value of shape (1,)."""
    if output.size == target.size:
        paired = target.reshape(output.shape)
        for name, values in _elementwise(output, paired):
            yield from _reduced(name, values)
        if output.size == len(output) <= LARGEST_BATCH:
            for name, values in _elementwise(output.reshape(-1, 1), target.reshape(1, -1)):
                yield f"{ALL_PAIRS}{name}", _one(values.mean())
    if output.ndim == 2 and output.shape[1] > 1:
        yield from _of_classes(output, target)


ALL_PAIRS = "a broadcast of (N, 1) with (N,), which takes every output with every target: "


def _elementwise(output: Floats, target: Floats) -> Named:
    difference = output - target
    yield "squared error", difference**2
    yield "half the squared error", difference**2 / 2
    yield "absolute error", np.abs(difference)
    small = np.abs(difference) < 1
    yield "Huber loss", np.where(small, difference**2 / 2, np.abs(difference) - 0.5)
    if (target < 0).any() or (target > 1).any():
        return
    low = np.log1p(np.exp(-np.abs(output)))
    yield "cross-entropy of logits", np.maximum(output, 0) - output * target + low
    if (output < 0).any() or (output > 1).any():
        return
    with np.errstate(divide="ignore"):
        logs = np.log(output), np.log1p(-output)
    limited = [np.maximum(log, -100) for log in logs]
    yield f"{PROBABILITIES}, logarithms ≥ −100", _cross_entropy(limited, target)
    for tiny in (1e-7, 1e-8, 1e-12):
        kept = np.clip(output, tiny, 1 - tiny)
        clipped = [np.log(kept), np.log(1 - kept)]
        yield f"{PROBABILITIES}, clipped at {tiny:g}", _cross_entropy(clipped, target)
    smallest = [np.log(np.maximum(part, 1e-20)) for part in (output, 1 - output)]
    yield f"{PROBABILITIES}, at least 1e-20", _cross_entropy(smallest, target)


PROBABILITIES = "cross-entropy of probabilities"


def _cross_entropy(logs: list[Floats], target: Floats) -> Floats:
    values: Floats = -(target * logs[0] + (1 - target) * logs[1])
    return values


def _reduced(name: str, values: Floats) -> Named:
    yield f"the mean of the {name}", _one(values.mean())
    yield f"the sum of the {name}", _one(values.sum())
    if values.size > len(values):
        yield (
            f"the {name}, summed over a sample and averaged over the batch",
            _one(values.sum() / len(values)),
        )


def _of_classes(output: Floats, target: Floats) -> Named:
    chosen = _chosen(output, target)
    if chosen is None:
        return
    logs = _log_softmax(output)
    twice = _log_softmax(np.exp(logs))
    for name, values in (
        ("cross-entropy of logits by class", logs),
        ("cross-entropy of a softmax of the output, taken as logits: softmax twice", twice),
        ("likelihood without a logarithm, −softmax", np.exp(logs)),
        ("negative of the output itself, as NLL of log-probabilities", output),
    ):
        yield from _reduced(name, -(values * chosen).sum(1))
    yield "the mean of the cross-entropy over classes too", _one(-(logs * chosen).mean())


def _chosen(output: Floats, target: Floats) -> Floats | None:
    """(N, classes): one where the target's class is, from indices or from one-hot rows."""
    classes = output.shape[1]
    if target.shape == output.shape:
        rows = (target >= 0).all() and np.allclose(target.sum(1), 1)
        return target if rows else None
    whole = target.size == len(output) and (target == np.round(target)).all()
    if not whole or target.min() < 0 or target.max() >= classes:
        return None
    chosen: Floats = np.eye(classes)[target.ravel().astype(int)]
    return chosen


def _log_softmax(values: Floats) -> Floats:
    lowered = values - values.max(1, keepdims=True)
    logs: Floats = lowered - np.log(np.exp(lowered).sum(1, keepdims=True))
    return logs


def _one(value: float) -> Floats:
    return np.array([value])


def _of_losses(ours: str, theirs: str, arrays: str) -> Hint:
    row = "probability-of-zero" if PROBABILITIES in ours and PROBABILITIES in theirs else ""
    remedy = f"Compute {theirs} in the port too."
    if ours.startswith(ALL_PAIRS) or theirs.startswith(ALL_PAIRS):
        remedy = "Give output and target the same shape, for example with reshape(-1)."
    if not theirs.startswith("the "):
        theirs = f"{theirs}, instead of pair by pair"
    return Hint(f"{ours}, {arrays}, where the reference has {theirs}", row, remedy)
