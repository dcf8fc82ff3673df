"""What ports have to fulfil before a comparison of them means anything."""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

import numpy as np

from common import UsageError, unknown
from common.check.layouts.rearrangement import find
from common.check.outcome import Comparison
from common.check.ports import PortFile
from common.check.runs import Key, Run, Values
from common.check.sessions import PortError
from common.parity.bounds import CHECK_FLOOR

Ports = Mapping[str, PortFile]


def align_phases(runs: Mapping[str, Run]) -> None:
    """Give what ports yield under one name in one step the phase that the first port gives it."""
    phases: dict[tuple[int, str], str] = {}
    for run in runs.values():
        for key in list(run.arrays):
            if run.own[key].traced and (key.step, key.name) not in phases:
                continue
            phase = phases.setdefault((key.step, key.name), key.phase)
            aligned = key._replace(phase=phase)
            if not run.own[key].traced and aligned not in run.arrays:
                run.arrays = {aligned if k == key else k: v for k, v in run.arrays.items()}
                run.own = {aligned if k == key else k: v for k, v in run.own.items()}


def require_same_names(runs: Mapping[str, Run], ports: Ports) -> None:
    """Every name that one port yields has to be known of each other port.

    Raises:
        PortError: names the port that lacks one.
        UsageError: no array is known of two ports.
    """
    for name, run in runs.items():
        wanted = [key for key in run.arrays if not run.own[key].traced]
        for other, theirs in runs.items():
            lacking = next((key for key in wanted if key not in theirs.arrays), None)
            if lacking:
                at = f" at step {lacking.step}" if lacking.step > 1 else ""
                raise PortError(
                    ports[other],
                    f"{ports[other].path}: does not yield {lacking.name!r}{at}, which "
                    f"{ports[name].path} does; yield it in both, or map the name in names = {{…}}",
                    usage=True,
                )
    computed = [{k for k in run.arrays if k.phase != "weights"} for run in runs.values()]
    if len(runs) > 1 and not any(
        one & two for one in computed for two in computed if one is not two
    ):
        files = " and ".join(str(ports[name].path) for name in runs)
        raise UsageError(
            f"{files} have no array in common; yield the same names in both, as in yield "
            "\"loss\", loss, or map one's names to the other's in names = {…}"
        )


def require_finite(reference: Mapping[Key, Values], port: PortFile) -> None:
    """The reference has to be finite.

    Raises:
        PortError: it is not: there is nothing to judge by.
    """
    for key, values in reference.items():
        if not np.isfinite(values).all():
            raise PortError(
                port,
                f"{port.path}: the reference holds a NaN or an infinity in {key.name!r} at step "
                f"{key.step} ({key.phase}), so there is nothing to judge by; give it smaller "
                "weights or inputs, or name another port: --reference NAME",
                usage=True,
            )


def require_dependence(run: Run, moved: Run, ports: Ports) -> None:
    """Something that is computed has to change when the inputs do.

    Raises:
        UsageError: nothing does, so that agreement would mean nothing.
    """
    computed = [k for k in run.arrays if k.phase in ("forward", "loss", "backward")]
    computed = computed or [k for k in run.arrays if k.phase != "weights"]
    if all(np.array_equal(run.arrays[k], moved.arrays.get(k, np.empty(0))) for k in computed):
        files = " and ".join(str(port.path) for port in ports.values())
        raise UsageError(
            f"nothing that {files} compute depends on the inputs: agreement would mean nothing; "
            "yield what step computes from its inputs"
        )


def require_known(patterns: Sequence[str], reference: Mapping[Key, Values]) -> None:
    """Every pattern of what is left out has to match an array.

    Raises:
        UsageError: one matches none.
    """
    names = {key.name for key in reference}
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in names):
            raise unknown("array in --leave-out", pattern, sorted(names))


def require_shapes(
    failures: Sequence[Comparison], run: Run, reference: Mapping[Key, Values], port: PortFile
) -> None:
    """What ports yield under one name has to have one shape, but for axes of length one.

    Raises:
        PortError: the first failure is a yielded array of another shape.
    """
    if not failures or not failures[0].reason.startswith("shape"):
        return
    key = failures[0].key
    values, goal = run.arrays[key], reference[key]
    if run.own[key].traced or values.squeeze().shape == goal.squeeze().shape:
        return
    layout = find(values, goal, CHECK_FLOOR["float64"]["backward"])
    hint = f"; the values fit names = {{{key.name!r}: {layout.declaration}}}" if layout else ""
    raise PortError(
        port,
        f"{port.path}: yields {key.name!r} in shape {values.shape}, not {goal.shape} as the "
        f"reference; yield it so, or declare its layout in names{hint}",
        usage=True,
    )


def single_in_double(run: Run) -> bool:
    """Whether a float64 run computed everything in a shorter type: the port cannot do float64."""
    types = {run.own[k].dtype for k in run.arrays if k.phase in ("forward", "loss")}
    floats = {name for name in types if "float" in name}
    return bool(floats) and "float64" not in floats
