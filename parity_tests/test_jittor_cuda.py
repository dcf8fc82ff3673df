"""Jittor with CUDA, as far as it can be known without a GPU: which flags, what is missing."""

import ctypes
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from common import ROOT, UsageError
from common.backends import cuda, jittor_cuda, load, prepare_environment
from common.backends.jittor_cuda import COMPATIBILITY, Toolkit, variables
from common.setup.jittor_cuda import __main__ as check
from common.setup.jittor_cuda import compiling, packages, stand_in
from common.setup.jittor_cuda.compiling import Compiled, first_error

PRINTED = """\
nvcc: NVIDIA (R) Cuda compiler driver
Built on Wed_Aug_20_01:58:59_PM_PDT_2025
Cuda compilation tools, release {}, V{}.88
"""
CUDNN = ("cudnn", "cufft", "cusparse")
COMPLETE = Compiled("CUDA 13", core=True, kernels=9, for_architecture=(9, 9), launches=30)


@pytest.fixture
def toolkit(tmp_path):
    """Makes a folder like a toolkit of some version, with cuDNN 8 or not."""

    def make(release: str = "12.4", *, cudnn: bool = False, without: str = "") -> Path:
        home = tmp_path / f"cuda-{release}"
        headers = [*jittor_cuda.HEADERS, *(f"{each}.h" for each in CUDNN if cudnn)]
        libraries = [*jittor_cuda.LIBRARIES, *(("cudnn_ops_infer", *CUDNN) if cudnn else ())]
        files = [f"include/{each}" for each in headers]
        files += ["lib64/libcudadevrt.a", *(f"lib64/lib{each}.so" for each in libraries)]
        for name in ("bin/nvcc", *files):
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            (home / name).touch()
        if without:
            (home / without).unlink()
        nvcc = home / "bin" / "nvcc"
        nvcc.write_text(f"#!/bin/sh\ncat <<'END'\n{PRINTED.format(release, release)}END\n")
        nvcc.chmod(0o755)
        return nvcc

    return make


@pytest.fixture
def found(monkeypatch):
    """The toolkit that is found where `nvcc_path` names one."""

    def find(nvcc: Path | str) -> Toolkit | None:
        monkeypatch.setenv("nvcc_path", str(nvcc))
        jittor_cuda.find_toolkit.cache_clear()
        return jittor_cuda.find_toolkit()

    yield find
    jittor_cuda.find_toolkit.cache_clear()


def compiler(name: str) -> str:
    """The path of a compiler; skips the test if there is none."""
    return shutil.which(name) or pytest.skip(f"{name} is not installed")


def test_the_version_is_the_release_and_not_the_year() -> None:
    assert jittor_cuda.parse_version(PRINTED.format("13.0", "13.0")) == (13, 0)
    assert jittor_cuda.parse_version(PRINTED.format("12.4", "12.4")) == (12, 4)
    assert jittor_cuda.parse_version("nvcc: command not found") is None


def test_cuda_12_with_cudnn_8_needs_no_flag(toolkit, found) -> None:
    chosen = variables(found(toolkit("12.4", cudnn=True)), "ours")
    assert set(chosen) == {"nvcc_path", "use_cutt", "use_cutlass"}


def test_nvcc_links_no_library_that_is_not_there(toolkit, found) -> None:
    """pip's packages of CUDA 12 have no libcudadevrt.a."""
    home = found(toolkit("12.4", without="lib64/libcudadevrt.a"))
    assert variables(home, "ours")["NVCC_APPEND_FLAGS"] == "--cudadevrt=none"
    assert not home.missing()


def test_without_cudnn_8_jittor_is_told_to_do_without(toolkit, found) -> None:
    home = found(toolkit("12.4"))
    assert variables(home, "ours")["conv_opt"] == "1"
    assert "no cuDNN 8" in home.describe()
    (home.home / "lib64" / "libcudnn.so").touch()  # cuDNN 9 has no libcudnn_ops_infer.so
    assert not home.has_cudnn


def test_cuda_13_gets_the_header_and_a_cache_of_its_own(toolkit, found, monkeypatch) -> None:
    monkeypatch.delenv("cc_flags", raising=False)
    home = found(toolkit("13.0"))
    chosen = variables(home, "ours")
    assert f'-include "{COMPATIBILITY}"' in chosen["cc_flags"]
    assert chosen["cache_name"] == "ours-cuda13"
    monkeypatch.setenv("cc_flags", "-g")
    assert variables(home, "ours")["cc_flags"].split()[0] == "-g"
    # In a child of a process that has the flag already, it is not added again.
    monkeypatch.setenv("cc_flags", chosen["cc_flags"])
    assert variables(home, "ours")["cc_flags"] == chosen["cc_flags"]


def test_on_the_cpu_jittor_ignores_nvcc(toolkit, found) -> None:
    assert found(toolkit("13.0")) is not None
    chosen = prepare_environment("cpu")
    assert chosen["nvcc_path"] == ""
    assert not {"cc_flags", "conv_opt", "use_cutt"} & set(chosen)
    assert chosen["cache_name"] != prepare_environment("cuda")["cache_name"]


def test_an_nvcc_without_headers_beside_it_is_passed_over(toolkit, found, tmp_path) -> None:
    script = tmp_path / "elsewhere" / "bin" / "nvcc"
    script.parent.mkdir(parents=True)
    shutil.copy(toolkit("12.4"), script)
    seen = found(script)
    assert seen is None or seen.nvcc != script
    assert found("") is None  # as on the CPU


@pytest.mark.parametrize("driver", [False, True])
def test_the_message_says_what_jittor_lacks(toolkit, found, monkeypatch, driver) -> None:
    monkeypatch.setattr(cuda, "has_driver", lambda: driver)
    found("")
    assert "no nvcc with CUDA's headers" in jittor_cuda.problem()
    found(toolkit("12.4", without="include/npp.h"))
    assert "lacks npp.h" in jittor_cuda.problem()
    with pytest.raises(UsageError, match="Jittor sees no CUDA device here"):
        load("jittor", device="cuda", dtype="float64", exact=True)
    found(toolkit("12.4"))
    message = jittor_cuda.problem()
    if driver:
        assert message is None
    else:
        assert message.count("; ") == 1
        assert "no NVIDIA driver" in message
        assert "nvcc 12.4" in message


def compiles(tmp_path, *, version: int, members: str, options: tuple[str, ...]) -> bool:
    """Whether a file that reads both members compiles, with headers like those of a version."""
    (tmp_path / "cuda_runtime_api.h").write_text(
        f"#pragma once\n#define CUDART_VERSION {version}\n"
        f"struct cudaDeviceProp {{ int major; {members} }};\n"
        "enum cudaError_t { cudaSuccess };\n"
        "enum cudaDeviceAttr { cudaDevAttrClockRate, cudaDevAttrComputeMode };\n"
        "cudaError_t cudaGetDeviceProperties(cudaDeviceProp*, int);\n"
        "cudaError_t cudaDeviceGetAttribute(int*, cudaDeviceAttr, int);\n"
    )
    (tmp_path / "reads.cc").write_text(
        "#include <cuda_runtime_api.h>\n"
        "int read() { cudaDeviceProp all; cudaGetDeviceProperties(&all, 0);"
        " return all.clockRate + all.computeMode + all.major; }\n"
    )
    command = [compiler("g++"), "-std=c++14", "-fsyntax-only", "-I", str(tmp_path), *options]
    done = subprocess.run([*command, "reads.cc"], cwd=tmp_path, capture_output=True, check=False)
    return done.returncode == 0


def test_the_header_restores_what_cuda_13_removed(tmp_path) -> None:
    ours = ("-DHAS_CUDA", "-include", str(COMPATIBILITY))
    old = "int clockRate; int computeMode;"
    assert not compiles(tmp_path, version=13000, members="", options=("-DHAS_CUDA",))
    assert compiles(tmp_path, version=13000, members="", options=ours)
    assert compiles(tmp_path, version=12040, members=old, options=ours)
    assert not compiles(tmp_path, version=12040, members="", options=ours)


def test_the_header_asks_for_nothing_of_cuda_where_jittor_does_not(tmp_path) -> None:
    (tmp_path / "plain.cc").write_text("int plain() { return 1; }\n")
    command = [compiler("g++"), "-fsyntax-only", "-include", str(COMPATIBILITY), "plain.cc"]
    subprocess.run(command, cwd=tmp_path, check=True)


def test_a_stand_in_has_the_functions_and_the_name_of_the_real_library(tmp_path) -> None:
    library = tmp_path / "cuda" / "lib64" / "libcublas.so"
    library.parent.mkdir(parents=True)
    source = tmp_path / "real.c"
    source.write_text("int cublasOne(void) { return 1; }\nint cublasTwo(void) { return 2; }\n")
    options = ["-shared", "-fPIC", "-Wl,-soname,libcublas.so.12", "-o", str(library)]
    subprocess.run([compiler("gcc"), str(source), *options], check=True)
    nvcc = library.parents[1] / "bin" / "nvcc"
    made = stand_in.build(Toolkit(nvcc, (12, 4)), tmp_path / "made")
    assert [each.name for each in made] == ["libcublas.so.12"]
    real, other = ctypes.CDLL(str(library)), ctypes.CDLL(str(made[0]))
    assert (real.cublasOne(), real.cublasTwo()) == (1, 2)
    assert (other.cublasOne(), other.cublasTwo()) == (0, 0)
    with pytest.raises(AttributeError):
        _ = other.cublasThree


def test_the_first_error_is_the_compilers_and_without_colours() -> None:
    log = (
        "Compiling Operators(1/9)\rCompiling Operators(2/9)\n"
        "\x1b[01m\x1b[Ka.h:10:10:\x1b[m\x1b[K \x1b[01;31m\x1b[Kfatal error: \x1b[m\x1b[Knpp.h: No\n"
        "Traceback (most recent call last):\nRuntimeError: compiling failed: error\n"
    )
    assert first_error(log) == "a.h:10:10: fatal error: npp.h: No"
    assert first_error("one\ntwo\n") == "two"


@pytest.mark.parametrize(
    "change",
    [
        {"core": False},
        {"kernels": 0, "for_architecture": (0, 0)},
        {"for_architecture": (9, 8)},
        {"launches": 0},  # the step ran on the CPU, or stopped
        {"error": "a.h:1:1: error"},
    ],
)
def test_only_a_whole_step_for_every_architecture_counts(change) -> None:
    assert COMPLETE.succeeded
    result = Compiled(**{**vars(COMPLETE), **change})
    assert not result.succeeded
    assert "FAILED" in result.lines()[0]


def test_jittor_compiles_in_a_folder_of_its_own(toolkit, found, tmp_path) -> None:
    libraries = [Path("a.so"), Path("b.so")]
    chosen = compiling.environment(found(toolkit("13.0")), tmp_path, libraries)
    assert chosen["HOME"] == str(tmp_path)
    assert "JITTOR_HOME" not in chosen  # Jittor would use that folder ever after
    assert chosen["LD_PRELOAD"] == "a.so b.so"
    assert chosen["cuda_archs"] == "80 90"


def test_the_toolkit_of_this_machine_does_not_mix_with_the_one_checked(
    toolkit, found, tmp_path
) -> None:
    checked = found(toolkit("12.4", cudnn=True))
    assert found(toolkit("13.0")) != checked
    chosen = compiling.environment(checked, tmp_path, [])
    assert chosen["nvcc_path"] == str(checked.nvcc)
    assert not {"cc_flags", "conv_opt"} & set(chosen)
    assert chosen["ROSETTA_DEVICE"] == "cuda"


def test_what_cannot_be_had_is_a_failure_with_its_reason(monkeypatch, capsys) -> None:
    def refuse(version: str, folder: Path) -> Toolkit:
        raise UsageError("nvcc cannot be had here: no apt")

    monkeypatch.setattr(packages, "provide", refuse)
    assert check.main(["12"]) == 1
    assert "nvcc cannot be had here: no apt" in capsys.readouterr().out
    assert check.main(["11"]) == 2
    assert "choose one of: 12, 13" in capsys.readouterr().out


def test_each_version_has_its_packages() -> None:
    for version in packages.VERSIONS:
        lines = (ROOT / ".constraints" / f"nvcc{version}.txt").read_text().splitlines()
        assert all(line[:1] == "#" or "==" in line for line in lines)
    assert os.fspath(check.FOLDER).startswith(str(ROOT / "build"))  # which make clean removes
