"""The page of differences: filters, folded entries, and links that open them."""

import re
import sys
from itertools import combinations

import pytest

from common import ROOT
from common.backends import BACKENDS
from common.check.reports.catalogue import PAGE

sys.path.append(str(ROOT / "docs" / "extensions"))
touching = pytest.importorskip("idiom_book.touching")
effects = pytest.importorskip("idiom_book.effects")

ENTRIES = touching.read_catalogue()
SHOWN = """return [...document.querySelectorAll("section.difference")]
    .filter((entry) => entry.checkVisibility()).map((entry) => entry.id)"""
UNFOLDED = """return [...document.querySelectorAll("section.difference > details[open]")]
    .map((row) => row.parentElement.id)"""
COUNT = "return document.querySelector('.catalogue-filters output').textContent"


@pytest.fixture
def page(site):
    return site / "differences.html"


def names(keep) -> list[str]:
    return [entry["name"] for entry in ENTRIES if keep(entry)]


def choose(browser, name: str, value: str) -> None:
    browser.run(
        """const field = document.querySelector(`.catalogue-filters [name=${arguments[0]}]`);
        if (field.type === "checkbox") field.click(); else {
            field.value = arguments[1];
            field.dispatchEvent(new Event("input", { bubbles: true }));
        }""",
        name,
        value,
    )


def test_an_anchor_belongs_to_its_entry(page) -> None:
    """Also where an entry is the first of its topic."""
    text = page.read_text(encoding="utf-8")
    assert PAGE.endswith(page.name)
    for entry in ENTRIES:
        (section,) = re.findall(rf'<section class="difference" id="{entry["name"]}">\n.*', text)
        assert f'data-name="{entry["name"]}"' in section
        assert f'href="#{entry["name"]}"' in section
        assert text.count(f'id="{entry["name"]}"') == 1


def test_other_pages_may_refer_to_an_entry(site) -> None:
    from sphinx.util.inventory import InventoryFile

    with (site / "objects.inv").open("rb") as file:
        labels = InventoryFile.load(file, "", lambda _, path: path)["std:label"]
    for entry in ENTRIES:
        assert labels[entry["name"]].uri == f"differences.html#{entry['name']}"
        assert labels[entry["name"]].display_name.split()[0][0] == entry["title"][0]


def test_sizes_of_effects_are_relative() -> None:
    assert effects.size_of({"relative error of it": 0.02}) == 0.02
    assert effects.size_of({"this over that": 0.75, "relative error": 0.1}) == 0.25
    assert effects.size_of({"loss, PyTorch": 100.0, "loss, Keras": 25.0}) == 0.75
    assert effects.size_of({"operations that wait": 38.0}) is None
    assert effects.size_of({}) is None
    found = [effects.class_of(size) for size in (2.0, 0.02, 1e-4, 1e-9, None)]
    assert found == ["large", "medium", "small", "rounding", "none"]
    written = [effects.written(size) for size in (33.46, 0.87, 4.4e-4, 1.5e-8, None)]
    assert written == ["3,346%", "87%", "0.04%", "1e-08", "—"]


def test_frameworks_that_an_entry_does_not_name_do_the_usual() -> None:
    alike = {"alike": ["torch", "jittor"]}
    differing = {pair for pair in combinations(BACKENDS, 2) if touching.differ(alike, *pair)}
    assert differing == {("torch", "jittor"), ("tf", "jittor"), ("jax", "jittor")}
    neither = {"alike": ["", "jax jittor"]}
    assert touching.differ(neither, "torch", "jax")
    assert not touching.differ(neither, "jax", "jittor")
    assert not touching.differ(neither, "torch", "tf")


def test_each_filter_shows_its_entries_and_stands_in_the_address(browser, page) -> None:
    browser.open(page)
    assert browser.run(SHOWN) == names(lambda entry: True)
    choose(browser, "pair", "torch-jax")
    expected = names(lambda entry: touching.differ(entry, "torch", "jax"))
    assert browser.run(SHOWN) == expected
    assert browser.run(COUNT) == f"{len(expected)} of {len(ENTRIES)}"
    choose(browser, "topic", "losses")
    choose(browser, "silent", "1")
    choose(browser, "q", "  Cross-Entropy derivative ")
    address = "?q=Cross-Entropy+derivative&pair=torch-jax&topic=losses&silent=1"
    assert browser.run("return location.search") == address
    assert browser.run(SHOWN) == ["cross-entropy-gradient"]
    browser.driver.refresh()
    assert browser.run(SHOWN) == ["cross-entropy-gradient"]
    browser.run("document.querySelector('.catalogue-filters [type=reset]').click()")
    browser.wait("location.search === ''")
    assert browser.run(SHOWN) == names(lambda entry: True)
    assert not browser.errors()


def test_an_address_with_filters_shows_them(browser, page) -> None:
    browser.open(page, size="rounding", topic="nothing", silent="1")
    form = "document.querySelector('.catalogue-filters').elements"
    assert browser.run(f"return [{form}.size.value, {form}.topic.value]") == ["rounding", ""]
    runs = touching.stored_runs()
    expected = names(
        lambda entry: (
            entry["silent"]
            and effects.class_of(effects.size_of(runs[touching.test_of(entry)]["effects"]))
            == "rounding"
        )
    )
    assert browser.run(SHOWN) == expected
    assert 0 < len(expected) < len(ENTRIES)


def test_a_link_to_an_entry_opens_it_even_if_a_filter_hides_it(browser, page) -> None:
    browser.open(page, "norm-at-zero", topic="losses")
    assert browser.run(UNFOLDED) == ["norm-at-zero"]
    shown = browser.run(SHOWN)
    assert "norm-at-zero" in shown
    assert set(shown) - {"norm-at-zero"} == set(names(lambda entry: entry["topic"] == "losses"))
    top = "document.getElementById(arguments[0]).getBoundingClientRect().top"
    assert 0 <= browser.run(f"return {top}", "norm-at-zero") < 400
    browser.run("location.hash = 'seeds'")
    browser.wait("document.querySelector('#seeds > details').open")
    choose(browser, "pair", "torch-tf")
    assert "norm-at-zero" not in browser.run(SHOWN)
    # A topic that the filters have emptied: they give way.
    browser.run("location.hash = 'nan'")
    browser.wait("document.getElementById('nan').checkVisibility()")


def test_the_keyboard_reaches_every_filter_and_opens_entries(browser, page) -> None:
    from selenium.webdriver.common.keys import Keys

    browser.open(page)
    browser.run("document.querySelector('.catalogue-filters [name=q]').focus()")
    focus = "return document.activeElement.name || document.activeElement.textContent"
    reached = []
    for _ in range(7):
        reached.append(browser.run(focus))
        browser.press(Keys.TAB)
    assert reached == ["q", "pair", "topic", "size", "silent", "Reset", "Unfold all"]
    browser.run("document.querySelector('.catalogue-filters [name=q]').focus()")
    browser.press("batch norm")
    first, *_ = browser.run(SHOWN)
    browser.run("document.querySelector(`#${arguments[0]} summary`).focus()", first)
    browser.press(Keys.ENTER)
    assert browser.run(UNFOLDED) == [first]


def test_every_control_has_a_label_and_the_count_is_announced(browser, page) -> None:
    browser.open(page)
    nameless = browser.run(
        "return [...document.querySelectorAll('.catalogue-filters :is(input, select)')]"
        ".filter((field) => !field.labels.length).map((field) => field.name)"
    )
    assert nameless == []
    live = "return document.querySelector('.catalogue-filters output').ariaLive"
    assert browser.run(live) == "polite"


def test_without_scripts_every_entry_is_there_and_nothing_filters(browser, page) -> None:
    browser.scripts(False)
    browser.open(page, topic="losses")
    assert browser.run(SHOWN) == names(lambda entry: True)
    assert browser.run(UNFOLDED) == []
    form = "return document.querySelector('.catalogue-filters').checkVisibility()"
    assert not browser.run(form)


@pytest.mark.parametrize("width", [390, 900, 1280, 1600, 2400])
@pytest.mark.parametrize("dark", [False, True])
def test_the_page_fits_and_is_short(browser, page, width, dark) -> None:
    browser.resize(width)
    browser.dark(dark)
    browser.open(page, "running-variance")
    assert browser.overflow() == 0
    # Folded; with every entry open it had 38,000 pixels at 1280, and 57,000 at 390.
    assert browser.run("return document.scrollingElement.scrollHeight") < 10_000
    overlapping = browser.run(
        """const rows = document.querySelectorAll("section.difference > details > summary");
        return [...rows].filter((row) => {
            const title = row.querySelector("h3").getBoundingClientRect();
            const labels = row.querySelector(".labels").getBoundingClientRect();
            return title.right > labels.left && title.bottom > labels.top + 1;
        }).map((row) => row.textContent)"""
    )
    assert overlapping == []
