"""Sphinx configuration; every listing, table and drawing comes from the source code."""

import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent
sys.path[:0] = [str(DOCS.parent), str(DOCS / "extensions")]

from common import __version__  # noqa: E402

project = "gan-rosetta"
author = "the gan-rosetta contributors"
project_copyright = "2026, the gan-rosetta contributors"
release = version = __version__

extensions = ["myst_parser", "sphinx_design", "sphinx_copybutton", "idiom_book"]
myst_enable_extensions = ["colon_fence", "dollarmath", "deflist", "attrs_block"]
myst_heading_anchors = 3
html_math_renderer = "mathml"  # browsers render it without scripts or downloads
nitpicky = True

exclude_patterns = ["_build", "extensions"]
html_theme = "furo"
html_title = "gan-rosetta"
html_static_path = ["_static"]
html_css_files = ["idiom_book.css", "listings.css", "figures.css", "catalogue.css"]
html_js_files = ["listings.js", "catalogue.js"]
html_search_scorer = str(DOCS / "extensions" / "idiom_book" / "scorer.js")
html_copy_source = False
html_show_sourcelink = False
html_last_updated_fmt = None
copybutton_exclude = ".linenos, .gp, .line.folded, .note"
highlight_language = "text"  # listings name their own
pygments_style = "tango"
pygments_dark_style = "github-dark"
