"""The four packages mirror each other, and common stays free of frameworks."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from common import ROOT

PACKAGES = ("torch_impl", "tf_impl", "jax_impl", "jittor_impl")
FRAMEWORKS = ("torch", "tensorflow", "keras", "jax", "flax", "optax", "jittor")
# What each framework calls the forward pass, and the arguments that it adds.
FORWARD = {
    "torch_impl": "forward",
    "tf_impl": "call",
    "jax_impl": "__call__",
    "jittor_impl": "execute",
}
FORCED_ARGUMENTS = {"tf_impl": {"training"}}
# What one framework lacks, so that its package offers it to its own modules.
EXTRAS = {
    "torch_impl": {"bare"},
    "tf_impl": {"grow_memory", "native_values", "scope", "shard", "shard_masks"},
    "jax_impl": {
        "kept_outputs",
        "local_copy",
        "local_device",
        "shard",
        "shard_masks",
        "spread",
        "vjp",
    },
    "jittor_impl": {
        "Conv",
        "ConvTranspose",
        "Linear",
        "average",
        "chosen_dtype",
        "constant",
        "gradients_of",
        "is_scalar",
        "scalar",
        "spread",
        "tanh",
    },
}

# What takes a framework more than a room of layers: XLA's convolutions on a CPU.
EXTRA_FILES = {"jax_impl": {"convolution.py"}}

Signature = tuple[str, ...]


def files_of(package: str) -> set[str]:
    folder = ROOT / package
    return {str(path.relative_to(folder)) for path in folder.rglob("*.py")}


def first_line(node: ast.AST) -> str:
    text = ast.get_docstring(node)  # type: ignore[arg-type]
    return text.splitlines()[0] if text else ""


def signature(function: ast.FunctionDef, drop: set[str]) -> Signature:
    arguments = function.args
    parts = [a.arg for a in (*arguments.posonlyargs, *arguments.args) if a.arg not in drop]
    parts += [f"*{arguments.vararg.arg}"] if arguments.vararg else []
    parts += ["*", *(a.arg for a in arguments.kwonlyargs if a.arg not in drop)]
    parts += [ast.unparse(default) for default in arguments.defaults if "training" not in drop]
    parts += [ast.unparse(default) for default in arguments.kw_defaults if default is not None]
    return tuple(parts)


def public_names(source: str, package: str) -> list[tuple[str, Signature, str]]:
    """What a module offers, in order: name, signature, first docstring line."""
    tree = ast.parse(source)
    public = [("module", (), first_line(tree))]
    for node in tree.body:
        if getattr(node, "name", "") in EXTRAS[package]:
            continue
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            public.append((node.name, signature(node, set()), first_line(node)))
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            public.append((node.name, (), first_line(node)))
            public += methods(node, package)
    return public


def methods(node: ast.ClassDef, package: str) -> list[tuple[str, Signature, str]]:
    public = []
    for child in node.body:
        if not isinstance(child, ast.FunctionDef):
            continue
        if child.name == FORWARD[package]:
            drop = FORCED_ARGUMENTS.get(package, set())
            public.append((f"{node.name}.forward", signature(child, drop), ""))
        elif child.name == "__init__" or not child.name.startswith("_"):
            public.append((f"{node.name}.{child.name}", signature(child, set()), ""))
    return public


@pytest.mark.parametrize("package", PACKAGES[1:])
def test_same_files(package: str) -> None:
    extra = EXTRA_FILES.get(package, set())
    assert files_of(package) - files_of("torch_impl") == extra
    assert files_of("torch_impl") <= files_of(package)


@pytest.mark.parametrize("package", PACKAGES[1:])
@pytest.mark.parametrize("name", sorted(files_of("torch_impl")))
def test_same_names_signatures_and_first_lines(package: str, name: str) -> None:
    if name == "__init__.py":
        return  # each package's own sentence about itself
    theirs = public_names((ROOT / package / name).read_text(), package)
    ours = public_names((ROOT / "torch_impl" / name).read_text(), "torch_impl")
    assert theirs == ours


def test_a_renamed_argument_and_a_changed_first_line_are_detected() -> None:
    source = (ROOT / "torch_impl" / "losses.py").read_text()
    ours = public_names(source, "torch_impl")
    assert public_names(source.replace("gen_label", "target"), "torch_impl") != ours
    assert public_names(source.replace("non-saturating", "saturating"), "torch_impl") != ours


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names


@pytest.mark.parametrize("path", sorted((ROOT / "common").rglob("*.py")), ids=lambda p: p.stem)
def test_common_imports_no_framework_and_no_port(path: Path) -> None:
    assert not imported(path) & {*FRAMEWORKS, *PACKAGES}


@pytest.mark.parametrize("package", PACKAGES)
def test_no_module_imports_private_names(package: str) -> None:
    offered = set()
    for path in (ROOT / package).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom):
                names = [alias.name for alias in node.names]
                assert not [name for name in names if name.startswith("_")], path
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                offered.add(node.name)
    assert offered >= EXTRAS[package]


@pytest.mark.parametrize("package", PACKAGES)
def test_a_port_imports_no_other_port_and_no_other_framework(package: str) -> None:
    own = {
        "torch_impl": {"torch"},
        "tf_impl": {"tensorflow", "keras"},
        "jax_impl": {"jax", "flax", "optax"},
        "jittor_impl": {"jittor"},
    }[package]
    forbidden = {*FRAMEWORKS, *PACKAGES} - own - {package}
    for path in (ROOT / package).rglob("*.py"):
        assert not imported(path) & forbidden, path


@pytest.mark.parametrize("package", ["common", *PACKAGES])
def test_modules_are_short(package: str) -> None:
    for path in (ROOT / package).rglob("*.py"):
        assert len(path.read_text().splitlines()) <= 200, path


ALONE = """
import sys
import tempfile
from pathlib import Path

from common.cli.application import load_commands
from common.training.events import Events

load_commands()
Events(Path(tempfile.mkdtemp()), first_step=1).close()
loaded = {frameworks} & {{name.partition(".")[0] for name in sys.modules}}
assert not loaded, loaded
"""


def test_the_command_line_and_its_libraries_load_no_framework() -> None:
    """tensorboardX would import PyTorch, beside whichever framework trains."""
    program = ALONE.format(frameworks=set(FRAMEWORKS))
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
