"""The page that `rosetta check` writes."""

import re
from html import unescape
from html.parser import HTMLParser

import pytest
from outcomes import agreeing, differing, once

from common.check.reports.html_chart import chart
from common.check.reports.report_html import to_html
from common.check.reports.stages import all_stages
from common.check.reports.writing import write_reports

OUTCOMES = [agreeing, once, differing]


class Page(HTMLParser):
    """The tags of a page, which have to be closed in order, and which of them are unfolded."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.unfolded: list[str] = []
        self.sources: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs) -> None:
        self.sources += [value for name, value in attrs if name in ("src", "href")]
        if tag not in ("meta", "br") and self.get_starttag_text()[-2:] != "/>":
            self.open.append(tag)
        if tag == "details":
            self.unfolded.append("open" if ("open", None) in attrs else "")

    def handle_startendtag(self, tag, attrs) -> None:
        pass

    def handle_endtag(self, tag) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("build", OUTCOMES)
def test_the_page_is_whole_and_loads_nothing(build) -> None:
    outcome = build()
    text = to_html(outcome).decode()
    parsed = Page(text)
    assert (parsed.open, parsed.sources) == ([], [])
    assert "http" not in text
    assert "<i>" not in text
    heading = re.search("<h1.*?>(.*?)</h1>", text).group(1)
    assert unescape(re.sub("<.*?>", "", heading)) == outcome.headline


def test_the_divergence_is_unfolded_and_marked() -> None:
    text = to_html(differing()).decode()
    assert len(re.findall("<details class='wrong' open>", text)) == 2  # step 1, forward
    assert len(re.findall("<li class='origin'>", text)) == 1
    assert re.search(
        "class='[a-z ]*r1 first' title='jax, step 1, forward, layer6/input[^>]*>✗ ", text
    )
    assert "<dd><span class='remedy'>Use LeakyReLU" in text
    calm = to_html(agreeing()).decode()
    assert "class='origin'" not in calm
    assert "details class='fine' open" not in calm


def test_the_chart_draws_errors_above_the_bound_above_it() -> None:
    text = chart(all_stages(differing())[0])
    limit = float(re.search("class='limit' [^>]*y1='([0-9.]+)'", text).group(1))
    lines = re.findall(r"class='run' d='M[0-9.]+ ([0-9.]+) L.*? ([0-9.]+)'", text)
    torch, jax, old = [[float(number) for number in line] for line in lines[:3]]
    assert min(torch) > limit
    assert min(old) > limit
    assert jax[0] > limit > jax[-1]


def test_files_are_written_as_asked(tmp_path, capsys) -> None:
    write_reports(differing(), folder=tmp_path / "new", junit=tmp_path / "junit.xml")
    assert {path.name for path in tmp_path.rglob("*.*")} == {
        "report.html",
        "report.json",
        "junit.xml",
    }
    assert capsys.readouterr().out == ""
    write_reports(differing(), folder=None, junit=None)
