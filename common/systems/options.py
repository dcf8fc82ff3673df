"""A system's options by name, as in `--set key=value`, command-line flags and checkpoints."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any

from common import UsageError
from common.systems.losses import LOSSES
from common.systems.networks import DCGAN, MLP
from common.systems.optimisers import OPTIMISERS
from common.systems.schedules import Alternating, MixedBatch, SharedFakes, WarmUp
from common.systems.system import System

Value = int | float | str
Options = dict[str, Value]
IDENTITY = ("name", "title", "source", "citation")
# Options that select the class of a part, with the classes to choose from.
CHOICES: Mapping[str, Mapping[str, type]] = MappingProxyType(
    {
        "architecture": {"dcgan": DCGAN, "mlp": MLP},  # of `wgan`
        "loss": LOSSES,
        "optimiser": OPTIMISERS,
    }
)
PARTS = {"architecture": "networks", "loss": "loss", "optimiser": "optimiser"}


def options_of(system: System) -> Options:
    """Every option of a system and its value, by the name used in `--set`."""
    return dict(_flat(system))


def _flat(part: Any) -> Iterator[tuple[str, Value]]:
    for field in fields(part):
        value = getattr(part, field.name)
        if field.name in IDENTITY or value is None:
            continue
        if not is_dataclass(value):
            yield field.name, value
            continue
        yield from _class_options(value)
        yield from _flat(value)


def _class_options(part: Any) -> Iterator[tuple[str, Value]]:
    """The option that selects the class of a part, where there is a choice."""
    yield from ((k, part.name) for k, kinds in CHOICES.items() if type(part) in kinds.values())
    if isinstance(part, SharedFakes | MixedBatch):
        yield "noise_reuse", part.noise_reuse


def apply_settings(system: System, assignments: Iterable[str]) -> System:
    """The system with `key=value` assignments applied.

    Raises:
        UsageError: an assignment without `=`, a key that the system, its loss or its optimiser does
            not have, a value of the wrong type or out of range, or options that cannot be combined.
    """
    changes = {}
    for assignment in assignments:
        key, separator, text = assignment.partition("=")
        if not separator:
            raise UsageError(f"--set takes key=value, not {assignment!r}")
        changes[key] = text
    return with_options(system, changes)


def with_options(system: System, changes: Mapping[str, Value]) -> System:
    """The system with some options changed and its parts rebuilt.

    Raises:
        UsageError: as `apply_settings`.
    """
    options = options_of(system)
    kinds = {key: _kind(system, key, changes) for key in CHOICES if key in options}
    parts = {PARTS[key]: kind for key, kind in kinds.items()}
    parts.setdefault("networks", type(system.networks))
    parts["schedule"] = _schedule(system, changes)
    known = {name: kind for part in parts.values() for name, kind in _types(part)}
    known |= {name: kind for name, kind in (*_types(System), *_types(WarmUp)) if name in options}
    for key, value in changes.items():
        if key not in known and key not in kinds and key != "noise_reuse":
            raise UsageError(_unknown(system, key, {**options, **changes}))
        if key in known:
            options[key] = _parse(key, value, known[key])
    built = {name: _build(part, options) for name, part in parts.items()}
    own: dict[str, Any] = {name: options[name] for name, _ in _types(System) if name in options}
    return replace(system, **own, **built)


def _kind(system: System, key: str, changes: Mapping[str, Value]) -> type:
    """The class of a part: the one named in the changes, or else the present one."""
    present = getattr(system, PARTS[key])
    name = str(changes.get(key, present.name))
    if name not in CHOICES[key]:
        raise UsageError(f"{key}={name}: choose one of: {', '.join(CHOICES[key])}")
    return CHOICES[key][name]


def _schedule(system: System, changes: Mapping[str, Value]) -> type:
    """The class of the schedule, which depends on `noise_reuse`."""
    present = system.schedule
    reuse = changes.get("noise_reuse", present.noise_reuse)
    if isinstance(present, MixedBatch):
        if reuse != "fake":
            raise UsageError(f"noise_reuse={reuse}: {system.name} has one mixed batch, of fakes")
        return MixedBatch
    if reuse == "fake":
        _require_one_each(system, changes)
        return SharedFakes
    if reuse not in ("fresh", "same"):
        raise UsageError(f"noise_reuse={reuse}: choose one of: fresh, same, fake")
    return Alternating


def _require_one_each(system: System, changes: Mapping[str, Value]) -> None:
    """Require one update of each network and no warm-up, for shared fakes."""
    present = system.schedule
    if isinstance(present, Alternating) and present.warm_up:
        raise UsageError(f"noise_reuse=fake: {system.name} has a warm-up; use fresh or same")
    for name in ("discriminator_steps", "generator_steps"):
        if str(changes.get(name, getattr(present, name, 1))) != "1":
            raise UsageError(
                "noise_reuse=fake: one discriminator step and one generator step share the "
                "fakes; add --set noise_reuse=fresh"
            )


def _types(part: type) -> Iterator[tuple[str, type]]:
    """The options of a part with their types."""
    for field in fields(part):
        if field.type in (int, float, str):
            yield field.name, field.type


def _build(part: type, options: Options) -> Any:
    given: dict[str, Any] = {name: options[name] for name, _ in _types(part) if name in options}
    warm: dict[str, Any] = {name: options[name] for name, _ in _types(WarmUp) if name in options}
    if part is Alternating and warm:
        given["warm_up"] = WarmUp(**warm)
    return part(**given)


def _unknown(system: System, key: str, options: Mapping[str, Value]) -> str:
    """The message for an option that the system does not have."""
    for chooser, kinds in CHOICES.items():
        owners = [name for name, kind in kinds.items() if key in dict(_types(kind))]
        if owners and chooser in options:
            return (
                f"{key}: {chooser}={options[chooser]} does not read it; leave it out, or set "
                f"{chooser}={' or '.join(owners)}"
            )
    near = get_close_matches(key, options_of(system), n=2)
    hint = f"did you mean {' or '.join(near)}? " if near else ""
    return f"{system.name} has no option {key!r}; {hint}it has: {', '.join(options_of(system))}"


def _parse(key: str, value: Value, kind: type) -> Value:
    if kind is str or not isinstance(value, str):
        return value
    try:
        number = kind(value)
    except ValueError:
        words = "a whole number" if kind is int else "a number"
        raise UsageError(f"{key}={value}: must be {words}") from None
    if number != number or number in (float("inf"), float("-inf")):
        raise UsageError(f"{key}={value}: must be finite")
    return number  # type: ignore[no-any-return]
