"""The graphs that TensorFlow makes of what it runs."""

from collections.abc import Callable
from typing import Any


def function_graphs(work: Callable[[], object]) -> list[Any]:
    """The graphs of each function: as traced, as Grappler leaves it, and as it is computed."""
    from tensorflow.python.eager import context

    context.context().enable_graph_collection()
    try:
        work()
        return [*context.context().export_run_metadata().function_graphs]
    finally:
        context.context().disable_graph_collection()
