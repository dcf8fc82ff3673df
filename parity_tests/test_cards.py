"""Messages where a CUDA device is chosen and none is found, and the set-up of a machine for one."""

import re
import subprocess
import sys
import tomllib
from types import SimpleNamespace

import pytest

from common import ROOT, UsageError
from common.backends import cuda, inspection, load
from common.backends.cuda import Driver
from common.backends.inspection import examine
from common.setup import install
from common.setup.command_runner import CommandRunner
from parity_tests.test_devices import loaded

NAMES = ("torch", "tf", "jax", "jittor")
FRAMEWORKS = {
    *("torch", "tensorflow", "tensorflow-cpu", "keras", "jax", "jaxlib", "flax", "optax"),
    *("orbax-checkpoint", "jittor"),
}


def pins(name: str) -> dict[str, str]:
    """The versions that a file of constraints names."""
    lines = (ROOT / name).read_text().splitlines()
    matches = (re.fullmatch(r"([\w-]+)={2,3}(.+)", line) for line in lines if line[:1] != "#")
    return {match[1]: match[2] for match in matches}


@pytest.fixture
def cuda_error(monkeypatch, need):
    """The message of a port whose CUDA device is chosen and not found."""

    def configure(
        name: str,
        *,
        driver: bool,
        built: bool,
        says: Driver = Driver((12, 8), 1),  # noqa: B008
        libraries: bool = True,
        visible: str | None = None,
    ) -> str:
        device = loaded(name, need)
        if len(device.available_devices()) > 1:
            pytest.skip("this machine has a CUDA device")
        monkeypatch.setattr(cuda, "has_driver", lambda: driver)
        monkeypatch.setattr(cuda, "ask_driver", lambda: says)
        if visible is None:
            monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
        else:
            monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
        if name == "torch":
            monkeypatch.setattr(device.torch.version, "cuda", "12.8" if built else None)
        elif name == "tf":
            monkeypatch.setattr(device.tf.test, "is_built_with_cuda", lambda: built)
            info = {"cuda_version": "12.5.1"} if built else {}
            monkeypatch.setattr(device.tf.sysconfig, "get_build_info", lambda: info)
            monkeypatch.setattr(device, "has_cudnn", lambda: libraries)
        elif name == "jax":
            plugins = [SimpleNamespace(name="xla_cuda12")] if built else []
            monkeypatch.setattr(device, "entry_points", lambda group: plugins)
        with pytest.raises(UsageError) as raised:
            device.configure(device="cuda", dtype="float64", exact=True)
        return str(raised.value)

    return configure


@pytest.mark.parametrize("name", NAMES)
def test_without_a_driver_no_installation_is_suggested(cuda_error, name) -> None:
    message = cuda_error(name, driver=False, built=False)
    assert f"{cuda.NO_DRIVER}, and {cuda.CPU_BUILD}; {cuda.DRIVER_REMEDY}" in message
    assert "pip" not in message


@pytest.mark.parametrize("name", ["torch", "tf", "jax"])
def test_a_cuda_build_without_a_driver_lacks_only_the_driver(cuda_error, name) -> None:
    message = cuda_error(name, driver=False, built=True)
    assert message.endswith(f"{cuda.NO_DRIVER}; {cuda.DRIVER_REMEDY}")
    assert cuda.CPU_BUILD not in message


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("torch", "pip install --force-reinstall -c .constraints/cuda12.txt torch"),
        ("tf", "pip install -c .constraints/cuda12.txt 'tensorflow[and-cuda]'"),
        ("jax", "pip install -c .constraints/cuda12.txt 'jax[cuda12]'"),
        ("jittor", "put its nvcc on the PATH"),
    ],
)
def test_a_cpu_build_with_a_driver_suggests_the_cuda_build(cuda_error, name, remedy) -> None:
    message = cuda_error(name, driver=True, built=False)
    assert "only its build for the CPU is installed" in message
    assert message.endswith(remedy)


@pytest.mark.parametrize("name", ["torch", "tf", "jax"])
def test_a_cuda_build_without_a_device_suggests_no_installation(cuda_error, name) -> None:
    message = cuda_error(name, driver=True, built=True)
    assert "find no GPU; see nvidia-smi" in message
    assert "pip" not in message


@pytest.mark.parametrize("name", ["torch", "tf", "jax"])
@pytest.mark.parametrize(
    ("says", "hidden", "words"),
    [
        (Driver((11, 8), 1), None, "NVIDIA's driver runs CUDA 11.8 at most; update the driver"),
        (Driver((12, 0), 0), None, "the driver finds no GPU; see nvidia-smi"),
        (Driver((12, 8), 1), "", "CUDA_VISIBLE_DEVICES hides every GPU; unset it"),
        (Driver((12, 8), 1), "-1", "CUDA_VISIBLE_DEVICES hides every GPU; unset it"),
        # The control: nothing is known to be wrong, and nothing of the above is said.
        (Driver((13, 0), 1), "0", "are installed but find no GPU; see nvidia-smi"),
        (Driver(), None, "are installed but find no GPU; see nvidia-smi"),
    ],
)
def test_a_cuda_build_with_a_driver_says_what_the_driver_says(
    cuda_error, name, says, hidden, words
) -> None:
    message = cuda_error(name, driver=True, built=True, says=says, visible=hidden)
    assert words in message
    assert "pip" not in message


@pytest.mark.parametrize("libraries", [False, True])
def test_tensorflow_without_cuda_s_libraries_is_told_to_install_them(cuda_error, libraries) -> None:
    message = cuda_error("tf", driver=True, built=True, libraries=libraries)
    assert ("without CUDA's libraries; make setup-gpu" in message) == (not libraries)


class Library:
    """A driver's library that answers as told; cuInit with 100 means that there is no GPU."""

    def __init__(self, version: int, started: int, gpus: int) -> None:
        self.version, self.started, self.gpus = version, started, gpus

    def cuDriverGetVersion(self, number) -> int:  # noqa: N802
        number._obj.value = self.version
        return 0

    def cuInit(self, flags) -> int:  # noqa: N802
        return self.started

    def cuDeviceGetCount(self, count) -> int:  # noqa: N802
        count._obj.value = self.gpus
        return 0


@pytest.mark.parametrize(
    ("library", "driver"),
    [
        (Library(12080, 0, 2), Driver((12, 8), 2)),
        (Library(13000, cuda.NO_DEVICE, 0), Driver((13, 0), 0)),
        (Library(12040, 803, 0), Driver((12, 4), None)),  # kernel module and library differ
    ],
)
def test_the_driver_is_asked_for_its_version_and_gpus(monkeypatch, library, driver) -> None:
    monkeypatch.setattr(cuda.ctypes, "CDLL", lambda name: library)
    assert cuda.ask_driver() == driver


def test_a_driver_that_is_not_there_says_nothing(monkeypatch) -> None:
    def missing(name):
        raise OSError

    monkeypatch.setattr(cuda.ctypes, "CDLL", missing)
    assert cuda.ask_driver() == Driver()


def test_doctor_reports_problem_and_remedy_separately(backends) -> None:
    name = backends[0]
    if cuda.has_driver():
        pytest.skip("this machine has NVIDIA's driver")
    report = examine(name, device="cuda")
    assert report["problem"].startswith(cuda.NO_DRIVER)
    assert cuda.SEES_NONE not in report["problem"]  # the line begins with the backend's name
    assert report["remedy"] == cuda.DRIVER_REMEDY
    assert not report["devices"]


def test_a_crash_without_a_driver_is_reported_as_a_missing_driver(monkeypatch) -> None:
    """Jittor ends the process where it finds nvcc and no driver."""

    def crash(name, device):
        raise RuntimeError("exit status -11")

    monkeypatch.setattr(inspection, "_inspect", crash)
    monkeypatch.setattr(inspection, "installed_versions", lambda name: {name: "1"})
    monkeypatch.setattr(inspection, "has_driver", lambda: False)
    report = examine("jittor", device="cuda")
    assert (report["problem"], report["remedy"]) == (cuda.NO_DRIVER, cuda.DRIVER_REMEDY)
    assert "import fails" in examine("jittor", device="cpu")["problem"]


def test_a_missing_or_unknown_backend_is_reported(backends, monkeypatch) -> None:
    monkeypatch.setattr(inspection, "installed_versions", lambda name: {})
    assert examine("torch")["problem"] == "not installed"
    with pytest.raises(UsageError, match="unknown backend"):
        load("caffe", device="cpu", dtype="float64", exact=True)


@pytest.mark.parametrize("version", ["12", "13"])
def test_cuda_constraints_equal_those_of_the_cpu_except_frameworks(version) -> None:
    ours, theirs = pins("constraints.txt"), pins(f".constraints/cuda{version}.txt")
    others = {name for name in ours if name not in FRAMEWORKS}
    if version == "13":
        others -= {"numpy"}  # JAX's plugin for CUDA 13 wants NumPy 2
    assert {name: theirs[name] for name in others} == {name: ours[name] for name in others}
    assert "tensorflow-cpu" not in theirs


def test_cuda_extras_are_those_that_make_installs() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for extra in install.GPU_EXTRAS:
        wanted = " ".join(project["optional-dependencies"][extra])
        assert f"jax[{extra}]" in wanted
        assert (ROOT / f".constraints/{extra}.txt").exists()
        assert "tensorflow-cpu" not in wanted


def test_an_unknown_version_of_cuda_is_refused_before_pip_runs(monkeypatch, capsys) -> None:
    monkeypatch.setattr(CommandRunner, "run", lambda *_, **__: pytest.fail("pip ran"))
    assert install.install_gpu_builds("cuda11") == 2
    assert "no builds for 'cuda11'; choose one of: cuda12, cuda13" in capsys.readouterr().out


def test_make_sets_nothing_up_for_cuda_without_a_driver() -> None:
    if cuda.has_driver():
        pytest.skip("this machine has NVIDIA's driver")
    command = [sys.executable, "-m", "common.backends.cuda"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout == "no NVIDIA driver on this machine: nothing was installed or run\n"
