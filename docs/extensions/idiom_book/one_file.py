"""`one-file`: a system's four ejected scripts, folded, and as files beside the pages."""

from pathlib import Path

from docutils import nodes

from common import ROOT
from common.backends import BACKENDS, TITLES
from common.eject.script import script
from common.files import write_bytes
from idiom_book.facts import OfSystem

FOLDER = "one_file"  # of the built site
SUMMARIES = {
    True: "{title}，共 {lines} 行",
    False: "{title}, {lines} lines",
}
COMMAND = """```
rosetta eject {backend} {name} --out {name}.py
```

"""
LISTING = """:::{{dropdown}} {summary}
```{{raw}} html
<p><a download href="{path}">{file}</a></p>
```

```{{code-block}} python
{source}```
:::

"""


class OneFile(OfSystem):
    """The scripts of `rosetta eject`, each with the number of its lines."""

    def run(self) -> list[nodes.Node]:
        """The command, and a folded listing for each framework.

        Raises:
            DirectiveError: there is no such system.
        """
        name = self.system.name
        text = COMMAND.format(backend="torch", name=name)
        for backend in BACKENDS:
            for path in sorted((ROOT / f"{backend}_impl").rglob("*.py")):
                self.env.note_dependency(str(path))
            source, file = script(backend, self.system), f"{name}_{backend}.py"
            write_bytes(Path(self.env.app.outdir) / FOLDER / file, source.encode())
            summary = SUMMARIES[self.chinese].format(
                title=TITLES[backend], lines=len(source.splitlines())
            )
            path_there = f"{'../' * self.env.docname.count('/')}{FOLDER}/{file}"
            text += LISTING.format(summary=summary, path=path_there, file=file, source=source)
        return self.parse_text_to_nodes(text)
