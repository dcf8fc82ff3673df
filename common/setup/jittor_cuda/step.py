"""One training step of a system in Jittor on CUDA, in a process where a stand-in is CUDA.

Run as `python -m common.setup.jittor_cuda.step SYSTEM DTYPE`; prints, as JSON, how many kernels it
would have launched.
"""

import ctypes
import json
import sys
from importlib import import_module

from common.backends import PARTS, Backend
from common.contract.initialisers import initial_state
from common.data import load_dataset
from common.data.batches import step_inputs
from common.parity.cases import REDUCED
from common.systems import find_system
from common.systems.options import apply_settings


def run(name: str, dtype: str) -> int:
    """Make the step with narrow layers; how many kernels were to be launched."""
    system = apply_settings(find_system(name), [*REDUCED[name], "batch_size=4"])
    # Not `load`, which refuses a machine without a driver.
    jittor = Backend("jittor", **{part: import_module(f"jittor_impl.{part}") for part in PARTS})
    jittor.device.configure(device="cuda", dtype=dtype, exact=True)
    gan = jittor.gan.build(system, initial_state(system, 0))
    dataset = load_dataset("digits", system, 0)
    for inputs in step_inputs(system, dataset, 0, first_step=1, last_step=1):
        jittor.schedule.training_step(gan, inputs)
    jittor.device.synchronise()
    launches = ctypes.CDLL(None).rosetta_launches
    launches.restype = ctypes.c_ulong
    return int(launches())


if __name__ == "__main__":
    print("\n" + json.dumps(run(sys.argv[1], sys.argv[2])))
