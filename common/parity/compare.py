"""Recordings compared with the float64 reference, tensor by tensor."""

from collections.abc import Sequence

from common import UsageError
from common.parity.case_judge import CaseJudge
from common.parity.confirming import REPEAT, confirmed, is_doubtful
from common.parity.recording_file import Recording
from common.parity.results import Comparison, Run
from common.parity.run_labels import tell_apart


def compare(recordings: Sequence[Recording]) -> Comparison:
    """Judge every tensor of every recording by the others.

    The reference of a tensor is the median of the float64 recordings made on a CPU, the judged
    one left out. A float32 recording also needs a yardstick: another float32 recording made on a
    CPU, whose noise was measured. What lacks either is not judged, and fails unless it is itself
    what others are judged by.

    Recordings of several seeds are compared seed by seed; a float32 run counts as failed in a case
    if it fails at each of them.

    Raises:
        UsageError: one of several seeds has a single recording.
    """
    seeds = list(dict.fromkeys(recording.manifest["seed"] for recording in recordings))
    if len(seeds) < 2:
        comparison = compare_at_one_seed(recordings)
        if is_doubtful(comparison):
            comparison.note(REPEAT)
        return comparison
    by_seed = {seed: [r for r in recordings if r.manifest["seed"] == seed] for seed in seeds}
    if any(len(of_one) < 2 for of_one in by_seed.values()):
        raise UsageError(
            "the recordings used different seeds; record each of them with the same --seed, or "
            "all of them with each"
        )
    return confirmed({seed: compare_at_one_seed(of_one) for seed, of_one in by_seed.items()})


def compare_at_one_seed(recordings: Sequence[Recording]) -> Comparison:
    """Judge every tensor of recordings that share their seed, as `compare` does."""
    runs, notes = tell_apart(recordings)
    comparison = Comparison()
    for note in notes:
        comparison.note(note)
    for recording, run in runs.items():
        _note_environment(comparison, recording, run)
    every = {name: case for recording in runs for name, case in recording.cases.items()}
    for name, case in every.items():
        holders = [r for r in runs if name in r.manifest["cases"]]
        CaseJudge(comparison, case, {r: runs[r] for r in holders}).judge()
    return comparison


def _note_environment(comparison: Comparison, recording: Recording, run: Run) -> None:
    """Keep what a run computed with, and whether it was as exact as requested."""
    probed = recording.manifest["exactness"]
    words = ", ".join(f"{name}: {'yes' if passed else 'NO'}" for name, passed in probed.items())
    environment = recording.manifest["environment"]
    comparison.environments[str(run)] = environment | {"probed": words.replace("_", " ")}
    lacking = [name.replace("_", " ") for name, passed in probed.items() if not passed]
    if lacking:
        comparison.note(f"{run} was probed before it recorded and lacks {', '.join(lacking)}")
    if recording.manifest["rounded"]:
        comparison.note(f"{run} was rounded as TF32 would, on purpose")
