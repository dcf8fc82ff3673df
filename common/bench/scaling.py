"""How fast several processes train together; each runs this module, what to measure as JSON."""

import json
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from common import UsageError
from common.backends import load, prepare_environment
from common.backends.launching import group_of
from common.contract.initialisers import initial_state
from common.processes.group import run_together
from common.streams.step_inputs import StepInputs, draw_step_inputs
from common.streams.synthetic import synthetic_batch
from common.systems import System, find_system
from common.systems.options import with_options

MODULE = "common.bench.scaling"
WARM, BLOCKS, SECONDS = 2, 5, 1.0
ONE_CORE = dict.fromkeys(
    ("OMP_NUM_THREADS", "NPROC", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), "1"
)


def measure(backend: str, system: System, processes: int) -> float:
    """Images per second of so many processes together.

    Raises:
        UsageError: the processes failed, and why.
    """
    with TemporaryDirectory() as folder:
        out = Path(folder) / "rate.json"
        request = {"backend": backend, "system": system.name, "devices": processes, "out": str(out)}
        request["batch"] = system.batch_size
        prepared = prepare_environment("cpu", keep_compiled=True, devices=processes)
        commands, environments = group_of(
            backend, processes, processes, ["-m", MODULE, json.dumps(request)], prepared
        )
        problem = run_together(commands, [{**each, **ONE_CORE} for each in environments])
        if problem:
            raise UsageError(f"{backend}, {system.name}, {processes} processes: {problem}")
        return float(json.loads(out.read_text()))


def _run(request: dict[str, Any]) -> None:
    """One process of a measurement."""
    devices = request["devices"]
    backend = load(request["backend"], device="cpu", dtype="float32", exact=False, devices=devices)
    system = with_options(find_system(request["system"]), {"batch_size": request["batch"]})
    shards, batch = backend.parallel.shards(), request["batch"]
    gan = backend.gan.build(system, initial_state(system, 0))

    def inputs(step: int) -> StepInputs:
        def real(index: int) -> Any:
            return shards.cut(synthetic_batch(system, 0, step, index, batch))

        drawn = draw_step_inputs(system, 0, step, batch, real)
        cut: StepInputs = shards.cut_inputs(system, drawn)
        return cut

    kept = [inputs(step) for step in range(2, 6)]

    def seconds(count: int) -> float:
        backend.parallel.agree(0)  # all begin together
        began = perf_counter()
        for place in range(count):
            shard = backend.schedule.training_step(gan, kept[place % len(kept)])
            metrics = backend.parallel.averaged(shard)
        for value in metrics.values():  # TensorFlow cannot wait for the devices of a cluster
            backend.interop.to_canonical(value)
        return (perf_counter() - began) / count

    for _ in range(WARM):
        seconds(1)
    count = backend.parallel.agree(max(1, round(SECONDS / seconds(2))))
    rate = batch / median(seconds(count) for _ in range(BLOCKS))
    if shards.first == 0:
        Path(request["out"]).write_text(json.dumps(rate))
    backend.parallel.disconnect()


if __name__ == "__main__":
    _run(json.loads(sys.argv[1]))
