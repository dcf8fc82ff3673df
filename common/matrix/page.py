"""The results of a matrix, condensed, and the book's page of them."""

from collections.abc import Mapping, Sequence
from typing import Any

from common.backends import BACKENDS, TITLES
from common.drawing.markdown import table
from common.parity.jobs import Interpreter
from common.parity.results import Comparison
from common.parity.summary import STRAINED

COLUMNS = {
    "python": "Python",
    "torch": "PyTorch",
    "tensorflow-cpu": "TensorFlow",
    "keras": "Keras",
    "jax": "JAX",
    "flax": "Flax",
    "optax": "optax",
    "jittor": "Jittor",
    "numpy": "NumPy",
}
PAGE = """# Versions

`make parity-matrix` records every system's reduced cases in several environments and compares all
of them with one float64 reference, by the bounds of `make parity`. This run made {comparisons} of
{expected} comparisons on a CPU: {verdict}.

{note}{versions}

{about}

{summary}

A tick means that all float64 and float32 comparisons of that system in that environment passed; the
figure is the worst float64 error of any tensor over five steps, ‖actual − reference‖ / ‖reference‖.
A dot means that the environment does not run that system. No version has been measured on a GPU.

{tables}

The versions are pinned in `.constraints/matrix.toml`, those of `pinned` in `constraints.txt`;
`docs/results/matrix.json` holds the figures.
"""


def condense(
    comparison: Comparison,
    interpreters: Mapping[str, Interpreter],
    about: Mapping[str, str],
) -> dict[str, Any]:
    """One entry for each case, backend and environment, with the versions of each environment."""
    cells: dict[tuple[str, ...], dict[str, Any]] = {}
    for result in comparison.results:
        key = (result.system, result.loss, result.backend, result.file)
        cell = cells.setdefault(key, {"ok": True, "float64": 0.0, "compared": 0})
        cell["compared"] += 1
        cell["ok"] &= result.ok
        if result.dtype == "float64" and result.error is not None and result.quantity != STRAINED:
            cell["float64"] = max(cell["float64"], result.error)
    names = ("system", "loss", "backend", "environment")
    return {
        "ok": comparison.ok,
        "comparisons": comparison.made,
        "expected": comparison.expected,
        "environments": {name: dict(i.packages) for name, i in interpreters.items()},
        "about": dict(about),
        "cases": [dict(zip(names, key, strict=True)) | cell for key, cell in cells.items()],
    }


def page(figures: Mapping[str, Any]) -> str:
    """The book's page: the environments, how many cases agree, and a table for each framework.

    A "note" among the figures, written by hand, says what a reader must know of an old run.
    """
    note = f"{figures['note']}\n\n" if "note" in figures else ""
    about = "\n".join(f"- `{name}`: {words}." for name, words in figures["about"].items())
    tables = (f"## {TITLES[name]}\n\n{_of_backend(figures, name)}" for name in BACKENDS)
    return PAGE.format(
        comparisons=f"{figures['comparisons']:,}",
        expected=f"{figures['expected']:,}",
        note=note,
        verdict="all agree" if figures["ok"] else "not all agree",
        versions=table(*versions_table(figures["environments"], "`{}`")).rstrip(),
        about=f"- `pinned`: what `make setup` installs.\n{about}",
        summary=_summary(figures),
        tables="\n".join(tables).rstrip(),
    )


def versions_table(
    environments: Mapping[str, Mapping[str, str]], name: str = "{}"
) -> tuple[list[str], list[list[str]]]:
    """Headings and rows: what each environment holds, – where it lacks a package."""
    rows = [
        [name.format(each), *(held.get(key, "–").partition("+")[0] for key in COLUMNS)]
        for each, held in environments.items()
    ]
    return ["environment", *COLUMNS.values()], rows


def _summary(figures: Mapping[str, Any]) -> str:
    """How many cases of each backend agree in each environment."""
    rows = []
    for name in figures["environments"]:
        ours = [case for case in figures["cases"] if case["environment"] == name]
        counts = ([c["ok"] for c in ours if c["backend"] == backend] for backend in BACKENDS)
        rows.append([f"`{name}`", *(f"{sum(of)} of {len(of)}" if of else "–" for of in counts)])
    head = ["cases that agree", *(TITLES[name] for name in BACKENDS)]
    return table(head, rows).rstrip()


def _of_backend(figures: Mapping[str, Any], backend: str) -> str:
    """A row for each case, a column for each environment that has the framework."""
    ours = [case for case in figures["cases"] if case["backend"] == backend]
    names = [n for n in figures["environments"] if any(c["environment"] == n for c in ours)]
    rows = [
        [f"`{system}` ({loss})", *(_cell(ours, system, loss, name) for name in names)]
        for system, loss in dict.fromkeys((c["system"], c["loss"]) for c in figures["cases"])
    ]
    head = ["system (loss)", *(_title(figures["environments"][n], backend, n) for n in names)]
    return table(head, rows)


def _title(held: Mapping[str, str], backend: str, name: str) -> str:
    keys = {"torch": ["torch"], "tf": ["tensorflow-cpu", "keras"], "jax": ["jax", "flax"]}
    shown = (held.get(key, "–").partition("+")[0] for key in keys.get(backend, [backend]))
    return f"`{name}` {' / '.join(shown)}"


def _cell(cases: Sequence[Mapping[str, Any]], system: str, loss: str, name: str) -> str:
    for c in cases:
        if (c["system"], c["loss"], c["environment"]) == (system, loss, name):
            return f"{'✓' if c['ok'] else '✗'} {c['float64']:.0e}"
    return "·"
