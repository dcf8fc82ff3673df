"""What was measured, as a table's cells, as JSON and as a page of Markdown."""

import json
import os
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from common.backends import TITLES
from common.drawing.markdown import table

Row = dict[str, Any]
MEMORY = {
    "process": "of the whole process",
    "device": "of the card's memory that the framework held",
}
HEADS = ("system", "framework", "batch", "ratio", "images/s", "plain", "memory", "data")
PAGE = """# Speed

A step of each port beside the plainest loop of its own framework, on that framework's own layers
and optimisers, timed in turns in one process on {cores} cores{device}: the median of the pairs'
ratios, with their middle half. Below 1 the port is the faster one. Images are real samples a
second; memory is the peak {memory} before the plain loop was
built; data is the share of the time that a run of that system, once begun, waited for its batches.

The plain loops of TensorFlow and JAX keep our spectral layers, having none to compare with.
Frameworks are not to be compared by this page: each was timed by itself.

Made by `rosetta bench` on {today} with {versions}.

"""


def cells(row: Row) -> list[str]:
    """One system in one framework, under HEADS."""
    name = TITLES[row["backend"]]
    if "problem" in row:
        return [row["system"], name, "", "failed", "", "", "", ""]
    return [
        row["system"],
        name,
        str(row["batch_size"]),
        f"{row['ratio']:.2f} ({row['ratio_low']:.2f}-{row['ratio_high']:.2f})",
        f"{row['images_per_second']:.0f}",
        f"{row['plain_images_per_second']:.0f}",
        _memory(row),
        f"{row['data_share']:.1%}",
    ]


def to_json(results: Sequence[Row], versions: Mapping[str, Any]) -> str:
    """Every figure, with what it was measured on."""
    about = {"cores": os.cpu_count(), "versions": versions, "results": results}
    return json.dumps(about, indent=1)


def to_markdown(results: Sequence[Row], versions: Mapping[str, Any]) -> str:
    """The table with its explanation."""
    named = [f"{name} {version}" for of in versions.values() for name, version in of.items()]
    device = "" if results[0]["device"] == "cpu" else f" and {results[0]['device']}"
    head = PAGE.format(
        cores=os.cpu_count(),
        device=device,
        memory=MEMORY["process" if results[0]["device"] == "cpu" else "device"],
        today=date.today(),
        versions=", ".join(named),
    )
    rows = [[f"`{first}`", *rest] for first, *rest in map(cells, results)]
    return head + table(HEADS, rows)


def _memory(row: Row) -> str:
    size = row["peak_memory_mb"]
    words = "unknown" if size is None else f"{size:.0f} MB"
    return words if row["memory_of"] == "process" else f"{words} on the card"
