"""`make faults`: a line for each planted mistake, and whether enough of them are found."""

import sys
from argparse import ArgumentParser

from rich.console import Console
from rich.progress import Progress

from parity_tests.check_faults.alarms import NETWORKS, measure, nearest
from parity_tests.check_faults.planting import Fault, Verdict, verdicts
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
    return int(_total(_run(chosen)) or alarms > 0)


def _alarms(network: str, seeds: int) -> int:
    """How many phases of right ports are beyond their bounds; a line each."""
    worst = nearest(measure(network, range(seeds)))
    for (dtype, port, phase), each in sorted(worst.items()):
        what, size = each.comparison.key.name, each.comparison.size
        share = f"{each.share:.2g} of the bound"
        print(f"{network} | {port} | {dtype} | {phase} | {share} | {what}, {size}", flush=True)
    return sum(each.share > 1 for each in worst.values())


def _run(faults: list[Fault]) -> list[Verdict]:
    done: list[Verdict] = []
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("planted faults", total=len(faults))
        for batch in verdicts(faults):
            for verdict in batch:
                print(_line(verdict), flush=True)
            done += batch
            progress.update(task, completed=len(done))
    return done


def _line(verdict: Verdict) -> str:
    fault = verdict.fault
    caught = "caught" if verdict.caught else "MISSED"
    placed = "placed" if verdict.placed else "ELSEWHERE"
    name = f"{fault.framework} {fault.network}, {fault.name}"
    return f"{caught} | {placed} | hint {verdict.hint} | {name} | {verdict.sentence}"


def _total(done: list[Verdict]) -> int:
    count = len(done)
    caught, placed = sum(v.caught for v in done), sum(v.placed for v in done)
    hints = {kind: sum(v.hint == kind for v in done) for kind in ("right", "none", "WRONG")}
    print(f"{count} faults: {caught} caught, {placed} placed right, hints: {hints}")
    enough = caught == count and placed >= PLACED * count
    return int(not enough or hints["WRONG"] > WRONG_HINTS * count)


if __name__ == "__main__":
    sys.exit(main())
