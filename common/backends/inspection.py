"""Asking a port how it is, without importing it here."""

import subprocess
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from common.backends import DISTRIBUTIONS, TITLES, prepare_environment, remedy
from common.backends.cuda import DRIVER_REMEDY, NO_DRIVER, has_driver
from common.processes.child import run_python
from common.setup import onednn

PROBE_SECONDS = 600  # Jittor compiles its core at the first import


def installed_versions(name: str) -> dict[str, str]:
    """The versions of the packages behind one backend, of those that are installed."""
    found = {}
    for distribution in DISTRIBUTIONS[name]:
        try:
            found[distribution] = version(distribution)
        except PackageNotFoundError:
            continue
    return found


def version_of(name: str) -> str:
    """The version that a backend goes by, "" where it is not installed."""
    return next(iter(installed_versions(name).values()), "")


def examine(name: str, *, device: str = "cpu") -> dict[str, Any]:
    """What doctor reports of a backend on a device: versions, devices, problem and remedy.

    The framework is imported in a process of its own, so a crash there is only a finding here.
    """
    report: dict[str, Any] = {"backend": name, "title": TITLES[name]}
    report |= {"versions": installed_versions(name), "devices": [], "environment": {}}
    report |= {"problem": "", "remedy": ""}
    if not report["versions"]:
        return report | {"problem": "not installed", "remedy": remedy(name)}
    try:
        report |= _ask(name, device)
    except subprocess.TimeoutExpired:
        return report | {"problem": f"import hung for {PROBE_SECONDS} s", "remedy": remedy(name)}
    except RuntimeError as error:
        found = {"problem": f"import fails: {error}", "remedy": remedy(name)}
        if device == "cuda" and not has_driver():
            found = {"problem": NO_DRIVER, "remedy": DRIVER_REMEDY}
        return report | found
    if report["problem"]:
        return report
    if name == "jittor" and not onednn.is_linked():
        report["problem"] = "oneDNN is missing: convolutions are about 90 times slower"
        report["remedy"] = "python -m common.setup.onednn"
    return report


def _ask(name: str, device: str) -> dict[str, Any]:
    """Its devices and environment there; or what a UsageError says is wrong, and mends it."""
    script = (
        "import json\n"
        "from common.backends import load\n"
        "from common import UsageError\n"
        "try:\n"
        f"    device = load({name!r}, device={device!r}, dtype='float32', exact=True).device\n"
        "    found = {'devices': device.available_devices(),\n"
        "             'environment': device.environment()}\n"
        "except UsageError as error:\n"
        "    problem, _, remedy = str(error).partition('; ')\n"
        "    found = {'problem': problem, 'remedy': remedy}\n"
        "print('\\n' + json.dumps(found))\n"
    )
    answer: dict[str, Any] = run_python(
        ["-c", script], variables=prepare_environment(device), timeout=PROBE_SECONDS
    )
    return answer
