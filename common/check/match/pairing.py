"""Pair tensors that only their names, their layers and their order can tell apart."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from common.check.match.tensor_names import alike, kind, layer, numbered, role

Ordered = tuple[bool, bool]
_Chosen = list[tuple[str, str, str]]
Groups = dict[str, tuple[list[str], list[str]]]


@dataclass
class Layers:
    """Which layer of one file is which of the other, as far as its tensors are paired."""

    own: dict[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)
    other: dict[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)
    blocks: set[tuple[tuple[str, ...], tuple[str, ...]]] = field(default_factory=set)

    def learn(self, name: str, other: str) -> None:
        """Two tensors are the same: so are their layers."""
        if layer(name) and layer(other):
            self.own.setdefault(layer(name), layer(other))
            self.other.setdefault(layer(other), layer(name))
            self.blocks.add((layer(name)[:-1], layer(other)[:-1]))

    def same(self, name: str, other: str) -> bool:
        """Whether the two layers are known to be the same."""
        return self.own.get(layer(name)) == layer(other)

    def allow(self, name: str, other: str) -> bool:
        """Whether the two layers are not known to be different."""
        known = self.own.get(layer(name)), self.other.get(layer(other))
        return known[0] in (None, layer(other)) and known[1] in (None, layer(name))

    def same_blocks(self) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
        """The blocks of layers that are known to be each other's, and no third one's."""
        own, other = (Counter(pair[side] for pair in self.blocks) for side in range(2))
        return sorted(pair for pair in self.blocks if own[pair[0]] == other[pair[1]] == 1)


@dataclass(frozen=True)
class Pairs:
    """Pairs with the reason for each, and what is left, with all that it could be."""

    found: _Chosen
    open: dict[str, list[str]]


def pair(own: Sequence[str], other: Sequence[str], layers: Layers, ordered: Ordered) -> Pairs:
    """Pair tensors of one role and shape; `ordered`: whether either list has its model's order."""
    found: _Chosen = []
    left, right = [*own], [*other]

    def take(name: str, match: str, reason: str) -> None:
        left.remove(name)
        right.remove(match)
        layers.learn(name, match)
        found.append((name, match, reason))

    for name in own:
        same = [match for match in right if layers.same(name, match)]
        if len(same) == 1:
            take(name, same[0], "the same layer")
    for choose in (_by_name, _by_block, _by_kind, _by_order):
        for name, match, reason in choose(left, right, layers, ordered):
            take(name, match, reason)
    return Pairs(found, {n: ns for n in left if (ns := _allowed(n, right, layers))})


def _by_name(left: list[str], right: list[str], layers: Layers, ordered: Ordered) -> _Chosen:
    """Layers of the same name, if all on the shorter side have one."""
    by_name: list[dict[tuple[str, ...], str]] = [{alike(n): n for n in ns} for ns in (left, right)]
    one, other = by_name
    shared = one.keys() & other.keys()
    if not shared or len(shared) < min(len(left), len(right)) or () in shared:
        return []
    pairs = [(one[key], other[key], "the same name") for key in one if key in shared]
    return [p for p in pairs if layers.allow(p[0], p[1])]


def _by_block(left: list[str], right: list[str], layers: Layers, ordered: Ordered) -> _Chosen:
    """Within blocks that other tensors have shown to be the same."""
    chosen: _Chosen = []
    for blocks in layers.same_blocks():
        own, other = (
            [n for n in names if layer(n)[:-1] == block]
            for names, block in zip((left, right), blocks, strict=True)
        )
        found = _by_kind(own, other, layers, ordered) or _by_order(own, other, layers, ordered)
        chosen += [(name, match, f"{why} in its block") for name, match, why in found]
    return chosen


def _by_kind(left: list[str], right: list[str], layers: Layers, ordered: Ordered) -> _Chosen:
    """Kinds of layers apart, where both files have as many of each."""
    chosen: _Chosen = []
    kinds = set(map(kind, left))
    if len(kinds) < 2 or sorted(map(kind, left)) != sorted(map(kind, right)):
        return []
    for one in sorted(kinds):
        own, other = ([n for n in names if kind(n) == one] for names in (left, right))
        chosen += _by_order(own, other, layers, ordered)
    return chosen


def _by_order(left: list[str], right: list[str], layers: Layers, ordered: Ordered) -> _Chosen:
    """One by one, if there are as many, and their order means something."""
    if not left or len(left) != len(right):
        return []
    telling = (
        known or numbered(names) for known, names in zip(ordered, (left, right), strict=True)
    )
    if len(left) > 1 and not all(telling):
        return []
    pairs = [*zip(left, right, strict=True)]
    if not all(layers.allow(*p) for p in pairs):
        return []
    reason = "by order" if len(left) > 1 else "alone with its shape"
    return [(*p, reason) for p in pairs]


def _allowed(name: str, right: Iterable[str], layers: Layers) -> list[str]:
    return [match for match in right if layers.allow(name, match)]


def by_role(
    own: Sequence[str], other: Sequence[str], shapes: Sequence[Mapping[str, Sequence[int]]]
) -> Groups:
    """Both lists by role; all together, under "", where the role of one is not known."""
    roles = [{n: role(n, of[n]) for n in ns} for ns, of in zip((own, other), shapes, strict=True)]
    known = [*roles[0].values(), *roles[1].values()]
    if not all(known):
        return {"": ([*own], [*other])}
    return {
        r: ([n for n in own if roles[0][n] == r], [n for n in other if roles[1][n] == r])
        for r in dict.fromkeys(known)
    }
