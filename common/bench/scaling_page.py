"""The page on several devices: what was compared and measured, and what a model says of more.

`python -m common.bench.scaling_page OUT.md REPORT.json [SYSTEM …]` measures the rates, and takes
the comparison from a report of `rosetta parity --devices 2`.
"""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from common import UsageError
from common.backends import BACKENDS, TITLES
from common.backends.inspection import version_of
from common.bench.communication import CARDS, HOSTS, communication
from common.bench.scaling import BLOCKS, measure
from common.drawing.markdown import table
from common.files import write_bytes
from common.parity.summary import read_report
from common.systems import SYSTEMS, find_system
from common.systems.options import with_options

MEASURED = ("lsgan_keras", "dcgan_mnist")
BATCH = 16
PAGE = """# On several devices

## The same numbers

{made} of {expected} comparisons hold: losses, parameters, running statistics, spectral vectors,
the optimisers' slots and the generator's moving average after each of five steps, on one device
and on two that share batches of 12 or 24, in float64. The table gives the worst error of any
tensor on two devices, ‖actual − reference‖ / ‖reference‖; the reference is the median of all
other recordings of that tensor. Two processes stand for two hosts: they talk over gloo (PyTorch
and JAX), gRPC (TensorFlow) or Open MPI (Jittor). All of it ran on one CPU.

{parity}

Made by `rosetta parity --devices 2`. Biases in front of a batch norm are left out: their gradient
is zero, and Adam makes steps of the rounding noise that is left of it.

## Scaling, measured

Two processes on one processor with {cores} cores, each with one thread. Weak scaling: each
process has a batch of {batch}, so that two train on {twice}. Strong scaling: two processes share
one batch of {batch}. The figure is the rate of two processes over the rate of one, in images per
second; 2 would be perfect. Each is a median of {blocks} blocks of about a second, one and two
processes one after the other, float32. {machine}

{scaling}

## Scaling, by a model

**Nothing below was measured.** The bytes are counted from the systems' own sizes: the gradients
that the updates of one step sum over all devices, and the statistics of batch norm, forwards and
backwards, in float32. The times are those of ring all-reduces, one after the other and with
nothing computed meanwhile: 2 (N − 1) / N times the bytes over the bandwidth, and 2 (N − 1) times
the latency for each sum. Assumed are 8 cards with 300 GB/s in each direction and 10 µs, and 16
hosts with 25 GB/s and 30 µs. Engines join several sums into one and compute while they
communicate, so these are upper limits under the assumptions. The step is the second of a run: for
`wgan` one of its warm-up, with a hundred updates of the critic. What the discriminator of
`gan_moments` gathers, all numbers of the minibatch, is not counted.

{model}

So, under these assumptions, the number of sums matters more than their size: batch norm makes
many small ones, each of which waits for all devices. A step of a system has to take ten times as
long as the time in its row, for communication to cost it less than a tenth.
"""


def page(report: Mapping[str, Any], names: tuple[str, ...], machine: str) -> str:
    """The compared, the measured and the modelled tables as a page of the book."""
    summary = report["summary"]
    heads = ("system", "gradients", "statistics", "sums", *(link.name for link in (CARDS, HOSTS)))
    return PAGE.format(
        made=f"{summary['comparisons_made']:,}",
        expected=f"{summary['comparisons_expected']:,}",
        parity=_compared(report["results"]),
        cores=os.cpu_count(),
        batch=BATCH,
        twice=2 * BATCH,
        blocks=BLOCKS,
        machine=machine,
        scaling=table(("system", "framework", "weak", "strong"), _scaling(names)),
        model=table(heads, _model()),
    )


def _compared(results: Sequence[Mapping[str, Any]]) -> str:
    """The worst error of each system in each form of several devices."""
    worst: dict[str, dict[tuple[str, str], float]] = {}
    for result in results:
        if result["file"] and result["error"] is not None:
            line = worst.setdefault(f"`{result['system']}` ({result['loss']})", {})
            form = result["backend"], result["file"]
            line[form] = max(line.get(form, 0.0), result["error"])
    forms = sorted({form for line in worst.values() for form in line}, key=_place)
    heads = [f"{TITLES[backend].partition('/')[0]}, {label}" for backend, label in forms]
    rows = [[name, *(f"{line[form]:.0e}" for form in forms)] for name, line in worst.items()]
    return table(["system (loss)", *heads], rows)


def _place(form: tuple[str, str]) -> tuple[int, str]:
    return BACKENDS.index(form[0]), form[1]


def _scaling(names: tuple[str, ...]) -> Iterator[list[str]]:
    for name in names:
        once = with_options(find_system(name), {"batch_size": BATCH})
        twice = with_options(find_system(name), {"batch_size": 2 * BATCH})
        for backend in BACKENDS:
            one = measure(backend, once, 1)
            weak, strong = measure(backend, twice, 2), measure(backend, once, 2)
            yield [f"`{name}`", TITLES[backend], f"{weak / one:.2f}", f"{strong / one:.2f}"]


def _model() -> Iterator[list[str]]:
    for name in SYSTEMS:
        told = communication(find_system(name))
        times = (told.seconds(8, CARDS), told.seconds(16, HOSTS))
        yield [
            f"`{name}`",
            f"{told.gradients / 1e6:.1f} MB",
            f"{told.statistics / 1e3:.1f} kB",
            str(told.sums),
            *(f"{1000 * seconds:.1f} ms" for seconds in times),
        ]


def main(arguments: list[str]) -> None:
    """Measure, and write the page."""
    out, report, *names = arguments
    titles = (f"{TITLES[name]} {version_of(name).partition('+')[0]}" for name in BACKENDS)
    made = f"Made on {date.today()} with {', '.join(titles)}."
    text = page(read_report(Path(report)), tuple(names) or MEASURED, made)
    write_bytes(Path(out), text.encode())


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except UsageError as error:
        sys.exit(f"error: {error}")
