"""One system in one framework as the text of a script that imports nothing of this project."""

import ast
from functools import cache
from importlib import import_module

from common.backends import TITLES
from common.eject.constants import assignments, keywords
from common.eject.evaluation import evaluated
from common.eject.facts import settled
from common.eject.features import features
from common.eject.glue_numpy import TEXT
from common.eject.imports import import_block
from common.eject.printer import printed
from common.eject.registry import parts
from common.eject.scopes import globals_of, replaced
from common.eject.sources import Sources
from common.eject.text import chosen_lines
from common.eject.updates import joint_step, loop, step_functions, train_step
from common.systems import System
from common.systems.losses import Wasserstein, WassersteinGP

INITIALISERS = {
    "uniform_fan_in": "weights from U(±1/√fan_in)",
    "dcgan": "convolutions from N(0, 0.02), scales from N(1, 0.02)",
    "glorot_uniform": "kernels from U(±√(6 / (fan_in + fan_out)))",
    "normal": "kernels from N(0, 0.02)",
}
KEPT = {"build", "draw_masks", "draw_noise", "main", "native"}
KEPT |= {"read_samples", "train_step", "compute"}


@cache
def script(backend: str, system: System) -> str:
    """The script, as `ruff format` writes it."""
    own = import_module(f"common.eject.glue_{backend}")
    text = _filled(own.TEXT + TEXT, backend, system, own.SAMPLE)
    known = set(features(system))
    glue = _imports(backend, system) + chosen_lines(text, known)
    tree, externals = Sources(backend, glue).program("main")
    settled(tree, system)
    tree = ast.fix_missing_locations(evaluated(tree, "main", _kept(backend, system)))
    _rename_step(tree, joint_step(system))
    names = globals_of(tree)
    return "\n\n".join(
        [
            _docstring(backend, system),
            import_block(each for name, each in externals.items() if name in names),
            *([own.HEAD] if own.HEAD else []),
            assignments(backend, system, ast.unparse(tree)) + _gap(tree),
            "\n".join(printed(tree.body)),
            '\nif __name__ == "__main__":\n    main()\n',
        ]
    )


def _kept(backend: str, system: System) -> set[str]:
    """The functions that stay functions."""
    joint = joint_step(system)
    return KEPT | ({joint} if joint and backend != "jittor" else set())


def _gap(tree: ast.Module) -> str:
    first = tree.body[0]
    plain = not isinstance(first, ast.FunctionDef | ast.ClassDef)
    return "" if plain else "\n"


def _rename_step(tree: ast.Module, name: str | None) -> None:
    """Call the port's joint step train_step, if the script has no other."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            node.name = "train_step"
            replaced(tree, {name: ast.Name("train_step", ast.Load())})


def _imports(backend: str, system: System) -> str:
    """What the glue takes from the port's modules, as it would import it there."""
    package = f"{backend}_impl"
    wanted = [f"models.{name}" for name in parts(backend, system.networks, "NETWORKS")]
    wanted += parts(backend, system.loss, "LOSSES")
    wanted += parts(backend, system.optimiser, "OPTIMISERS")
    wanted += [f"steps.{name}" for name in step_functions(system)]
    wanted += ["losses.gradient_penalty"] if isinstance(system.loss, WassersteinGP) else []
    wanted += ["optimisers.clip_weights"] if isinstance(system.loss, Wasserstein) else []
    wanted += ["layers.BatchNorm"]
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
    given = ", ".join([function, *arguments])
    return f"{name} = partial({given})" if arguments else f"{name} = {function}"


def _filled(text: str, backend: str, system: System, sample: str) -> str:
    shape = system.sample_shape
    drawn = "Gaussians on a circle" if shape == (2,) else "numbers from N(4, 1.25)"
    unit = system.networks.pixel_range == "unit"
    images = len(shape) == 3
    last = backend in ("tf", "jax")
    values = {
        "GENERATOR": ", ".join(keywords(system, "generator", system.networks.generator)),
        "DISCRIMINATOR": ", ".join(
            keywords(system, "discriminator", system.networks.discriminator)
        ),
        "STEP": train_step(backend, system),
        "LOOP": loop(backend, system),
        "SAMPLE": sample,
        "INITIALISER": INITIALISERS[system.initialiser],
        "SHAPE": ("(N, H, W, C)" if last else "(N, C, H, W)") if images else f"(N, {shape[0]})",
        "RANGE": (" in [0, 1]" if unit else " in [−1, 1]") if images else "",
        "DATA": "scikit-learn's digits" if images else drawn,
    }
    for name, value in values.items():
        text = text.replace(f"${name}", value)
    return text.replace("CHANNEL_AXIS", "-1" if last else "1")


def _docstring(backend: str, system: System) -> str:
    return (
        f'"""{system.title}, in {TITLES[backend]}.\n\n'
        "Written by `rosetta eject` from gan-rosetta's own code; run it with --help.\n"
        '"""'
    )
