"""`make faults`: a line for each planted mistake, and whether enough of them are found."""

import os
import sys
from argparse import ArgumentParser
from collections.abc import Iterable

from rich.console import Console
from rich.progress import Progress

from common.backends import BACKENDS, LESS, load, prepare_environment
from parity_tests.check_faults.alarms import NETWORKS, measure, nearest
from parity_tests.check_faults.planting import Verdict, verdicts
from parity_tests.check_faults.table import FAULTS

PLACED = 0.9  # of all faults, at least
WRONG_HINTS = 0.02  # of all faults, at most


def main() -> int:
    """The exit status: 1 if too few faults are found, placed, explained, or right ports fail."""
    parser = ArgumentParser(prog="python -m parity_tests.check_faults")
    parser.add_argument("--framework", help="torch, tf, jax or jittor alone")
    parser.add_argument("--network", help="convnet, autoencoder or perceptron alone")
    parser.add_argument("--name", default="", help="faults with this text in their name alone")
    parser.add_argument("--seeds", type=int, default=0, help="first, right ports on so many seeds")
    asked = parser.parse_args()
    chosen = [
        fault
        for fault in FAULTS
        if asked.framework in (None, fault.framework)
        and asked.network in (None, fault.network)
        and asked.name in fault.name
    ]
    alarms = sum(_alarms(network, asked.seeds) for network in NETWORKS) if asked.seeds else 0
    failed = _total("ports of users' models", _run(verdicts(chosen), len(chosen)))
    if asked.network is None:
        failed |= _total("our own ports", _run_ours(asked.framework, asked.name))
    return int(failed or alarms > 0)


def _alarms(network: str, seeds: int) -> int:
    """How many phases of right ports are beyond their bounds; a line each."""
    worst = nearest(measure(network, range(seeds)))
    for (dtype, port, phase), each in sorted(worst.items()):
        what, size = each.comparison.key.name, each.comparison.size
        share = f"{each.share:.2g} of the bound"
        print(f"{network} | {port} | {dtype} | {phase} | {share} | {what}, {size}", flush=True)
    return sum(each.share > 1 for each in worst.values())


def _run(batches: Iterable[list[Verdict]], count: int) -> list[Verdict]:
    done: list[Verdict] = []
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("planted faults", total=count)
        for batch in batches:
            for verdict in batch:
                print(_line(verdict), flush=True)
            done += batch
            progress.update(task, completed=len(done))
    return done


def _run_ours(framework: str | None, name: str) -> list[Verdict]:
    os.environ.update(prepare_environment("cpu", effort=LESS, keep_compiled=True))
    # PyTorch before TensorFlow: the other way round their OpenMP runtimes have clashed.
    for backend in BACKENDS:
        load(backend, device="cpu", dtype="float64", exact=True)
    from parity_tests.check_faults import ours

    faults = ours.planted(framework, name)
    return _run(([verdict] for verdict in ours.verdicts(faults)), len(faults))


def _line(verdict: Verdict) -> str:
    fault = verdict.fault
    caught = "caught" if verdict.caught else "MISSED"
    placed = "placed" if verdict.placed else "ELSEWHERE"
    name = f"{fault.framework} {fault.network}, {fault.name}"
    return f"{caught} | {placed} | hint {verdict.hint} | {name} | {verdict.sentence}"


def _total(where: str, done: list[Verdict]) -> bool:
    """Whether too few of the faults are found, placed or rightly explained."""
    count = len(done)
    caught, placed = sum(v.caught for v in done), sum(v.placed for v in done)
    hints = {kind: sum(v.hint == kind for v in done) for kind in ("right", "none", "WRONG")}
    print(f"{count} faults in {where}: {caught} caught, {placed} placed right, hints: {hints}")
    enough = caught == count and placed >= PLACED * count
    return not enough or hints["WRONG"] > WRONG_HINTS * count


if __name__ == "__main__":
    sys.exit(main())
