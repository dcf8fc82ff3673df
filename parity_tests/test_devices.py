"""What a process waits for and how much memory it counts, on the device that was chosen."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from types import SimpleNamespace

import pytest

from common import ROOT
from common.backends import load, prepare_environment
from common.bench.output import cells, to_markdown
from common.processes.memory import process_peak

MEGABYTE = 2**20
MEASURED = {
    "system": "lsgan_mlp",
    "backend": "jax",
    "device": "cpu",
    "precision": "exact",
    "divergence": None,
    "batch_size": 16,
    "ratio_low": 1.0,
    "ratio": 1.0,
    "ratio_high": 1.0,
    "images_per_second": 10.0,
    "other_images_per_second": 10.0,
    "memory_of": "process",
    "peak_memory_mb": 300.0,
    "data_share": 0.0,
    "matmul_share": 0.5,
    "first_step_seconds": 2.0,
}


class Pending:
    """An array that is still being computed."""

    waited = False

    def block_until_ready(self):
        self.waited = True
        return self


def loaded(name, need):
    need(name)
    return load(name, device="cpu", dtype="float64", exact=True).device


@pytest.mark.parametrize(("chosen", "other"), [("cpu", "gpu"), ("gpu", "cpu")])
def test_jax_waits_for_the_chosen_device_whatever_the_default_one(
    monkeypatch, need, chosen, other
) -> None:
    """Without a platform, `live_arrays` lists the default device's: a card's, if there is one."""
    device = loaded("jax", need)
    arrays = {chosen: Pending(), other: Pending()}
    live_arrays = lambda platform=None: [arrays[platform or other]]  # noqa: E731
    monkeypatch.setattr(device.jax, "live_arrays", live_arrays)
    monkeypatch.setattr(device, "chosen_device", lambda: SimpleNamespace(platform=chosen))
    device.synchronise()
    assert arrays[chosen].waited
    assert not arrays[other].waited


def test_on_the_cpu_the_peak_is_the_process_s(backend) -> None:
    before = process_peak()
    assert before > 50 * MEGABYTE  # NumPy and a framework alone are more
    assert before <= backend.device.peak_memory() <= process_peak()


def on_a_card(monkeypatch, name, device, peak) -> None:
    """Make a port believe that it computes on a GPU with that peak of memory, in bytes."""
    if name == "torch":
        monkeypatch.setattr(device, "_chosen", device.torch.device("cuda"))
        monkeypatch.setattr(device.torch.cuda, "max_memory_allocated", lambda card: peak)
    elif name == "tf":
        monkeypatch.setattr(device, "_chosen", "/GPU:0")
        memory_info = {"GPU:0": {"current": 1, "peak": peak}}
        monkeypatch.setattr(device.tf.config.experimental, "get_memory_info", memory_info.get)
    elif name == "jax":
        card = SimpleNamespace(platform="gpu", memory_stats=lambda: {"peak_bytes_in_use": peak})
        monkeypatch.setattr(device, "chosen_device", lambda: card)
    else:
        monkeypatch.setattr(device, "jt", SimpleNamespace(flags=SimpleNamespace(use_cuda=1)))


@pytest.mark.parametrize(
    ("name", "peak"), [("torch", 12345), ("tf", 12345), ("jax", 12345), ("jittor", None)]
)
def test_on_a_card_the_peak_is_the_card_s_or_unknown(monkeypatch, need, name, peak) -> None:
    device = loaded(name, need)
    on_a_card(monkeypatch, name, device, peak)
    assert device.peak_memory() == peak


def test_a_platform_that_counts_no_memory_is_unknown_in_jax(monkeypatch, need) -> None:
    device = loaded("jax", need)
    card = SimpleNamespace(platform="gpu", memory_stats=lambda: None)
    monkeypatch.setattr(device, "chosen_device", lambda: card)
    assert device.peak_memory() is None


@pytest.mark.parametrize(
    ("device", "peak", "memory"),
    [
        ("cpu", 300.0, "300 MB"),
        ("cuda", 300.0, "300 MB on the GPU"),
        ("cuda", None, "unknown on the GPU"),
    ],
)
def test_the_table_says_which_memory_it_is(device, peak, memory) -> None:
    of = "process" if device == "cpu" else "device"
    result = MEASURED | {"device": device, "memory_of": of, "peak_memory_mb": peak}
    assert memory in cells(result)
    page = to_markdown([result], {})
    assert f"| {memory} |" in page
    assert ("the peak of the whole process" in page) == (device == "cpu")
    assert ("the peak of the framework's GPU memory" in page) == (device == "cuda")


@pytest.mark.parametrize("configured", [True, False])
def test_a_child_that_is_stopped_does_not_end_jittor_once_configured(need, configured) -> None:
    """As by Ctrl-Z: Jittor keeps processes of its own, and takes that for a lack of memory."""
    need("jittor")
    chosen = "load('jittor', device='cpu', dtype='float32', exact=True)" if configured else ""
    script = (
        "import os, signal, subprocess, time\n"
        "import jittor\n"
        "from common.backends import load\n"
        f"{chosen}\n"
        "child = subprocess.Popen(['sleep', '60'], stdout=subprocess.DEVNULL)\n"
        "os.kill(child.pid, signal.SIGSTOP)\n"
        "time.sleep(1)\n"
        "child.kill()\n"
        "os._exit(77)\n"
    )
    environment = {**os.environ, **prepare_environment("cpu")}
    process = subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, start_new_session=True
    )
    status = process.wait(300)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # the child may still be stopped
    assert (status == 77) == configured
