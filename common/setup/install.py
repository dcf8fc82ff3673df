"""Install the project with all four frameworks; one that cannot be had never costs the others.

Run as `python -m common.setup.install` from the root, in the environment to install into;
`python -m common.setup.install cuda12` or cuda13 installs the builds for cards instead.

Jittor comes first, for compiling its core takes longest: that goes on beside all the rest. The
other frameworks come next, beside each other and without what they need; each writes files of its
own. The last call adds everything else and checks the whole. What failed before is left to it.
"""

import signal
import sys
import tomllib
from concurrent.futures import Future

from common import ROOT
from common.setup.command_runner import CommandRunner
from common.setup.installers import Installer, forget_unfinished, installers, with_pip

EXTRAS = ("torch", "tf", "jax", "jittor", "data")
# With the large packages that they need and no other framework needs.
BESIDE = {"torch": (), "tf": (), "jax": ("jaxlib",)}
FOR_CARDS = ("cuda12", "cuda13")
# The core compiles in more processes than there are cores, and would starve the installation.
PREPARE = ("nice", sys.executable, "-m", "common.setup.prepare_jittor")


def install(runner: CommandRunner, tried: tuple[Installer, ...]) -> int:
    """Everything with the first installer that can, else one framework after the other."""
    jittor = _start_jittor(runner, tried[0])
    core = runner.start(
        lambda: jittor.result() and runner.run("preparing Jittor", PREPARE, shown=True)
    )
    others = _start_others(runner, tried[0]) if tried[0].beside else []
    runner.wait(jittor, *others)
    rest = runner.start(lambda: _everything(runner, tried))
    return 0 if runner.wait(rest, core)[0] else 1


def install_for_cards(extra: str) -> int:
    """The frameworks' builds for one version of CUDA, all or none."""
    if extra not in FOR_CARDS:
        print(f"error: no builds for {extra!r}; choose one of: {', '.join(FOR_CARDS)}")
        return 2
    with CommandRunner() as runner:
        what = f"installing the frameworks' builds for {extra}: several gigabytes"
        constraints = f".constraints/{extra}.txt"
        command = with_pip().command("-e", f".[{extra},dev]", constraints=constraints)
        if runner.wait(runner.start(lambda: runner.run(what, command, shown=True)))[0]:
            return 0
        runner.say(f"error: the builds for {extra} could not be installed; see pip's words above")
        return 1


def requirements(extra: str) -> list[str]:
    """What the project asks for under one of its extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return list(project["optional-dependencies"][extra])


def _start_jittor(runner: CommandRunner, installer: Installer) -> Future[bool]:
    # Upgraded, or the last call may exchange setuptools while Jittor's processes start.
    command = installer.command("--upgrade", *requirements("jittor"))
    return runner.start(
        lambda: runner.run("installing jittor", command, variables=installer.variables)
    )


def _start_others(runner: CommandRunner, installer: Installer) -> list[Future[bool]]:
    def begin(extra: str, also: tuple[str, ...]) -> Future[bool]:
        command = installer.command("--no-deps", *requirements(extra), *also)
        return runner.start(lambda: runner.run(f"installing {extra}", command))

    return [begin(extra, also) for extra, also in BESIDE.items()]


def _everything(runner: CommandRunner, tried: tuple[Installer, ...]) -> bool:
    """Whether the project itself is installed; the frameworks that are not are named."""

    def add(extras: str, what: str, installer: Installer) -> bool:
        command = installer.command("-e", f".[{extras}]")
        title = f"installing {what} with {installer.name}"
        return runner.run(title, command, shown=True, variables=installer.variables)

    if any(add("all,dev,docs", "everything else", installer) for installer in tried):
        return True
    if not add("dev,docs", "the project and its tools", tried[-1]):
        runner.say("error: the project itself could not be installed; see pip's words above")
        return False
    for extra in EXTRAS:
        if not add(extra, f"{extra} by itself", tried[-1]):
            mended = "`rosetta doctor` tells how to mend it"
            runner.say(f"WARNING: {extra} could not be installed; {mended}")
    return True


def main() -> int:
    """Install what the command line asks for; end what runs where it is interrupted."""
    # `make` ends what it runs by this signal when it is itself ended.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if sys.argv[1:]:
            return install_for_cards(sys.argv[1])
        with CommandRunner() as runner:
            for name in forget_unfinished():
                runner.say(f"{name} was interrupted; it is installed anew")
            return install(runner, installers())
    except KeyboardInterrupt:
        print("interrupted; the same command goes on from here", flush=True)
        return 130


if __name__ == "__main__":
    sys.exit(main())
