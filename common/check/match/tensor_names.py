"""What the name of a tensor says: its role, its layer, and its place among the others."""

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

# In the order in which their tensors are paired: what kernels tell of layers serves the others.
ROLES = {
    "kernel": ("kernel", "weight", "w", "embedding", "embeddings"),
    "mean": ("mean", "running_mean", "moving_mean"),
    "variance": ("var", "variance", "running_var", "moving_variance", "moving_var"),
    "scale": ("scale", "gamma", "g"),
    "bias": ("bias", "beta", "b"),
    "count": ("num_batches_tracked", "count", "step", "iteration", "iterations"),
}
_ROLE = {word: role for role, words in ROLES.items() for word in words}
_COLLECTIONS = ("params", "batch_stats", "state", "model", "module", "state_dict")
_KINDS = {  # the first that is found counts
    "transpose": r"(de|up)_?conv(_?[123]d)?|conv(_?[123]d)?_?t(ranspose)?(_?[123]d)?(?![a-z])",
    "depthwise": r"depthwise(_?conv(_?[123]d)?)?|dw_?conv(_?[123]d)?",
    "conv": r"conv(olution)?(_?[123]d)?(?![a-z0-9])|conv(?=\d)",
    "norm": r"batch_?norm(alization)?(_?[123]d)?(?![a-z])|(?<![a-z])bn|norm(?![a-z])",
    "linear": r"linear|dense|(?<![a-z])fc",
}


def natural_key(name: str) -> list[tuple[int, int, str]]:
    """A key to sort by that puts conv2 before conv10."""
    parts = re.findall(r"\d+|\D+", name)
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts]


def in_order(path: Path, names: Iterable[str]) -> tuple[list[str], bool]:
    """The tensors of a safetensors file in the model's order, as far as it can be known.

    The library sorts by type and name, which says nothing of the model: then the order is that of
    the names, conv2 before conv10, and the second value is False. A file whose values lie in
    another order was written in it.
    """
    natural = sorted(names, key=natural_key)
    with path.open("rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    stored = sorted(natural, key=lambda name: header[name]["data_offsets"])
    by_type: dict[str, list[str]] = {}
    for name in stored:
        by_type.setdefault(header[name]["dtype"], []).append(name)
    by_library = all(group == sorted(group) for group in by_type.values())
    return (natural, False) if by_library else (stored, True)


def role(name: str, shape: Sequence[int]) -> str:
    """One of ROLES, or "" where the name does not say; a vector called weight is a scale."""
    found = _ROLE.get(_role_word(name)[0], "")
    if len(shape) > 1:
        return "kernel" if found in ("", "scale") else found
    return "scale" if found == "kernel" else found


def layer(name: str) -> tuple[str, ...]:
    """The words of a name without its role and its collection: ("block1", "conv"), ("1",) of w1."""
    word, number = _role_word(name)
    words = _words(name)
    if not word:
        return tuple(words)
    return (*words[:-1], number.strip("_")) if number else tuple(words[:-1])


def alike(name: str) -> tuple[str, ...]:
    """The layer in words that the frameworks share: ("conv", "1") of Conv_1, conv1 and conv2d_1."""
    text = " ".join(layer(name))
    for kind_, pattern in _KINDS.items():
        text = re.sub(pattern, f" <{kind_}> ".upper(), text)
    return tuple(re.findall(r"\d+|[a-z]+", text.lower()))


def kind(name: str) -> str:
    """What the layer's name says of it: transpose, depthwise, conv, norm or linear, or ""."""
    return next((kind_ for kind_ in _KINDS if kind_ in alike(name)), "")


def numbered(names: Iterable[str]) -> bool:
    """Whether the names differ in nothing but their numbers, which then tell their order."""
    return len({tuple(w for w in alike(name) if not w.isdecimal()) for name in names}) <= 1


def _words(name: str) -> list[str]:
    text = re.sub(r"(:0|[./](raw_)?value)$", "", name)
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text).lower()
    words = [word for word in re.split(r"[./:|\[\]' ]+", snake) if word]
    while len(words) > 1 and words[0] in _COLLECTIONS:
        words = words[1:]
    return words


def _role_word(name: str) -> tuple[str, str]:
    """The word that tells the role, and a number behind it: ("w", "1") of w1."""
    found = re.fullmatch(r"(.*?)(_?\d*)", (_words(name) or [""])[-1])
    return (found[1], found[2]) if found and found[1] in _ROLE else ("", "")
