"""The hyper-parameters at the top of an ejected script, with what their source says of them."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from common import ROOT
from common.systems import System
from common.systems.options import options_of


def constants(backend: str, system: System) -> dict[str, Any]:
    """Every constant that a script of this system may use, by its name there."""
    named: dict[str, Any] = {
        name.upper(): value
        for name, value in options_of(system).items()
        if not isinstance(value, str)
    }
    shape = system.sample_shape
    last = backend in ("tf", "jax")
    named["SAMPLE_SHAPE"] = (*shape[1:], shape[0]) if last and len(shape) == 3 else shape
    named["MASK_SHAPES"] = tuple(
        (*mask.shape[1:], mask.shape[0]) if last else mask.shape for mask in system.networks.masks
    )
    return named


def assignments(backend: str, system: System, text: str) -> str:
    """Those constants that the text uses, one a line, after their source."""
    comments = _comments(system.name)
    lines = [f"# Source: {system.source}.", f"# Paper: {system.citation}."]
    for name, value in constants(backend, system).items():
        if re.search(rf"\b{name}\b", text):
            comment = comments.get(name.lower())
            lines.append(f"{name} = {_literal(value)}" + (f"  # {comment}" if comment else ""))
    return "\n".join(lines)


def keywords(system: System, part: str, values: Mapping[str, Any]) -> list[str]:
    """Keyword arguments of a part, "generator" or "discriminator", by the constants' names."""
    known = constants("", system)
    arguments = []
    for name, value in values.items():
        candidates = [f"{before}{name}".upper() for before in ("", f"{part}_", "wasserstein_")]
        found = [each for each in candidates if each in known and known[each] == value]
        arguments.append(f"{name}={found[0] if found else _literal(value)}")
    return arguments


def _literal(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)


@cache
def _comments(name: str) -> dict[str, str]:
    """The comment at the end of the line of each option, where a system is defined."""
    for path in sorted((ROOT / "common" / "systems").glob("*.py")):
        block = re.search(
            rf'^{name.upper()} = System\(\n    name="{name}".*?^\)',
            path.read_text(encoding="utf-8"),
            flags=re.MULTILINE | re.DOTALL,
        )
        if block is not None:
            return dict(re.findall(r"^ +(\w+)=[^#\n]*,  # (.+)$", block[0], flags=re.MULTILINE))
    return {}
