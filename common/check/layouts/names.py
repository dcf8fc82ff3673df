"""How a port's names and layouts map to those that all ports share."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from common.check.layouts.patterns import groups, sides
from common.check.layouts.placement import Rearrangement

# What a framework's own layers call their tensors, and how they lay them out.
_KERNELS = (
    ("*.kernel", "*.weight", "d h w i o -> o i d h w"),
    ("*.kernel", "*.weight", "h w i o -> o i h w"),
    ("*.kernel", "*.weight", "w i o -> o i w"),
    ("*.kernel", "*.weight", "i o -> o i"),
)
_FEATURE_MAPS = ("n h w c -> n c h w", "n d h w c -> n c d h w")
CONVENTIONS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "jax": (
        *_KERNELS,
        ("*.scale", "*.weight", ""),
        ("*.embedding", "*.weight", ""),
        ("*.mean", "*.running_mean", ""),
        ("*.var", "*.running_var", ""),
    ),
    "tf": (
        *_KERNELS,
        ("*.gamma", "*.weight", ""),
        ("*.beta", "*.bias", ""),
        ("*.embeddings", "*.weight", ""),
        ("*.moving_mean", "*.running_mean", ""),
        ("*.moving_variance", "*.running_var", ""),
    ),
}


@dataclass(frozen=True)
class Rule:
    """A name of a port, the shared name, both with `*` for any text, and the layout between."""

    own: str
    shared: str
    layout: Rearrangement | None = None

    def to_shared(self, name: str, rank: int | None) -> str | None:
        """The shared name of a port's array, if the rule is for it and, if given, its axes."""
        return _renamed(name, self.own, self.shared) if self._fits(rank, 0) else None

    def to_own(self, name: str, rank: int) -> str | None:
        """The port's name of a shared array, if the rule is for that name and number of axes."""
        return _renamed(name, self.shared, self.own) if self._fits(rank, 1) else None

    def _fits(self, rank: int | None, side: int) -> bool:
        if rank is None or self.layout is None:
            return True
        return len(groups(sides(self.layout.pattern)[side])) == rank


@dataclass
class Names:
    """The rules that a port declares, its framework's conventions, and layouts found by value.

    Conventions are for what is traced: a yielded array is matched by the declared rules alone.
    """

    declared: Sequence[Rule] = ()
    conventions: Sequence[Rule] = ()
    feature_maps: Sequence[Rearrangement] = ()
    by_value: list[Rule] = field(default_factory=list)  # for what is traced
    found: dict[str, Rearrangement] = field(default_factory=dict)  # by shared name, likewise

    def to_shared(
        self, name: str, rank: int, *, traced: bool, parameter: bool = False
    ) -> tuple[str, Rearrangement | None]:
        """The shared name of an array, and the layout that turns it into the shared one."""
        base, rest = split_name(name)
        given = "/input" in rest  # what a layer is given has not the layout of its output
        rules = [*self.declared, *(self.by_value if traced else ())]
        fitting = (r for r in rules if r.to_shared(base, None if given else rank) is not None)
        rule = next(fitting, None)
        layout = rule.layout if rule and not given else None
        base = (rule.to_shared(base, None) if rule else None) or base
        if traced and layout is None:
            usual = next((r for r in self.conventions if r.to_shared(base, rank) is not None), None)
            if usual and not given:
                base, layout = usual.to_shared(base, rank) or base, usual.layout
            elif not parameter:
                fitting = (m for m in self.feature_maps if Rule("", "", m)._fits(rank, 0))
                layout = next(fitting, None)
        return base + rest, self.found.get(base, layout) if traced else layout

    def to_own(self, name: str, rank: int) -> tuple[str, Rearrangement | None]:
        """The port's name of a shared array, and the layout whose `undo` makes it the port's."""
        rule = next((r for r in self.declared if r.to_own(name, rank) is not None), None)
        if rule is None:
            return name, None
        return rule.to_own(name, rank) or name, rule.layout


def parse_names(declared: Any, framework: str, *, conventions: bool) -> Names:
    """The rules of a port file's `names`, and those of its framework.

    Raises:
        ValueError: `names` is not a dict of such rules; the message says how one is written.
    """
    if not isinstance(declared, Mapping):
        raise ValueError('names is not a dict; write names = {"fc.kernel": ("fc.weight", …)}')
    rules = [_rule(own, target) for own, target in declared.items()]
    if not conventions or framework not in CONVENTIONS:
        return Names(rules)
    usual = [
        Rule(own, shared, Rearrangement(pattern) if pattern else None)
        for own, shared, pattern in CONVENTIONS[framework]
    ]
    return Names(rules, usual, [Rearrangement(pattern) for pattern in _FEATURE_MAPS])


def split_name(name: str) -> tuple[str, str]:
    """A name without the call's number and the slot, and those: "conv1#2", "fc.weight/momentum"."""
    found = re.match(r"[^#/]*", name)
    base = found.group() if found else name
    return base, name[len(base) :]


def _rule(own: str, target: Any) -> Rule:
    parts = list(target) if isinstance(target, list | tuple) else [target]
    options = parts.pop() if parts and isinstance(parts[-1], Mapping) else {}
    pattern = parts.pop() if parts and "->" in str(parts[-1]) else ""
    shared = parts.pop() if parts else own
    if parts or not isinstance(shared, str) or not isinstance(pattern, str):
        raise ValueError(
            f"names[{own!r}] is not a name, a pattern or both; write for instance "
            f'"{own}": ("fc.weight", "i o -> o i")'
        )
    return Rule(own, shared, _layout(own, pattern, options) if pattern else None)


def _layout(own: str, pattern: str, options: Mapping[str, Any]) -> Rearrangement:
    sizes = {k: v for k, v in options.items() if k not in ("flip", "order", "axis")}
    left, right = sides(pattern)
    names = [sorted(_axes(side)) for side in (left, right)]
    unknown = (set(sizes) | set(str(options.get("flip", "")).split())) - set(names[0])
    if names[0] != names[1] or unknown or not all(isinstance(v, int) for v in sizes.values()):
        raise ValueError(
            f"names[{own!r}]: {pattern!r} with {dict(options)} is not a layout; both sides name "
            'the same axes, as in "(h w c) o -> o (c h w)", {"h": 4, "w": 4}'
        )
    flips = tuple(str(options.get("flip", "")).split())
    order = tuple(options.get("order", ()))
    return Rearrangement(pattern, sizes, flips, order, options.get("axis", 0))


def _axes(side: str) -> Iterator[str]:
    return (name for names in groups(side) for name in names)


def _renamed(name: str, pattern: str, target: str) -> str | None:
    """The name under the target pattern, if it fits the first; `*` stands for the same text."""
    parts = [re.escape(part) for part in pattern.split("*")]
    found = re.fullmatch("(.*)".join(parts), name)
    if not found:
        return None
    texts = iter(found.groups())
    return re.sub(r"\*", lambda star: next(texts, ""), target)
