"""Recordings given together: copies dropped, and a name for each that no other has."""

from collections import Counter
from collections.abc import Sequence

from common.parity.recording_file import Recording
from common.parity.results import Run


def tell_apart(recordings: Sequence[Recording]) -> tuple[dict[Recording, Run], list[str]]:
    """Each recording with the run that names it, and a note for each copy that was dropped.

    A copy could be judged by its original, which says nothing; so could the same numbers that the
    same version of a backend recorded once more. Backend, version, device and type name a run;
    where two share them, the file does. An environment's label names it too: the same version in
    two environments is two runs, as two versions are.
    """
    plain = {r: _plain(r) for r in recordings}
    often = Counter(plain.values())
    originals: dict[tuple[Run, str], Recording] = {}
    notes = []
    # What has measured noise is kept before what has none.
    for recording in sorted(recordings, key=lambda r: not r.manifest["noise"]):
        run = plain[recording]
        place = run, recording.content if often[run] > 1 else ""
        original = originals.setdefault(place, recording)
        if original is not recording:
            notes.append(
                f"{recording.path} holds the same numbers as {original.path}, of the same version: "
                "it was judged once, and not by its copy"
            )
    return _named([r for r in recordings if r in originals.values()]), notes


def _plain(recording: Recording) -> Run:
    r = recording
    return Run(r.backend, r.version, r.device, r.dtype, r.label)


def _named(recordings: Sequence[Recording]) -> dict[Recording, Run]:
    """A run may lie in several files, each with cases of its own; they need no telling apart."""
    plain = {r: _plain(r) for r in recordings}
    places = Counter((run, case) for r, run in plain.items() for case in r.manifest["cases"])
    twice = {run for (run, _), count in places.items() if count > 1}
    stems = Counter(r.path.stem for r in recordings)
    return {
        r: run._replace(file=r.path.stem if stems[r.path.stem] == 1 else str(r.path))
        if run in twice
        else run
        for r, run in plain.items()
    }
