"""Outcomes of `rosetta check`, built by hand, and a reader of its JSON schema."""

import json
from pathlib import Path
from typing import Any

from common import ROOT
from common.check.outcome import Comparison, Finding, Outcome, Problem
from common.check.ports import PortFile
from common.check.runs import Key

HOSTILE = "old:b:[red]<i>&'"  # emoji, markup and HTML, if it is not taken as it is
PORTS = [
    PortFile("torch", "torch", Path("my_torch.py"), "/usr/bin/python3"),
    PortFile("jax", "jax", Path("my_jax.py"), "/usr/bin/python3"),
    PortFile(HOSTILE, "numpy", Path("old.py"), "/usr/bin/python3"),
]
LAYERS = [f"layer{number}" for number in range(12)]
WITHIN, BOUND, BEYOND = 0.125, 0.25, 0.5
BROKEN = Key(1, "forward", "layer6/input")
DTYPES = ("float64", "float32")


def keys(steps: int = 3) -> list[Key]:
    started = [Key(0, "weights", f"{layer}.weight") for layer in LAYERS]
    for step in range(1, steps + 1):
        started += [Key(step, "forward", layer) for layer in LAYERS]
        started += [Key(step, "loss", "loss")]
        started += [Key(step, "update", f"{layer}.weight") for layer in LAYERS]
    return started


def agreeing() -> Outcome:
    outcome = Outcome(PORTS, seed=0, steps=3, reference="torch")
    outcome.versions = {port.name: {"python": "3.11.7", "numpy": "1.26.4"} for port in PORTS}
    outcome.comparisons = [
        Comparison(port.name, dtype, key, 0.0 if port.name == "torch" else WITHIN, BOUND)
        for dtype in DTYPES
        for port in PORTS
        for key in keys()
    ]
    return outcome


def once() -> Outcome:
    """An outcome of agreement with one float32 array that another seed does not confirm."""
    outcome, kink = agreeing(), Key(2, "loss", "loss")
    outcome.comparisons = [
        Comparison(c.port, c.dtype, c.key, BEYOND, BOUND)
        if (c.port, c.dtype, c.key) == (HOSTILE, "float32", kink)
        else c
        for c in outcome.comparisons
    ]
    return outcome


def differing() -> Outcome:
    """JAX goes wrong at the input of layer6, and all that comes after follows."""
    outcome, order = once(), keys()
    start = order.index(Key(1, "forward", "layer6"))
    wrong = set(order[start:])
    outcome.comparisons = [
        Comparison("jax", c.dtype, c.key, BEYOND, BOUND)
        if c.port == "jax" and c.key in wrong
        else c
        for c in outcome.comparisons
    ]
    last = Comparison("jax", "float64", order[-1], None, BOUND, "NaN or infinity in 2 of 9")
    outcome.comparisons[2 * len(order) - 1] = last
    outcome.findings = [
        Finding(
            Comparison("jax", "float64", BROKEN, BEYOND, BOUND),
            "layer6",
            "the input of layer6",
            also=("the gradient of layer6.weight",),
            steps=(2, 3),
            looks_like="LeakyReLU with slope 0.01, where the reference has 0.2",
            difference="leaky-relu-slope",
            remedy="Use LeakyReLU with slope 0.2 in the port.",
        )
    ]
    outcome.notes = ["only jax has extra: not compared"]
    outcome.left_out = {"layer1.bias": "its gradient is zero but for rounding errors"}
    outcome.problems = [Problem("tf", "tf.py: was killed by \x1b signal 9", usage=False)]
    return outcome


def schema() -> dict[str, Any]:
    read: dict[str, Any] = json.loads((ROOT / "docs/_static/check.schema.json").read_text())
    return read


def violations(value: Any, rule: dict[str, Any], whole: dict[str, Any], at: str = "") -> list[str]:
    """Where a value does not fit a schema, for the few words that ours is written with."""
    if "$ref" in rule:
        rule = whole["$defs"][rule["$ref"].rpartition("/")[2]]
    types = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}
    types |= {"integer": int, "number": (int, float)}
    named = rule.get("type", [])
    allowed = [types[name] for name in ([named] if isinstance(named, str) else named)]
    number = isinstance(value, bool) and bool not in allowed
    if allowed and (number or not any(isinstance(value, kind) for kind in allowed)):
        return [f"{at}: {value!r} is not {named}"]
    if "const" in rule and value != rule["const"]:
        return [f"{at}: is not {rule['const']}"]
    if "enum" in rule and value not in rule["enum"]:
        return [f"{at}: {value!r} is not one of {rule['enum']}"]
    if "minimum" in rule and value is not None and value < rule["minimum"]:
        return [f"{at}: {value} is too small"]
    found = []
    if isinstance(value, list):
        for place, item in enumerate(value):
            found += violations(item, rule["items"], whole, f"{at}[{place}]")
    if isinstance(value, dict):
        known, others = rule.get("properties", {}), rule.get("additionalProperties", True)
        found += [f"{at}.{name}: missing" for name in rule.get("required", ()) if name not in value]
        for name, item in value.items():
            if name not in known and others is False:
                found.append(f"{at}.{name}: unknown")
            elif name in known or isinstance(others, dict):
                found += violations(item, known.get(name, others), whole, f"{at}.{name}")
    return found
