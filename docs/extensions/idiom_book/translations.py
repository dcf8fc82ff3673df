"""Chinese pages: which of them are older than their English originals, and a note on those."""

import re
from hashlib import sha256
from pathlib import Path
from typing import Any

from sphinx.util import logging

FOLDER = "zh/"
MARK = re.compile(r"\A---\n(?:.*\n)*?english: ([0-9a-f]{12})\n(?:.*\n)*?---\n")
NOTE = """:::{{note}}
本页译自较早的英文版，英文原页此后有改动：[English]({path})。
:::

"""

logger = logging.getLogger(__name__)


def fingerprint(text: str) -> str:
    """The fingerprint of the original that a translation records, as in `english: 0123456789ab`."""
    return sha256(text.encode("utf-8")).hexdigest()[:12]


def lags(docs: Path, name: str, text: str) -> bool:
    """Whether the page, named as in zh/systems/wgan, was translated from an older original.

    Raises:
        ValueError: it records no fingerprint, or there is no original.
    """
    original = docs / f"{name.removeprefix(FOLDER)}.md"
    recorded = MARK.match(text)
    if recorded is None:
        raise ValueError(f"{name}: start it with a block with `english: FINGERPRINT`")
    if not original.is_file():
        raise ValueError(f"{name}: there is no {original.name} in English")
    return recorded[1] != fingerprint(original.read_text(encoding="utf-8"))


def name_the_language(
    app: Any, name: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    """Mark the page as Chinese in its head, for screen readers and fonts."""
    if name.startswith(FOLDER):
        context["language"] = "zh-CN"


def mark_lagging(app: Any, name: str, source: list[str]) -> None:
    """Log pages that are outdated or missing, and put a note on outdated pages."""
    if not name.startswith(FOLDER):
        if name.startswith("systems/") and not (Path(app.srcdir) / FOLDER / f"{name}.md").is_file():
            logger.info("%s has no translation", name)
        return
    if lags(Path(app.srcdir), name, source[0]):
        original = name.removeprefix(FOLDER)
        logger.info("%s lags behind %s", name, original)
        steps = "../" * name.count("/")
        head, rest = source[0].split("\n---\n", 1)
        title, below = rest.lstrip().split("\n", 1)
        note = NOTE.format(path=f"{steps}{original}.md")
        source[0] = f"{head}\n---\n\n{title}\n\n{note}{below}"
