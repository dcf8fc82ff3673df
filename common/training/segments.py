"""Who made a run: a segment for each time that it was started or resumed."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from common import UsageError
from common.backends import TITLES, VERSION_KEYS, Backend
from common.training.options import Run

Segment = dict[str, Any]  # first_step, last_step, backend, environment, devices, command


def new_segment(backend: Backend, *, first_step: int, last_step: int) -> Segment:
    """The segment of a session that is about to train these steps."""
    return {
        "first_step": first_step,
        "last_step": last_step,
        "backend": backend.name,
        "environment": backend.device.environment(),
        "devices": backend.parallel.shards().total,
        "command": sys.argv[1:],
    }


def earlier_segments(run: Run, first_step: int) -> list[Segment]:
    """The segments before a step, from the run's config.json; none if it cannot be read."""
    try:
        config = json.loads((run.out / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    earlier = (s for s in segments_of(config) if s["first_step"] < first_step)
    return [s | {"last_step": min(s["last_step"], first_step - 1)} for s in earlier]


def segments_of(config: Mapping[str, Any]) -> list[Segment]:
    """The segments of a run; runs of version 0.1.0 and before have one."""
    if "segments" in config:
        return list(config["segments"])
    one = {name: config.get(name) for name in ("backend", "command")}
    steps = {"first_step": config.get("first_step", 1), "last_step": config.get("steps", 0)}
    return [{**steps, **one, "environment": config.get("environment", {})}]


def maker(segment: Segment) -> str:
    """The framework of a segment with its version, as in "PyTorch 2.13.0"."""
    name = segment["backend"]
    version = segment["environment"].get(VERSION_KEYS[name], "")
    return f"{TITLES[name]} {version.partition('+')[0]}".strip()


def makers(segments: Sequence[Segment]) -> str:
    """Who made a run, as in "PyTorch 2.13.0 (steps 1 to 300), JAX/Flax NNX 0.7.1 (from 301)"."""
    if len(segments) == 1:
        return maker(segments[0])
    *first, last = segments
    spans = [f"{maker(s)} (steps {s['first_step']} to {s['last_step']})" for s in first]
    return ", ".join([*spans, f"{maker(last)} (from step {last['first_step']})"])


def variant_of(folder: Path, config: Mapping[str, Any]) -> str:
    """The only backend that made a run, with its precision if that was fast: "torch, fast".

    Raises:
        UsageError: several did.
    """
    names = list(dict.fromkeys(_variant(segment) for segment in segments_of(config)))
    if len(names) > 1:
        raise UsageError(
            f"{folder}: was trained in {' and in '.join(names)}; a comparison of frameworks needs "
            "runs that one of them made alone"
        )
    return names[0]


def variant_title(variant: str) -> str:
    """The name of a variant in full, as in "PyTorch, fast"."""
    backend, _, precision = variant.partition(", ")
    return ", ".join(part for part in (TITLES[backend], precision) if part)


def _variant(segment: Segment) -> str:
    backend = str(segment["backend"])
    return f"{backend}, fast" if segment["environment"].get("mixed") == "True" else backend
