"""Install the project with all four frameworks; if one fails, the others are still installed.

Run as `python -m common.setup.install` from the root, in the environment to install into;
`python -m common.setup.install cuda12` or cuda13 installs the GPU builds instead.

Jittor comes first, because compiling its core takes longest; that runs in parallel to the rest. The
other frameworks come next, in parallel and without their dependencies, so that they write separate
files. The last call installs everything else, checks the whole and retries what failed.
"""

import signal
import sys
import tomllib
from concurrent.futures import Future

from common import ROOT
from common.setup.command_runner import CommandRunner
from common.setup.installers import Installer, forget_unfinished, installers, with_pip

EXTRAS = ("torch", "tf", "jax", "jittor", "data")
# Each with the large packages that only this framework depends on.
PARALLEL = {"torch": (), "tf": (), "jax": ("jaxlib",)}
GPU_EXTRAS = ("cuda12", "cuda13")
# The core compiles in more processes than there are cores, which would slow the installation.
PREPARE = ("nice", sys.executable, "-m", "common.setup.prepare_jittor")


def install(runner: CommandRunner, tried: tuple[Installer, ...]) -> int:
    """Install everything with the first installer that succeeds, else framework by framework."""
    jittor = _start_jittor(runner, tried[0])
    core = runner.start(
        lambda: jittor.result() and runner.run("preparing Jittor", PREPARE, shown=True)
    )
    others = _start_others(runner, tried[0]) if tried[0].parallel else []
    runner.wait(jittor, *others)
    rest = runner.start(lambda: _everything(runner, tried))
    return 0 if runner.wait(rest, core)[0] else 1


def install_gpu_builds(extra: str) -> int:
    """Install the frameworks' builds for one version of CUDA, all or none."""
    if extra not in GPU_EXTRAS:
        print(f"error: no builds for {extra!r}; choose one of: {', '.join(GPU_EXTRAS)}")
        return 2
    with CommandRunner() as runner:
        what = f"installing the frameworks' builds for {extra}: several gigabytes"
        constraints = f".constraints/{extra}.txt"
        command = with_pip().command("-e", f".[{extra},dev]", constraints=constraints)
        if runner.wait(runner.start(lambda: runner.run(what, command, shown=True)))[0]:
            return 0
        runner.say(f"error: the builds for {extra} could not be installed; see pip's output above")
        return 1


def requirements(extra: str) -> list[str]:
    """The requirements in one of the project's extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return list(project["optional-dependencies"][extra])


def _start_jittor(runner: CommandRunner, installer: Installer) -> Future[bool]:
    # Upgraded now, since the last call might replace setuptools while Jittor's processes start.
    command = installer.command("--upgrade", *requirements("jittor"))
    return runner.start(
        lambda: runner.run("installing jittor", command, variables=installer.variables)
    )


def _start_others(runner: CommandRunner, installer: Installer) -> list[Future[bool]]:
    def begin(extra: str, also: tuple[str, ...]) -> Future[bool]:
        command = installer.command("--no-deps", *requirements(extra), *also)
        return runner.start(lambda: runner.run(f"installing {extra}", command))

    return [begin(extra, also) for extra, also in PARALLEL.items()]


def _everything(runner: CommandRunner, tried: tuple[Installer, ...]) -> bool:
    """Whether the project itself is installed; lists the frameworks that are not."""

    def add(extras: str, what: str, installer: Installer) -> bool:
        command = installer.command("-e", f".[{extras}]")
        title = f"installing {what} with {installer.name}"
        return runner.run(title, command, shown=True, variables=installer.variables)

    if any(add("all,dev,docs", "everything else", installer) for installer in tried):
        return True
    if not add("dev,docs", "the project and its tools", tried[-1]):
        runner.say("error: the project itself could not be installed; see pip's output above")
        return False
    for extra in EXTRAS:
        if not add(extra, f"{extra} by itself", tried[-1]):
            fix = "`rosetta doctor` says how to fix it"
            runner.say(f"WARNING: {extra} could not be installed; {fix}")
    return True


def main() -> int:
    """Install what the command line names; end the running commands on an interruption."""
    # `make` sends this signal to its children when it is ended itself.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if sys.argv[1:]:
            return install_gpu_builds(sys.argv[1])
        with CommandRunner() as runner:
            for name in forget_unfinished():
                runner.say(f"{name} was only partly installed; installing it again")
            return install(runner, installers())
    except KeyboardInterrupt:
        print("interrupted; run the same command to continue", flush=True)
        return 130


if __name__ == "__main__":
    sys.exit(main())
