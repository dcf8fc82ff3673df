"""Samples of a stored run of a system, with the command that made it."""

import json

from docutils import nodes

from common import ROOT
from common.backends import TITLES
from common.drawing.markdown import command_lines
from idiom_book.facts import OfSystem

STORED = ROOT / "docs" / "results" / "samples"  # <system>.png and the run's config as <system>.json
CAPTIONS = {
    True: "{title} 训练 {steps:,} 步之后的样本，所用命令如下。",
    False: "Samples after {steps:,} steps in {title}, made by:",
}
PAGE = """```{{figure}} /results/samples/{name}.png
:alt: {caption}
:width: 24em

{caption}
```

```
{command}
```
"""


class Samples(OfSystem):
    """The last grid of samples of the run, and its command."""

    def run(self) -> list[nodes.Node]:
        """The picture and the command.

        Raises:
            DirectiveError: there is no such system, or no run of it is stored.
        """
        name = self.system.name
        config, picture = STORED / f"{name}.json", STORED / f"{name}.png"
        for path in (config, picture):
            self.env.note_dependency(str(path))
            if not path.is_file():
                raise self.error(f"no samples of {name}: {path} is missing")
        about = json.loads(config.read_text(encoding="utf-8"))
        title = TITLES[about["backend"]]
        caption = CAPTIONS[self.chinese].format(title=title, steps=about["steps"])
        command = command_lines(["rosetta", *about["command"]])
        return self.parse_text_to_nodes(PAGE.format(name=name, caption=caption, command=command))
