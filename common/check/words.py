"""What an array is, in words, and what its divergence looks like."""

from collections.abc import Mapping, Sequence

import numpy as np

from common.check.hints import Evidence, look
from common.check.layouts.names import split_name
from common.check.outcome import Comparison, Finding
from common.check.placing import Origin
from common.check.runs import Key, Run, Values

SLOTS = {"first_moment": "the first moment", "second_moment": "the second moment"}


def found(
    origin: Origin,
    run: Run,
    reference: Mapping[Key, Values],
    *,
    noise: float,
    inputs: Sequence[Mapping[str, Values]],
    parameters: set[str],
    framework: str,
) -> Finding:
    """An origin in words, with what it looks like."""
    first = origin.first
    evidence = _evidence(first, origin.layer, run, reference, noise, inputs, framework)
    hint = look(evidence)
    return Finding(
        first,
        origin.layer,
        describe(first.key, parameters) + _before_it(first.key, reference),
        tuple(describe(key, parameters) for key in origin.also),
        tuple(origin.steps),
        hint.words if hint else "",
        hint.row if hint else "",
        hint.remedy if hint else "",
    )


def describe(key: Key, parameters: set[str]) -> str:
    """What an array is: "the output of conv1", "the gradient of conv1.weight"."""
    base, rest = split_name(key.name)
    if key.is_input:
        return f"the input of {base}"
    call = f", call {rest[1:]}" if rest.startswith("#") else ""
    if rest.startswith("/"):
        return f"{SLOTS.get(rest[1:], rest[1:].replace('_', ' '))} of {base}"
    if key.phase == "forward":
        return f"the output of {base}{call}" if base != "output" else f"the network's output{call}"
    if key.phase == "backward":
        named = base in parameters or "grad" in base.lower()
        place = f"at the output of {base}" if base != "output" else "at the network's output"
        return f"the gradient {f'of {base}' if named else place}{call}"
    if key.phase == "loss":
        return base if "loss" in base else f"the loss {base}"
    return f"{base} after the update" if key.phase == "update" else base


def _before_it(key: Key, reference: Mapping[Key, Values]) -> str:
    """Where the input of a layer comes from, as far as it was traced."""
    if not key.is_input:
        return ""
    forward = [k for k in reference if k[:2] == key[:2] and not k.is_input]
    places = [place for place, k in enumerate(forward) if k == key.output]
    before = forward[places[0] - 1].name if places and places[0] else ""
    return f", which is computed from the output of {before}," if before else ""


def _evidence(
    first: Comparison,
    layer: str,
    run: Run,
    reference: Mapping[Key, Values],
    noise: float,
    inputs: Sequence[Mapping[str, Values]],
    framework: str,
) -> Evidence:
    key, step = first.key, first.key.step
    slots = {
        split_name(k.name)[1][1:]: v
        for k, v in reference.items()
        if k[:2] == (step, "update") and k.base == key.base and "/" in k.name
    }
    if "first_moment" not in slots and "second_moment" in slots:
        slots["square_average"] = slots.pop("second_moment")  # RMSprop's
    return Evidence(
        phase=key.phase,
        name=key.name,
        step=step,
        values=run.arrays[key].astype(run.own[key].dtype),
        reference=reference[key],
        noise=noise,
        double=first.dtype == "float64",
        before=_before(key, reference),
        gradient=reference.get(Key(step, "backward", key.base)) if key.phase == "update" else None,
        weights=_weights(layer, step, reference),
        forward={k.name: v for k, v in reference.items() if k[:2] == (step, "forward")},
        inputs=inputs[step - 1] if step else {},
        slots=slots,
        framework=framework,
    )


def _before(key: Key, reference: Mapping[Key, Values]) -> Values | None:
    """The same array as the step before left it."""
    if key.step > 1:
        return reference.get(key._replace(step=key.step - 1))
    if "/" in key.name:
        return np.zeros_like(reference[key])  # a slot
    return reference.get(Key(0, "weights", key.name))


def _weights(layer: str, step: int, reference: Mapping[Key, Values]) -> dict[str, Values]:
    """The layer's parameters and buffers before a step, by the last part of their names."""
    phases = ("weights",) if step < 2 else ("update", "statistics")
    return {
        key.name.rpartition(".")[2]: values
        for key, values in reference.items()
        if key.step == max(step - 1, 0)
        and key.phase in phases
        and key.name.rpartition(".")[0] == layer
        and "/" not in key.name
    }
