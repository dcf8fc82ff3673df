"""Facts about one system: its options, its layers from the parameter contract, measured errors."""

import json
from math import log10, prod
from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from common import ROOT, UsageError
from common.backends import BACKENDS, TITLES
from common.contract import Parameter, count_trainable, network_contract
from common.drawing import markdown
from common.systems import System, find_system
from common.systems.options import options_of
from idiom_book.translations import FOLDER

RESULTS = ROOT / "docs" / "results" / "cpu.json"
# By whether the page is Chinese.
NETWORKS = {
    True: {"generator": "生成器", "discriminator": "判别器"},
    False: {"generator": "generator", "discriminator": "discriminator"},
}
LABELS = {
    True: ("来源", "生成器的参数个数", "判别器的参数个数"),
    False: ("source", "parameters of the generator", "parameters of the discriminator"),
}
COLUMNS = {True: ("变体", "损失", "类别", "类型"), False: ("variant", "loss", "kind", "type")}
CAPTIONS = {
    True: "各层按前向次序排列，数字为可训练参数的个数；横条取对数刻度。",
    False: "Layers in forward order with their trainable parameters; bars on a logarithmic scale.",
}
# Two lines of a narrow column: a browser would break 4e-05 after its hyphen and before a slash.
JOINER, NO_BREAK = "\N{WORD JOINER}", "\N{NO-BREAK SPACE}"


class OfSystem(SphinxDirective):
    """A directive whose argument is the name of a system."""

    required_arguments = 1

    @property
    def system(self) -> System:
        """The system of that name.

        Raises:
            DirectiveError: there is no such system.
        """
        try:
            return find_system(self.arguments[0])
        except UsageError as error:
            raise self.error(str(error)) from None

    @property
    def chinese(self) -> bool:
        """Whether the page is in Chinese."""
        return bool(self.env.docname.startswith(FOLDER))

    def run(self) -> list[nodes.Node]:
        """The nodes that replace the directive."""
        raise NotImplementedError

    def table(self, heads: list[str], rows: list[list[str]]) -> list[nodes.Node]:
        """A table of Markdown cells."""
        return self.parse_text_to_nodes(markdown.table(heads, rows))


class Facts(OfSystem):
    """Where the system comes from and all its options."""

    def run(self) -> list[nodes.Node]:
        """Citation, parameter counts and options."""
        system = self.system
        counts = (f"{count_trainable(system, name):,}" for name in NETWORKS[False])
        values = (f"{system.source}; {system.citation}", *counts)
        rows = [list(row) for row in zip(LABELS[self.chinese], values, strict=True)]
        rows += [[f"`{name}`", f"`{value}`"] for name, value in options_of(system).items()]
        return self.table(["", system.title], rows)


class ParityFigures(OfSystem):
    """How far each framework was from the float64 reference in the last full comparison."""

    def run(self) -> list[nodes.Node]:
        """One table row per case and type; an error is the largest of any tensor."""
        self.env.note_dependency(str(RESULTS))
        report = json.loads(RESULTS.read_text(encoding="utf-8"))
        by_case: dict[tuple[str, ...], dict[str, str]] = {}
        for case in report["cases"]:
            name, _, variant = case["system"].partition(".")
            if name != self.system.name or case["device"] != "cpu":
                continue
            key = (variant, case["loss"], case["kind"], case["dtype"])
            verdict = "" if case["ok"] else " **disagrees**"
            errors = f"{case['before']:.0e}{NO_BREAK}/ {_last(case):.0e}{verdict}"
            by_case.setdefault(key, {})[case["backend"]] = errors.replace("-", f"-{JOINER}")
        heads = [*COLUMNS[self.chinese], *(TITLES[name] for name in BACKENDS)]
        rows = [
            [*key, *(errors.get(name, "") for name in BACKENDS)] for key, errors in by_case.items()
        ]
        return self.table(heads, rows)


class Architecture(OfSystem):
    """Both networks, layer by layer, drawn from the parameter contract."""

    def run(self) -> list[nodes.Node]:
        """A list a network: every layer with its number of parameters, over a bar."""
        system = self.system
        names = NETWORKS[self.chinese]
        layers = {name: _layers(network_contract(system, name)) for name in names}
        biggest = max(log10(count + 1) for rows in layers.values() for _, _, count in rows)
        lists = "".join(
            f'<div><p class="network">{title}</p><ol aria-label="{title}">'
            f"{''.join(_drawn(row, biggest) for row in layers[name])}</ol></div>"
            for name, title in names.items()
        )
        figure = (
            f'<figure class="architecture"><div class="networks">{lists}</div>'
            f"<figcaption>{CAPTIONS[self.chinese]}</figcaption></figure>"
        )
        return [nodes.raw("", figure, format="html")]


def _last(case: dict[str, Any]) -> float:
    return float(max(case["after_first"], case["after_five"]))


def _layers(parameters: tuple[Parameter, ...]) -> list[tuple[str, str, int]]:
    """Each layer with its kind, in forward order, and its number of trainable parameters."""
    by_module: dict[str, list[Parameter]] = {}
    for parameter in parameters:
        by_module.setdefault(parameter.module, []).append(parameter)
    return [
        (module, _kind(tensors), sum(prod(t.shape) for t in tensors if t.trainable))
        for module, tensors in by_module.items()
    ]


def _kind(tensors: list[Parameter]) -> str:
    first = tensors[0]
    spectral = ", spectral" if any(t.kind.startswith("spectral") for t in tensors) else ""
    size = first.shape
    match first.kind:
        case "linear":
            return f"linear {size[1]} → {size[0]}{spectral}"
        case "conv":
            return f"conv {size[2]}×{size[3]}, {size[1]} → {size[0]}{spectral}"
        case "conv_transpose":
            return f"transposed conv {size[2]}×{size[3]}, {size[0]} → {size[1]}{spectral}"
    return f"batch norm {size[0]}"


def _drawn(row: tuple[str, str, int], biggest: float) -> str:
    module, kind, count = row
    sort = "norm" if kind.startswith("batch norm") else "weights"
    return (
        f'<li class="{sort}" style="--share: {log10(count + 1) / biggest:.1%}">'
        f'<span class="layer">{module}</span> '
        f'<span class="kind">{kind.replace(" → ", f"{NO_BREAK}→{NO_BREAK}")}</span> '
        f'<span class="count">{count:,}</span></li>'
    )
