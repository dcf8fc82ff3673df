"""The documentation builds without a warning, loads nothing external, has no broken reference."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from common import ROOT
from common.cli.application import load_commands
from common.drawing.markdown import LINE
from common.systems import SYSTEMS, find_system
from common.systems.options import options_of
from parity_tests.book import DOCS, pages, sphinx

sys.path.append(str(DOCS / "extensions"))
CONF = """
import sys
sys.path[:0] = [{root!r}, {extensions!r}]
extensions = ["myst_parser", "sphinx_design", "idiom_book"]
myst_enable_extensions = ["colon_fence", "dollarmath"]
html_math_renderer = "mathml"
"""


def test_the_book_builds_without_a_warning(site) -> None:
    names = {path.relative_to(site).as_posix() for path in pages(site)}
    assert {"index.html", "differences.html", "idioms/batch-norm.html", "zh/index.html"} <= names


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_system_s_page_lists_its_options(site, name) -> None:
    system = find_system(name)
    for folder in ("systems", "zh/systems"):
        page = (site / folder / f"{name}.html").read_text(encoding="utf-8")
        table = page.split("</figcaption>", 1)[1].split("</table>", 1)[0]
        listed = set(re.findall(r'<span class="pre">(\w+)</span>', table))
        assert set(options_of(system)) <= listed, folder
        others = {key for other in SYSTEMS.values() for key in options_of(other)}
        assert not (others - set(options_of(system))) & listed, folder


def test_tables_of_chinese_pages_are_in_chinese(site) -> None:
    for name in SYSTEMS:
        page = (site / "zh" / "systems" / f"{name}.html").read_text(encoding="utf-8")
        assert "各层按前向次序排列" in page
        assert "Layers in forward order" not in page
        assert "生成器的参数个数" in page
        assert "parameters of the generator" not in page
        assert "变体" in page


def test_each_page_names_its_language(site) -> None:
    for page in pages(site):
        expected = "zh-CN" if page.relative_to(site).parts[0] == "zh" else "en"
        assert f'lang="{expected}"' in page.read_text(encoding="utf-8")[:400], page


def test_every_link_between_pages_resolves(site) -> None:
    for page in pages(site):
        text = page.read_text(encoding="utf-8")
        for target in re.findall(r'(?:href|src)="([^"#?]+)[^"]*"', text):
            if not re.match(r"[a-z]+:", target):
                assert (page.parent / target).exists(), f"{page.relative_to(site)}: {target}"


def test_pages_load_nothing_external(site) -> None:
    for page in pages(site):
        text = page.read_text(encoding="utf-8")
        loaded = re.findall(r'<(?:script|img|iframe)[^>]*src="(https?:[^"]*)"', text)
        loaded += re.findall(
            r'<link[^>]*rel="(?:stylesheet|preload)"[^>]*href="(https?:[^"]*)"', text
        )
        assert not loaded, f"{page.relative_to(site)}: {loaded}"
    for style in site.rglob("*.css"):
        assert not re.search(r"@import|url\([\"']?https?:", style.read_text(encoding="utf-8")), (
            style
        )


def test_every_system_and_idiom_has_its_page_with_the_same_headings(site) -> None:
    for name in SYSTEMS:
        assert (DOCS / "systems" / f"{name}.md").is_file(), name
    for folder in ("systems", "zh/systems", "idioms"):
        outlines = {tuple(headings(path)) for path in (DOCS / folder).glob("[!i]*.md")}
        outlines |= {tuple(headings(path)) for path in (DOCS / folder).glob("i[!n]*.md")}
        assert len(outlines) == 1, (folder, outlines)


def headings(path: Path) -> list[str]:
    return re.findall(r"^## (.*)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)


def small_book(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    """A book of one page, with the project's directives."""
    pytest.importorskip("sphinx_design")
    pytest.importorskip("myst_parser")
    folder.mkdir()
    extensions = str(DOCS / "extensions")
    (folder / "conf.py").write_text(CONF.format(root=str(ROOT), extensions=extensions))
    (folder / "index.md").write_text(f"# One page\n\n{text}\n")
    return sphinx(folder, folder.parent / "html")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("```{four-ways} losses.gradient_penaltie\n```", "torch_impl has no public"),
        ("```{pin} test_penalty.py::test_nothing\n```", "has no test 'test_nothing'"),
        ("```{architecture} wgan_gb\n```", "wgan_gb"),
        ("```{differences} nothing\n```", "no row of topic 'nothing'"),
        ("$$\\nosuchcommand$$", "cannot be drawn"),
    ],
)
def test_a_broken_reference_fails_the_build(tmp_path, text, message) -> None:
    answer = small_book(tmp_path / "book", text)
    assert answer.returncode != 0
    assert message in answer.stderr


def test_an_outdated_translation_is_detected(tmp_path) -> None:
    pytest.importorskip("sphinx")
    from idiom_book.translations import fingerprint, lags

    (tmp_path / "page.md").write_text("# Title\n")
    page = f"---\nenglish: {fingerprint('# Title' + chr(10))}\n---\n# 标题\n"
    assert not lags(tmp_path, "zh/page", page)
    (tmp_path / "page.md").write_text("# Another title\n")
    assert lags(tmp_path, "zh/page", page)
    with pytest.raises(ValueError, match="english: FINGERPRINT"):
        lags(tmp_path, "zh/page", "# 标题\n")


def commands(program: str) -> set[str]:
    """Every such command in the book, as a reader would copy it."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in DOCS.rglob("*.md"))
    text = re.sub(r" \\\n *", " ", text)
    return set(re.findall(rf"(?:^|`)({program} [^`\n]*?)(?:`|$)", text, flags=re.MULTILINE))


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_system_s_page_shows_samples_of_it(name) -> None:
    page = (DOCS / "systems" / f"{name}.md").read_text(encoding="utf-8")
    if f"```{{samples}} {name}\n" not in page:
        assert re.search(rf"!\[.*\]\(\.\./results/training/\d+-{name}\.png\)", page)
        return
    kept = json.loads((DOCS / "results" / "samples" / f"{name}.json").read_text(encoding="utf-8"))
    assert kept["system"]["name"] == name
    assert kept["command"][:3] == ["train", kept["backend"], name]


def trained_steps() -> dict[str, str]:
    """How many steps each system was trained on the page of all frameworks, as 1,500."""
    text = (DOCS / "results" / "training.md").read_text(encoding="utf-8")
    text = re.sub(r" \\\n *", " ", text)
    runs = re.findall(r"^rosetta train \w+ (\w+) .*?--steps (\d+)", text, flags=re.MULTILINE)
    return {name: f"{int(steps):,}" for name, steps in runs}


@pytest.mark.parametrize(("name", "steps"), trained_steps().items())
def test_a_system_s_page_names_the_steps_of_its_runs(name, steps) -> None:
    for folder in ("systems", "zh/systems"):
        page = (DOCS / folder / f"{name}.md").read_text(encoding="utf-8")
        caption = page[page.index(f"-{name}.png)") :]
        assert re.search(rf"(?<![\d,]){steps} (?:steps|步)", caption), (folder, steps)


def sources_at(pattern: str) -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in ROOT.glob(pattern))


@pytest.mark.parametrize("command", sorted(commands("pytest")))
def test_every_pytest_command_selects_tests(command) -> None:
    arguments = shlex.split(command)[1:]
    files = [argument for argument in arguments if argument.startswith("parity_tests")]
    names = re.findall(r"^def (test_\w+)", "\n".join(map(sources_at, files)), flags=re.MULTILINE)
    assert names, command
    if "-k" in arguments:
        for choice in arguments[arguments.index("-k") + 1].split(" or "):
            assert any(choice in name for name in names), (command, choice)


@pytest.mark.parametrize("page", sorted(DOCS.rglob("*.md")), ids=lambda page: page.stem)
def test_no_code_of_the_book_is_wider_than_its_page(page) -> None:
    fenced = "\n" + page.read_text(encoding="utf-8")
    for block in fenced.split("\n```")[1::2]:
        kind, *lines = block.splitlines()
        if not kind.startswith("{"):
            assert max(map(len, lines)) <= LINE + len(" \\"), lines


@pytest.mark.parametrize("command", sorted(commands("rosetta")))
def test_every_rosetta_command_has_its_options(command) -> None:
    known_commands = load_commands()
    name, *arguments = shlex.split(command)[1:] or ["--help"]
    if name.startswith("--"):
        return
    chosen = known_commands[name]
    known = {option for parameter in chosen.params for option in parameter.opts}
    known |= {option for parameter in chosen.params for option in parameter.secondary_opts}
    known |= {
        f"--{key.replace('_', '-')}" for system in SYSTEMS.values() for key in options_of(system)
    }
    for argument in arguments:
        if argument.startswith("--"):
            assert argument.partition("=")[0] in {*known, "--help"}, (command, argument)


def test_no_two_pages_have_the_same_title() -> None:
    titles: dict[str, list[str]] = {}
    for path in DOCS.rglob("*.md"):
        title = re.search(r"^# (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert title, path
        titles.setdefault(title[1].casefold(), []).append(path.relative_to(DOCS).as_posix())
    assert [pages for pages in titles.values() if len(pages) > 1] == []
