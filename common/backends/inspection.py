"""Check a backend in a separate process: versions, devices, and what is wrong."""

import subprocess
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from common.backends import DISTRIBUTIONS, TITLES, onednn, prepare_environment, remedy
from common.backends.cuda import DRIVER_REMEDY, NO_DRIVER, SEES_NONE, has_driver
from common.processes.child import run_python

PROBE_SECONDS = 600  # Jittor compiles its core at the first import


def installed_versions(name: str) -> dict[str, str]:
    """The versions of one backend's packages, as far as they are installed."""
    versions = {}
    for distribution in DISTRIBUTIONS[name]:
        try:
            versions[distribution] = version(distribution)
        except PackageNotFoundError:
            continue
    return versions


def version_of(name: str) -> str:
    """The main version of a backend, "" if it is not installed."""
    return next(iter(installed_versions(name).values()), "")


def examine(name: str, *, device: str = "cpu") -> dict[str, Any]:
    """What doctor reports of a backend on a device: versions, devices, problem and remedy.

    The framework is imported in a separate process, so that a crash there is only reported here.
    """
    report: dict[str, Any] = {"backend": name, "title": TITLES[name]}
    report |= {"versions": installed_versions(name), "devices": [], "environment": {}}
    report |= {"problem": "", "remedy": ""}
    if not report["versions"]:
        return report | {"problem": "not installed", "remedy": remedy(name)}
    try:
        report |= _inspect(name, device)
    except subprocess.TimeoutExpired:
        return report | {"problem": f"import hung for {PROBE_SECONDS} s", "remedy": remedy(name)}
    except RuntimeError as error:
        problem = {"problem": f"import fails: {error}", "remedy": remedy(name)}
        if device == "cuda" and not has_driver():
            problem = {"problem": NO_DRIVER, "remedy": DRIVER_REMEDY}
        return report | problem
    if report["problem"]:
        return report
    if name == "jittor" and not onednn.is_linked():
        report["problem"] = "oneDNN is missing: convolutions are about 90 times slower"
        report["remedy"] = "python -m common.backends.onednn"
    return report


def _inspect(name: str, device: str) -> dict[str, Any]:
    """Its devices and environment; or, on a UsageError, the problem and the remedy."""
    script = (
        "import json\n"
        "from common.backends import load\n"
        "from common import UsageError\n"
        "try:\n"
        f"    device = load({name!r}, device={device!r}, dtype='float32', exact=True).device\n"
        "    result = {'devices': device.available_devices(),\n"
        "              'environment': device.environment()}\n"
        "except UsageError as error:\n"
        f"    problem, _, remedy = str(error).rpartition({SEES_NONE!r})[2].partition('; ')\n"
        "    result = {'problem': problem, 'remedy': remedy}\n"
        "print('\\n' + json.dumps(result))\n"
    )
    answer: dict[str, Any] = run_python(
        ["-c", script], variables=prepare_environment(device), timeout=PROBE_SECONDS
    )
    return answer
