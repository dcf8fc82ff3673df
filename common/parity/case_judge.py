"""One case in every recording that holds it, each judged by the others."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from common.parity.bounds import float32_bound
from common.parity.cases import Case
from common.parity.float64_reference import SHIFTED_MEAN, ZERO_GRADIENT, Reference
from common.parity.keys import Key
from common.parity.measure import Disagreement, normwise_error
from common.parity.record import expected_keys, helping_keys
from common.parity.recording_file import Recording, noise_group
from common.parity.results import Comparison, Result, Run, failed_recording
from common.parity.timeline import timeline

NO_REFERENCE = (
    "no other float64 recording on a CPU to judge it by; add one of another backend, made with: "
    "rosetta record BACKEND --dtype float64 --out reference.safetensors"
)
NO_YARDSTICK = (
    "no other float32 recording on a CPU with measured noise to judge it by; add one, made with: "
    "rosetta record BACKEND --dtype float32 --perturbed --out yardstick.safetensors"
)
IN_DISPUTE = "the float64 recordings disagree here, so there is nothing to judge it by"


@dataclass(frozen=True)
class CaseJudge:
    """One case in every recording that holds it."""

    comparison: Comparison
    case: Case
    runs: Mapping[Recording, Run]

    def judge(self) -> None:
        """Add the case's results to the comparison."""
        reference, keys = Reference(self.case, list(self.runs)), expected_keys(self.case)
        reasons = {r: self._why_not(r, reference) for r in self.runs}
        judged = [r for r, reason in reasons.items() if not reason]
        for recording, reason in reasons.items():
            if reason:
                self._leave_out(recording, reason, judged)
        for recording in judged:
            self._warn_of_one_backend(recording, reference)
            self._note_carried_noise(recording, reference)
        self.comparison.expected += sum(len(expected_keys(self.case, r.dtype)) for r in judged)
        if judged:
            self._judge_keys(judged, reference, keys)
        for recording in self.runs:
            known = expected_keys(self.case, recording.dtype) | helping_keys(self.case)
            self._refuse_surplus(recording, known)

    def _judge_keys(
        self, judged: Sequence[Recording], reference: Reference, keys: set[Key]
    ) -> None:
        comparison, name = self.comparison, self.case.name
        single = expected_keys(self.case, "float32")
        comparison.left_out |= {f"{name}: {zero}": ZERO_GRADIENT for zero in reference.zeros}
        means = reference.shifted_means
        comparison.left_out |= {f"{name}: {mean}": SHIFTED_MEAN for mean in means}
        for key in sorted(keys, key=timeline(self.case).__getitem__):
            compared = [r for r in judged if r.dtype == "float64" or key in single]
            comparison.made += len(compared)
            if reference.is_noise(key):
                continue
            noisy = reference.noisy_elements(key)
            if noisy is not None:
                comparison.noisy_elements[f"{name}: {key}"] = int(noisy.sum())
            comparison.results += self._results(key, compared, reference)

    def _results(
        self, key: Key, judged: Sequence[Recording], reference: Reference
    ) -> Iterator[Result]:
        errors: dict[Recording, float] = {}
        reasons: dict[Recording, str] = {}
        for recording in self.runs:
            try:
                errors[recording] = self._measure(recording, key, reference)
            except Disagreement as reason:
                reasons[recording] = str(reason)
        for recording in judged:
            if recording in reasons:
                yield self._result(recording, key, None, 0.0, reasons[recording])
                continue
            if recording.dtype == "float64":
                bound = reference.bound(key)
            else:
                others = self._yardsticks(recording)
                good = [errors[r] for r in others if r in errors]
                group = noise_group(key)
                noise = [r.noise(self.case.name).get(group, 0.0) for r in others]
                noise += [reference.carried_noise(recording)] if key.step else []
                bound = float32_bound(key.quantity, key.step, self.case.kind, good, noise)
            yield self._result(recording, key, errors[recording], bound)

    def _measure(self, recording: Recording, key: Key, reference: Reference) -> float:
        """How far one recording is from the reference that the others make.

        Raises:
            Disagreement: it cannot be measured, and why.
        """
        if not recording.has(self.case.name, key):
            raise Disagreement(recording.problem(self.case.name, key))
        agreement = reference.agreement(key)
        values = agreement.arrays.get(recording)
        if values is None:
            values = reference.read(recording, key)
        if not np.isfinite(values).all():
            raise Disagreement("holds a NaN or an infinity")
        if agreement.dispute:
            raise Disagreement(agreement.dispute if recording in agreement.arrays else IN_DISPUTE)
        others = agreement.value(recording)
        if others is None:
            raise Disagreement("no other float64 recording holds a finite value to judge it by")
        return normwise_error(values, others)

    def _yardsticks(self, judged: Recording) -> list[Recording]:
        """The float32 recordings on a CPU that another one is compared with."""
        return [r for r in self.runs if r is not judged and r.can_judge and r.dtype == "float32"]

    def _why_not(self, recording: Recording, reference: Reference) -> str:
        """Why a recording cannot be judged, or nothing."""
        if not reference.others(recording):
            return NO_REFERENCE
        yardsticks = self._yardsticks(recording)
        if recording.dtype == "float32" and not any(r.noise(self.case.name) for r in yardsticks):
            return NO_YARDSTICK
        return ""

    def _leave_out(self, recording: Recording, reason: str, judged: Sequence[Recording]) -> None:
        """Say that nothing judged a recording, which is a failure unless it judged others."""
        run = self.runs[recording]
        alike = [r for r in judged if recording.dtype in ("float64", r.dtype)]
        if recording.can_judge and alike:
            self.comparison.note(f"{run} judged others and was not judged itself: {reason}")
            return
        problems = recording.manifest["problems"].get(self.case.name, {})
        reasons = "; ".join([*dict.fromkeys(problems.values()), reason])
        self.comparison.expected += len(expected_keys(self.case, recording.dtype))
        self.comparison.results.append(failed_recording(self.case, run, reasons))

    def _warn_of_one_backend(self, recording: Recording, reference: Reference) -> None:
        backends = {r.backend for r in reference.others(recording)}
        if len(backends) == 1:
            self.comparison.note(
                f"{self.runs[recording]} was judged by {backends.pop()} alone: a mistake that "
                "both make is not seen; a float64 recording of another backend would show it"
            )

    def _note_carried_noise(self, recording: Recording, reference: Reference) -> None:
        if noise := reference.carried_noise(recording):
            self.comparison.note(
                f"{self.runs[recording]}, {self.case.name}: a first gradient that cancels in "
                "float64 leaves a rounding error in this float32, which the optimiser blew up to "
                f"{noise:.0e} of a parameter; its bounds after the update allow for that much noise"
            )

    def _refuse_surplus(self, recording: Recording, keys: set[Key]) -> None:
        prefix, expected = f"{self.case.name}|", set(map(str, keys))
        present = {name.removeprefix(prefix) for name in recording.keys if name.startswith(prefix)}
        for name in sorted(present - expected):
            surplus, reason = Key("surplus", 0, name), "not one of this case's tensors"
            self.comparison.results.append(self._result(recording, surplus, None, 0.0, reason))

    def _result(
        self, recording: Recording, key: Key, error: float | None, bound: float, reason: str = ""
    ) -> Result:
        order, phase = timeline(self.case).get(key, (-1, "surplus"))
        return Result(
            system=self.case.label,
            loss=self.case.system.loss.name,
            kind=self.case.kind,
            quantity=key.quantity,
            tensor=key.tensor,
            **self.runs[recording]._asdict(),
            step=key.step,
            order=order,
            phase=phase,
            error=error,
            bound=bound,
            ok=error is not None and error <= bound,
            reason=reason,
        )
