"""Provide oneDNN for Jittor: its own download, or the system's library linked into its cache.

Run as `python -m common.backends.onednn`. It needs only the standard library, so that set-up can
call it first. Without oneDNN, Jittor's convolutions work but are about 90 times slower.
"""

import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

SOURCE = "https://cg.cs.tsinghua.edu.cn/jittor/assets/dnnl_lnx_2.2.0_cpu_gomp.tgz"
FOLDER = "dnnl_lnx_2.2.0_cpu_gomp"
PACKAGE = "libdnnl-dev"


def home() -> Path:
    """The folder under which Jittor keeps its cache: JITTOR_HOME, the last one used, or home."""
    remembered = Path.home() / ".cache" / "jittor" / "config.json"
    last = json.loads(remembered.read_text()) if remembered.exists() else {}
    chosen = os.environ.get("JITTOR_HOME") or last.get("JITTOR_HOME") or Path.home()
    return Path(chosen) / ".cache" / "jittor"


def target() -> Path:
    """The folder in which Jittor looks for oneDNN before it downloads it."""
    machine = "_aarch64" if platform.machine() == "aarch64" else ""
    return home() / "mkl" / (FOLDER + machine)


def is_linked() -> bool:
    """Whether Jittor will find oneDNN."""
    return (target() / "lib" / "libmkldnn.so").exists()


def system_library() -> tuple[Path, Path] | None:
    """The system's shared library and the folder of its headers, if both exist."""
    libraries = sorted(Path("/usr").glob("lib*/**/libdnnl.so")) + sorted(
        Path("/usr/local").glob("lib*/libdnnl.so")
    )
    for library in libraries:
        for headers in (Path("/usr/include"), Path("/usr/local/include")):
            if (headers / "dnnl.hpp").exists():
                return library, headers
    return None


def link(library: Path, headers: Path) -> None:
    """Put the system's library and headers where Jittor looks."""
    folders = [target() / part for part in ("lib", "include", "examples")]
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    _replace(folders[0] / "libmkldnn.so", library.resolve())
    for header in [*headers.glob("dnnl*.h*"), headers / "oneapi"]:
        if header.exists():
            _replace(folders[1] / header.name, header)


def download_reachable() -> bool:
    """Whether Jittor's download server is reachable; Jittor downloads at its first import."""
    try:
        with urlopen(SOURCE, timeout=10) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def install_package() -> bool:
    """Install the system's package, if apt and root permissions are available."""
    if not shutil.which("apt-get") or os.geteuid() != 0:
        return False
    print(f"oneDNN for Jittor: installing {PACKAGE} with apt-get")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    commands = (["apt-get", "update"], ["apt-get", "install", "-y", PACKAGE])
    codes = [
        subprocess.run(command, env=environment, check=False, **quiet).returncode  # type: ignore[call-overload]
        for command in commands
    ]
    return bool(codes[-1] == 0)


def provide() -> bool:
    """Make oneDNN available to Jittor in the first way that works; print a warning if none does."""
    if is_linked():
        return True
    library = system_library()
    if library is None and download_reachable():
        print("oneDNN for Jittor: Jittor downloads its own at its first import")
        return True
    if library is None and install_package():
        library = system_library()
    if library is None:
        print(
            "WARNING: oneDNN not found. Jittor's convolutions will be about 90 times slower.\n"
            f"         To fix it: apt-get install {PACKAGE} && python -m common.backends.onednn",
            file=sys.stderr,
        )
        return False
    link(*library)
    print(f"oneDNN for Jittor: linked {library[0]}")
    return True


def _replace(path: Path, source: Path) -> None:
    path.unlink(missing_ok=True)
    path.symlink_to(source)


if __name__ == "__main__":
    provide()
