"""Sphinx extension of the site: definitions in four tabs, and facts from the source code."""

from typing import Any

from idiom_book import mathml, translations
from idiom_book.facts import Architecture, Facts, ParityFigures
from idiom_book.folding import Filters, Folding
from idiom_book.four_ways import FourWays, choose_before_drawing
from idiom_book.hyperparameters import HyperParameters
from idiom_book.one_file import OneFile
from idiom_book.pins import Differences, Pin
from idiom_book.samples import Samples
from idiom_book.searching import English


def setup(app: Any) -> dict[str, bool]:
    """Register the directives and the math renderer."""
    app.add_directive("four-ways", FourWays)
    app.add_directive("system-facts", Facts)
    app.add_directive("architecture", Architecture)
    app.add_directive("hyper-parameters", HyperParameters)
    app.add_directive("parity-figures", ParityFigures)
    app.add_directive("differences", Differences)
    app.add_directive("difference-filters", Filters)
    app.set_translator("html", Folding)
    app.add_search_language(English)
    app.add_directive("pin", Pin)
    app.add_directive("samples", Samples)
    app.add_directive("one-file", OneFile)
    app.connect("source-read", translations.mark_lagging)
    app.connect("html-page-context", choose_before_drawing)
    app.connect("html-page-context", translations.name_the_language)
    app.add_html_math_renderer("mathml", (mathml.visit_inline, None), (mathml.visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
