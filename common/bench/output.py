"""The measurements as cells of a table, as JSON and as a page of Markdown."""

import json
import os
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from common.backends import TITLES
from common.drawing.markdown import table

Measurement = dict[str, Any]  # the fields of a BenchResult, or a request and its "problem"
MEMORY = {
    "process": "of the whole process",
    "device": "of the framework's GPU memory",
}
_FIRST = ("system", "framework", "batch", "ratio", "images/s")
HEADS = {
    "exact": (*_FIRST, "plain", "of matmul", "first", "memory", "data"),
    "fast": (*_FIRST, "float32", "of matmul", "loss", "gradients"),
}
MADE_BY = """Made by `rosetta bench{options}` on {today} with {versions}.

"""
PAGE = """# Speed

The training step of each port compared with a plain loop in the same framework, with the
framework's own layers and optimisers. Both were timed alternately in one process on {cores}
cores{device}. The ratio is port over plain loop: the median of all pairs, with the interquartile
range; below 1 the port is faster. Images/s counts real samples.

"Of matmul" says how near a step is to the machine: its floating-point operations per second, over
those of a product of two 2048×2048 float32 matrices in the same framework, timed in turns with the
step. The operations are those of convolutions and linear layers, counted from their shapes. "First"
is the first step with its tracing and compiling. Memory is the peak {memory}
before the plain loop was built; data is the share of the time that a run, after
its first step, waited for batches.

The plain loops of TensorFlow and JAX use our spectral layers, because these frameworks have no
suitable ones. This page does not compare the frameworks with each other: each was timed alone.

"""
FAST_PAGE = """# Fast precision

The training step of each port with `--precision fast` compared with the same port in float32. Both
were timed alternately in one process on {cores} cores{device}. The ratio is fast over float32: the
median of all pairs, with the interquartile range; below 1 fast is faster. Whether bfloat16 pays
depends on the machine and on the framework.

"Of matmul" is as on [the page on speed](speed.md), but the matrices are bfloat16 too.

The last two columns say how far a step is from float32, with the same weights and inputs: the
discriminator's loss in float32 and what fast adds to it, and the error of the gradients,
‖fast − float32‖ / ‖float32‖ over all parameters of the network where it is larger.

"""


def cells(measurement: Measurement) -> list[str]:
    """The cells for one measurement, in the order of its precision's HEADS."""
    name, heads = TITLES[measurement["backend"]], HEADS[measurement["precision"]]
    if "problem" in measurement:
        return [measurement["system"], name, "", "failed", *[""] * (len(heads) - 4)]
    return [
        measurement["system"],
        name,
        str(measurement["batch_size"]),
        _ratio(measurement),
        f"{measurement['images_per_second']:.0f}",
        f"{measurement['other_images_per_second']:.0f}",
        f"{measurement['matmul_share']:.1%}",
        *_last_cells(measurement),
    ]


def to_json(results: Sequence[Measurement], versions: Mapping[str, Any]) -> str:
    """Every figure, with the number of cores and the versions."""
    report = {"cores": os.cpu_count(), "versions": versions, "results": results}
    return json.dumps(report, indent=1)


def to_markdown(results: Sequence[Measurement], versions: Mapping[str, Any]) -> str:
    """The table with its explanation."""
    named = [f"{name} {version}" for of in versions.values() for name, version in of.items()]
    precision, on = results[0]["precision"], results[0]["device"]
    head = (FAST_PAGE if precision == "fast" else PAGE).format(
        cores=os.cpu_count(),
        device="" if on == "cpu" else f" and {on}",
        memory=MEMORY["process" if on == "cpu" else "device"],
    )
    made = MADE_BY.format(
        options=" --precision fast" if precision == "fast" else "",
        today=date.today(),
        versions=", ".join(named),
    )
    rows = [[f"`{first}`", *rest] for first, *rest in map(cells, results)]
    return head + made + table(HEADS[precision], rows)


def _last_cells(measurement: Measurement) -> list[str]:
    far = measurement["divergence"]
    if far is None:
        first = f"{measurement['first_step_seconds']:.1f} s"
        return [first, _memory(measurement), f"{measurement['data_share']:.1%}"]
    added = far["fast_loss"] - far["exact_loss"]
    loss = f"{far['exact_loss']:.4g} {added:+.1g}"
    return [loss, f"{far['gradient_error']:.1%}"]


def _ratio(measurement: Measurement) -> str:
    low, middle, high = (measurement[name] for name in ("ratio_low", "ratio", "ratio_high"))
    return f"{middle:.2f} ({low:.2f}-{high:.2f})"


def _memory(measurement: Measurement) -> str:
    size = measurement["peak_memory_mb"]
    words = "unknown" if size is None else f"{size:.0f} MB"
    return words if measurement["memory_of"] == "process" else f"{words} on the GPU"
