"""Formulas as MathML, by the converter of docutils."""

from typing import Any

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.errors import ExtensionError


def visit_inline(writer: Any, node: nodes.Element) -> None:
    """An inline formula."""
    writer.body.append(_converted(node, as_block=False))
    raise nodes.SkipNode


def visit_block(writer: Any, node: nodes.Element) -> None:
    """A displayed formula."""
    writer.body.append(f'<div class="math-block">{_converted(node, as_block=True)}</div>\n')
    raise nodes.SkipNode


def _converted(node: nodes.Element, *, as_block: bool) -> str:
    text = node.astext()
    try:
        return str(tex2mathml(text, as_block=as_block))
    except MathError as error:
        where = f"{node.source}:{node.line}"
        raise ExtensionError(f"{where}: the formula {text!r} cannot be drawn: {error}") from None
