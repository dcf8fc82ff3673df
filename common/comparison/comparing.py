"""Recordings held against the float64 truth, tensor by tensor."""

from collections.abc import Iterator, Sequence

import numpy as np

from common.bounds import float32_bound, float64_bound
from common.comparison.cases import Case
from common.comparison.recorded import Recording
from common.comparison.recording import expected_keys
from common.comparison.results import Comparison, Result, failed_recording
from common.comparison.truth import SHIFTED_MEAN, ZERO_GRADIENT, Truth
from common.errors import UsageError
from common.measure import Disagreement, Values, normwise_error

NO_TRUTH = (
    "no float64 recording on a CPU to judge against; "
    "add one made with: rosetta record BACKEND --dtype float64"
)


def compare(recordings: Sequence[Recording]) -> Comparison:
    """Judge every tensor of every recording.

    The truth of a tensor is the element-wise median of the float64 recordings made on a CPU.

    Raises:
        UsageError: the recordings used different seeds.
    """
    if len({recording.manifest["seed"] for recording in recordings}) > 1:
        raise UsageError("the recordings used different seeds; record them with the same --seed")
    comparison = Comparison()
    for recording in recordings:
        comparison.environments["/".join(recording.label)] = recording.manifest["environment"]
    every = {name: case for recording in recordings for name, case in recording.cases.items()}
    for name, case in every.items():
        holders = [r for r in recordings if name in r.manifest["cases"]]
        _compare_case(comparison, case, holders)
    return comparison


def _compare_case(comparison: Comparison, case: Case, holders: Sequence[Recording]) -> None:
    truth, keys = Truth(case, holders), expected_keys(case)
    comparison.expected += len(keys) * len(holders)
    if not truth.references:
        comparison.results += [failed_recording(case, *r.label, NO_TRUTH) for r in holders]
        return
    comparison.left_out |= {f"{case.name}: {name}": ZERO_GRADIENT for name in truth.zeros}
    comparison.left_out |= {f"{case.name}: {name}": SHIFTED_MEAN for name in truth.shifted_means}
    for key in sorted(keys):
        comparison.made += len(holders)
        if truth.is_noise(key):
            continue
        noisy = truth.noisy_elements(key)
        if noisy is not None:
            comparison.noisy_elements[f"{case.name}: {key}"] = int(noisy.sum())
        comparison.results += _judge(case, key, truth.value(key), noisy, holders)
    for holder in holders:
        present = {key.split("|", 1)[1] for key in holder.keys if key.startswith(f"{case.name}|")}
        for key in sorted(present - keys):
            comparison.results.append(
                _result(case, key, holder, None, 0.0, "not one of this case's tensors")
            )


def _judge(
    case: Case,
    key: str,
    truth: Values | None,
    noisy: Values | None,
    holders: Sequence[Recording],
) -> Iterator[Result]:
    quantity, step, _ = key.split("|")
    measured: dict[int, float] = {}
    for index, holder in enumerate(holders):
        try:
            measured[index] = _measure(case.name, key, truth, noisy, holder)
        except Disagreement as reason:
            yield _result(case, key, holder, None, 0.0, str(reason))
    noise = _noise(case, key, holders)
    singles = [e for i, e in measured.items() if holders[i].label[2] == "float32"]
    for index, error in measured.items():
        double = holders[index].label[2] == "float64"
        bound = (
            float64_bound(quantity, int(step), case.width)
            if double
            else float32_bound(quantity, singles, noise)
        )
        yield _result(case, key, holders[index], error, bound)


def _noise(case: Case, key: str, holders: Sequence[Recording]) -> float:
    """The most noise of a tensor that any backend measured.

    It is how far shaken runs of one backend lie from its own steady run, so that a backend
    which is steadily wrong cannot hide behind it.
    """
    noises = [h.manifest["noise"][case.name] for h in holders if case.name in h.manifest["noise"]]
    return max((noise.get(key, 0.0) for noise in noises), default=0.0)


def _measure(
    case: str, key: str, truth: Values | None, noisy: Values | None, holder: Recording
) -> float:
    if f"{case}|{key}" not in holder.keys:
        raise Disagreement("missing from the recording")
    if truth is None:
        raise Disagreement("no finite float64 truth to judge against")
    found = holder.read(case, key)
    if noisy is not None and found.shape == truth.shape and np.isfinite(found).all():
        found = np.where(noisy, truth, found)
    return normwise_error(found, truth)


def _result(
    case: Case,
    key: str,
    holder: Recording,
    error: float | None,
    bound: float,
    reason: str = "",
) -> Result:
    quantity, step, tensor = key.split("|")
    backend, device, dtype = holder.label
    return Result(
        system=case.label,
        loss=case.system.loss,
        width=case.width,
        quantity=quantity,
        tensor=tensor,
        backend=backend,
        device=device,
        dtype=dtype,
        step=int(step),
        error=error,
        bound=bound,
        ok=error is not None and error <= bound,
        reason=reason,
    )
