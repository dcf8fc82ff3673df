"""One system in one framework as the text of a script that imports nothing of this project."""

from functools import cache
from importlib import import_module

from common.backends import TITLES
from common.eject.constants import assignments, keywords
from common.eject.features import features
from common.eject.glue_numpy import TEXT
from common.eject.imports import import_block
from common.eject.registry import parts
from common.eject.settled import settled
from common.eject.sources import Key, Sources
from common.eject.text import (
    call,
    chosen_lines,
    compact,
    renamed,
    shorter_docstrings,
    without_annotations,
    without_options,
)
from common.eject.updates import step_functions, updates
from common.systems import System
from common.systems.losses import Wasserstein, WassersteinGP

LIMIT = 250  # lines of a script
INITIALISERS = {
    "uniform_fan_in": "U(±1/√fan_in)",
    "dcgan": "N(0, 0.02) for kernels, N(1, 0.02) for norms",
    "glorot_uniform": "U(±√(6 / (fan_in + fan_out))), zero biases",
    "normal": "N(0, 0.02), zero biases",
}
_PENALTY = ("penalty", "alpha")
_MASKS = ("real_masks", "fake_masks", "generator_masks", "masks")


@cache
def script(backend: str, system: System) -> str:
    """The script, as `ruff format` writes it.

    One that is too long loses the types of arguments, then all but the first paragraph of each
    docstring.
    """
    text = ""
    for level in range(4):
        text = _script(backend, system, level)
        if len(text.splitlines()) <= LIMIT:
            break
    return text


def _script(backend: str, system: System, level: int) -> str:
    known = set(features(backend, system))
    unused = (*(() if "penalty" in known else _PENALTY), *(() if "masks" in known else _MASKS))

    options = {k: v for k, v in system.networks.discriminator.items() if isinstance(v, bool)}

    def edit(module: str, text: str) -> str:
        if module == "steps":
            text = without_options(text, unused)
        text = settled(text, options)
        if level:
            text = without_annotations(text)
        text = compact(text)
        text = text.replace("chosen_device()", "DEVICE").replace("chosen_dtype()", "DTYPE")
        return text if level < 2 else shorter_docstrings(text, sources=level == 2)

    own = import_module(f"common.eject.glue_{backend}")
    glue = _filled(
        _imports(backend, system) + chosen_lines(own.TEXT + TEXT, known), backend, system
    )
    sources = Sources(backend, glue, edit)
    keys, externals = sources.needed("main")
    body = _body(sources, keys)
    ending = '\n\n\nif __name__ == "__main__":\n    main()\n'
    head = [own.HEAD] if own.HEAD else []
    return (
        "\n\n".join(
            [
                _docstring(backend, system),
                import_block(externals),
                *head,
                assignments(system, body),
            ]
        )
        + f"{_gap(body)}{body}{ending}"
    )


def _imports(backend: str, system: System) -> str:
    """What the glue takes from the port's modules, as it would import it there."""
    package = f"{backend}_impl"
    wanted = [f"models.{name}" for name in parts(backend, system.networks, "NETWORKS")]
    wanted += parts(backend, system.loss, "LOSSES")
    wanted += parts(backend, system.optimiser, "OPTIMISERS")
    wanted += [f"steps.{name}" for name in step_functions(system)]
    wanted += ["losses.gradient_penalty"] if isinstance(system.loss, WassersteinGP) else []
    wanted += ["optimisers.clip_weights"] if isinstance(system.loss, Wasserstein) else []
    split = [name.rpartition(".") for name in wanted]
    lines = [f"from {package}.{module} import {name}" for module, _, name in split]
    lines.append("from functools import partial")
    generator, discriminator = (n.split(".")[1] for n in parts(backend, system.loss, "LOSSES"))
    lines += [
        _partial("GENERATOR_LOSS", generator, keywords(system, "generator", system.loss.generator)),
        _partial(
            "DISCRIMINATOR_LOSS",
            discriminator,
            keywords(system, "discriminator", system.loss.discriminator),
        ),
    ]
    if isinstance(system.loss, WassersteinGP):
        lines.append(_partial("PENALTY", "gradient_penalty", ["weight=PENALTY_WEIGHT"]))
    (optimiser,) = (n.split(".")[1] for n in parts(backend, system.optimiser, "OPTIMISERS"))
    lines.append(_partial("OPTIMISER", optimiser, keywords(system, "", system.optimiser.keywords)))
    return "\n".join(lines) + "\n"


def _partial(name: str, function: str, arguments: list[str]) -> str:
    return (
        call(f"{name} = partial(", [function, *arguments]) if arguments else f"{name} = {function}"
    )


def _filled(text: str, backend: str, system: System) -> str:
    generator = keywords(system, "generator", system.networks.generator)
    discriminator = keywords(system, "discriminator", system.networks.discriminator)
    shape = system.sample_shape
    drawn = "Gaussians on a circle" if shape == (2,) else "numbers from N(4, 1.25)"
    unit = system.networks.pixel_range == "unit"
    images = len(shape) == 3
    values = {
        "NETWORKS": "\n".join(
            [
                call("    generator = Generator(", generator),
                call("    discriminator = Discriminator(", discriminator),
                "    return generator, discriminator",
            ]
        ),
        "UPDATES": updates(backend, system),
        "INITIALISER": INITIALISERS[system.initialiser],
        "RANGE": ("in [0, 1]" if unit else "in [−1, 1]") if images else "of any size",
        "DATA": "scikit-learn's digits" if images else drawn,
    }
    for name, value in values.items():
        text = text.replace(f"${name}", value)
    return text


def _body(sources: Sources, keys: list[Key]) -> str:
    owners: dict[str, str] = {}
    pieces: list[tuple[str, str]] = []
    for module, name in keys:
        owners.setdefault(name, module)
    for module, name in keys:
        text = sources.definitions[module, name].text
        used = sources.definitions[module, name].names() | {name}
        clash = {
            other: f"_{module.split('.')[-1]}{other if other[0] == '_' else '_' + other}"
            for other in used
            if (module, other) in sources.definitions and owners.get(other, module) != module
        }
        pieces.append((module, renamed(text, clash)))
    body = ""
    for at, (module, text) in enumerate(pieces):
        if at:
            near = _gap(text) == "\n\n" and _gap(pieces[at - 1][1]) == "\n\n"
            same = near and module == pieces[at - 1][0]
            body += "\n" if same else "\n\n" if near else "\n\n\n"
        body += text
    return body


def _gap(text: str) -> str:
    """The blank lines before this definition."""
    first = next(line for line in text.splitlines() if not line.startswith("#"))
    return "\n\n\n" if first.startswith(("def ", "class ", "@")) else "\n\n"


def _docstring(backend: str, system: System) -> str:
    return (
        f'"""{system.title}, in {TITLES[backend]}.\n\n'
        "Written by `rosetta eject` from gan-rosetta's own code; run it with --help.\n"
        '"""'
    )
