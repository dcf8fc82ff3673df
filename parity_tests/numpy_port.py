"""A port in NumPy as a text, in which tests change a line: a small perceptron trained by SGD."""

from pathlib import Path

from common.check.check import check
from common.check.options import Options
from common.check.outcome import Outcome
from common.check.ports import parse_ports

PORT = """
import numpy as np


def weights(rng):
    return {"w1": rng.standard_normal((5, 7)), "w2": rng.standard_normal((7, 1))}


def inputs(rng):
    return {"x": rng.standard_normal((6, 5)), "y": rng.standard_normal(6)}


def build(weights):
    return dict(weights)


def step(model, inputs):
    x, y = inputs["x"], inputs["y"]
    hidden = x @ model["w1"]
    hidden = yield "hidden", hidden
    active = np.where(hidden > 0, hidden, 0.1 * hidden)
    output = (active @ model["w2"])[:, 0]
    output = yield "output", output
    loss = ((output - y) ** 2).mean()
    yield "loss", loss
    of_output = (2 * (output - y) / len(y))[:, None]
    gradients = {"w2": active.T @ of_output}
    of_hidden = of_output @ model["w2"].T * np.where(hidden > 0, 1, 0.1)
    gradients["w1"] = x.T @ of_hidden
    gradients = yield "backward", {f"{name} gradient": gradients[name] for name in gradients}
    model = {name: model[name] - 0.1 * gradients[f"{name} gradient"] for name in model}
    model = yield "update", model
    return model
"""


def write_port(path: Path, *changes: tuple[str, str]) -> Path:
    """The port with some of its text changed."""
    text = PORT
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path.write_text(text)
    return path


def checked(*paths: Path, **options: object) -> Outcome:
    """The outcome for these NumPy ports, in float64 unless asked otherwise."""
    ports = parse_ports([f"numpy:{path}" for path in paths])
    given = {"dtypes": ("float64",), "steps": 2, **options}
    return check(Options(ports=ports, **given))  # type: ignore[arg-type]
