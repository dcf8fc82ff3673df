"""`rosetta systems` and `rosetta params`."""

import json
from typing import Any

from rich.console import Console
from rich.table import Table

from common.cli.application import AsJson, Settings, SystemName, app
from common.contract import contract, count_trainable
from common.systems import SYSTEMS, find_system
from common.systems.options import apply_settings, options_of


@app.command()
def systems(as_json: AsJson = False) -> None:
    """List the systems with their sizes, parameter counts and sources."""
    if as_json:
        print(json.dumps([_system(name) for name in SYSTEMS], indent=1, ensure_ascii=False))
        return
    table = Table("system", "title and source", "loss", "parameters", show_lines=True)
    for name, system in SYSTEMS.items():
        g, d = (count_trainable(system, network) for network in ("generator", "discriminator"))
        source = f"{system.title}\n[dim]{system.source}; {system.citation}[/dim]"
        table.add_row(name, source, system.loss.name, f"G {g:>10,}\nD {d:>10,}")
    Console().print(table)


@app.command()
def params(name: SystemName, settings: Settings = None, as_json: AsJson = False) -> None:
    """List every tensor of a system's networks, in forward order, generator first."""
    system = apply_settings(find_system(name), settings or ())
    tensors = [
        {
            "name": p.name,
            "network": p.network,
            "kind": p.kind,
            "shape": list(p.shape),
            "trainable": p.trainable,
        }
        for p in contract(system)
    ]
    if as_json:
        print(json.dumps(tensors, indent=1))
        return
    table = Table("network", "name", "kind", "shape")
    for tensor in tensors:
        shape = " × ".join(map(str, tensor["shape"]))  # type: ignore[call-overload]
        table.add_row(str(tensor["network"]), str(tensor["name"]), str(tensor["kind"]), shape)
    Console().print(table)
    Console().print(f"--set takes: {', '.join(options_of(system))}", highlight=False)


def _system(name: str) -> dict[str, Any]:
    system = SYSTEMS[name]
    return {
        "name": name,
        "title": system.title,
        "source": system.source,
        "citation": system.citation,
        "parameters": {net: count_trainable(system, net) for net in ("generator", "discriminator")},
        "options": options_of(system),
    }
