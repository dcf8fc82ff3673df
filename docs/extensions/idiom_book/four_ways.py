"""`four-ways`: the definitions of one public name, any two of them side by side."""

from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from common import ROOT, UsageError
from common.backends import BACKENDS
from common.idioms.definitions import find_definition
from idiom_book.listing import CHINESE, ENGLISH, listing
from idiom_book.notes import Notes
from idiom_book.tidied import tidied
from idiom_book.translations import FOLDER

FIRST_SCRIPT = Path(__file__).parents[2] / "_static" / "pair_first.js"


class FourWays(SphinxDirective):
    """The four real definitions of a name such as `losses.gradient_penalty`.

    The build fails if one of the packages lacks the name.
    """

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """One node of HTML; which columns are shown is chosen by a script and the style sheet."""
        name = self.arguments[0]
        try:
            found = {backend: tidied(find_definition(name, backend)) for backend in BACKENDS}
        except UsageError as error:
            raise self.error(str(error)) from None
        for definition in found.values():
            self.env.note_dependency(str(ROOT / definition.path))
        is_chinese = self.env.docname.startswith(FOLDER)
        notes = Notes(name, self.env.docname, is_chinese=is_chinese)
        labels = CHINESE if is_chinese else ENGLISH
        return [nodes.raw("", listing(name, found, labels, notes), format="html")]


def choose_before_drawing(app, name, template, context, doctree) -> None:  # type: ignore[no-untyped-def]
    """Choose the pair in the page's head, so that no other is seen first."""
    script = FIRST_SCRIPT.read_text(encoding="utf-8")
    context["metatags"] = f"{context.get('metatags', '')}<script>{script}</script>"
