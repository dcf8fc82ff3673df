"""The book's listings: two frameworks side by side, row by row, by mouse, key and address."""

import re
import sys
from itertools import combinations
from pathlib import Path

import pytest

from common.backends import BACKENDS, TITLES
from common.idioms.alignment import aligned, lines_of
from common.idioms.definitions import all_names, find_definition
from common.idioms.outline import outline
from common.idioms.statements import Shown
from parity_tests.book import DOCS
from parity_tests.browser import Browser

sys.path.append(str(DOCS / "extensions"))
PAGE = "idioms/higher-order-gradients.html"
NEXT = "idioms/spectral-norm.html"
WIDTHS = (390, 900, 1280, 1600, 2400)
SHOWN = """
  return [...document.querySelectorAll(".ways")].map(ways =>
    [...ways.querySelectorAll(".side")].filter(side => side.offsetParent)
      .sort((a, b) => a.offsetLeft - b.offsetLeft || a.offsetTop - b.offsetTop)
      .map(side => side.dataset.backend));
"""


def shown(browser: Browser) -> list[str]:
    """The frameworks in the columns of every listing, from left to right."""
    found = browser.run(SHOWN)
    assert found, "no listing"
    assert all(each == found[0] for each in found)
    return found[0]


def address(browser: Browser) -> str:
    return browser.run("return location.search")


@pytest.fixture
def listing(browser, site) -> Browser:
    """A page with listings, as a new reader opens it."""
    browser.open(site / PAGE)
    return browser


def test_a_pair_is_open_at_first_and_stands_in_the_address(listing) -> None:
    assert shown(listing) == ["torch", "jax"]
    assert "pair=torch-jax" in address(listing)
    assert listing.errors() == []


def test_a_column_s_heading_chooses_its_framework(listing) -> None:
    from selenium.webdriver.support.ui import Select

    side = listing.driver.find_element("css selector", '.side[data-backend="jax"]')
    Select(side.find_element("tag name", "select")).select_by_visible_text(TITLES["tf"])
    assert shown(listing) == ["torch", "tf"]
    assert "pair=torch-tf" in address(listing)
    focused = "return document.activeElement.closest('.side').dataset.backend"
    assert listing.run(focused) == "tf"
    # The framework of the other side changes places.
    side = listing.driver.find_element("css selector", '.side[data-backend="tf"]')
    Select(side.find_element("tag name", "select")).select_by_visible_text(TITLES["torch"])
    assert shown(listing) == ["tf", "torch"]


def test_keys_choose_the_pair(listing) -> None:
    from selenium.webdriver.common.keys import Keys

    listing.press("2")
    assert shown(listing) == ["tf", "jax"]
    press_shifted(listing, "Digit4")
    assert shown(listing) == ["tf", "jittor"]
    listing.press("x")
    assert shown(listing) == ["jittor", "tf"]
    listing.press("2")  # already on the right: they change places
    assert shown(listing) == ["tf", "jittor"]
    assert "pair=tf-jittor" in address(listing)
    listing.press("?")
    assert listing.run("return document.querySelector('dialog.ways-keys').open")
    listing.press("1")  # closed first: keys belong to the dialog
    assert shown(listing) == ["tf", "jittor"]
    listing.press(Keys.ESCAPE)
    assert not listing.run("return document.querySelector('dialog.ways-keys').open")


def press_shifted(browser: Browser, code: str) -> None:
    event = {"type": "keyDown", "modifiers": 8, "code": code, "key": "$", "text": "$"}
    browser.command("Input.dispatchKeyEvent", **event)


def test_keys_are_left_alone_where_one_writes(listing) -> None:
    listing.run("document.querySelector('input.sidebar-search').focus()")
    listing.press("2")
    assert shown(listing) == ["torch", "jax"]


def test_the_pair_is_remembered_across_pages(listing, site) -> None:
    listing.press("4")
    assert shown(listing) == ["jittor", "jax"]
    listing.open(site / NEXT)
    assert shown(listing) == ["jittor", "jax"]
    assert "pair=jittor-jax" in address(listing)


def test_an_address_names_the_pair(browser, site) -> None:
    browser.open(site / PAGE, pair="tf-jittor")
    assert shown(browser) == ["tf", "jittor"]
    browser.open(site / PAGE, pair="tf-nothing")
    assert shown(browser) == ["tf", "jittor"]  # as before


def test_all_four_stand_side_by_side_where_there_is_room(listing) -> None:
    listing.press("a")
    assert shown(listing) == ["torch", "jax"]  # 1280 pixels are too few
    listing.resize(2400)
    listing.wait("document.documentElement.dataset.shown === 'all'")
    assert shown(listing) == list(BACKENDS)
    assert "view=all" in address(listing)
    listing.resize(1600)
    listing.wait("document.documentElement.dataset.shown === 'pair'")
    assert shown(listing) == ["torch", "jax"]


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_cut_off(browser, site, width) -> None:
    browser.resize(width)
    for page in (PAGE, NEXT, "idioms/optimisers.html", "systems/sngan_resnet.html", "index.html"):
        browser.open(site / page, view="all", pair="torch-jax")
        assert browser.overflow() == 0, page
        cut = browser.run(
            "return [...document.querySelectorAll('.ways .line')].filter(line => line.offsetParent"
            " && line.scrollWidth > line.clientWidth + 1).map(line => line.textContent)"
        )
        assert cut == [], page


def test_two_columns_are_as_wide_as_the_window(browser, site) -> None:
    for width in (900, 1280, 1600):
        browser.resize(width)
        browser.open(site / PAGE)
        used = browser.run("return document.querySelector('.ways').getBoundingClientRect().width")
        assert used > 0.9 * width


def test_on_a_phone_one_stands_under_the_other(browser, site) -> None:
    browser.resize(390)
    browser.open(site / PAGE)
    sides = browser.run(
        "return [...document.querySelectorAll('.ways')[0].querySelectorAll('.side')]"
        ".filter(each => each.offsetParent).map(each => each.getBoundingClientRect().toJSON())"
    )
    assert len(sides) == 2
    assert sides[0]["bottom"] <= sides[1]["top"] + 1
    assert sides[0]["width"] > 340


def test_lines_of_one_row_stand_side_by_side(listing) -> None:
    places = listing.run(
        "return [...document.querySelectorAll('.ways')[0].querySelectorAll('.line')]"
        ".filter(line => line.offsetParent && line.textContent.trim())"
        ".map(line => [line.closest('.side').dataset.backend, line.textContent.trim(),"
        " line.getBoundingClientRect().top])"
    )

    def top(backend, start):
        return next(y for each, text, y in places if each == backend and text.startswith(start))

    for line in ("def gradient_penalty", "alpha = alpha.reshape", "between = ", "return weight"):
        assert top("torch", line) == top("jax", line), line
    assert top("torch", "def gradient_penalty") != top("torch", "between = ")


def test_types_are_folded_until_asked_for(listing, site) -> None:
    visible = "return document.querySelector('.side[data-backend=torch] pre').innerText"
    assert "alpha: Tensor" not in listing.run(visible)
    listing.press("t")
    assert "alpha: Tensor" in listing.run(visible)
    assert "def gradient_penalty(...)" not in listing.run(visible)
    listing.open(site / NEXT)
    assert listing.run("return document.documentElement.dataset.types") == "on"


def test_a_note_leads_to_the_catalogue(listing, site) -> None:
    find = "[...document.querySelectorAll('.ways a.note')].find(note => note.offsetParent)"
    note = listing.wait(find)
    listing.run("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", note)
    note.click()
    item = listing.run("return document.querySelector(':target')?.outerHTML")
    assert item
    assert "differences.html#" in item
    assert listing.run("return document.querySelector(':target').offsetParent !== null")


def test_notes_are_those_of_the_pair(browser, site) -> None:
    browser.open(site / "idioms/batch-norm.html", pair="torch-jax")
    titles = (
        "return [...document.querySelectorAll('.ways-notes li:not([hidden]) > a')].map(a => a.href)"
    )
    assert any("running-variance" in title for title in browser.run(titles))
    count = len(browser.run(titles))
    browser.press("x", "3")  # JAX and PyTorch the other way round: the same notes
    assert len(browser.run(titles)) == count
    browser.open(site / "idioms/batch-norm.html", pair="jax-tf")
    assert not any("running-variance" in title for title in browser.run(titles))


def test_without_scripts_two_frameworks_are_shown(browser, site) -> None:
    browser.scripts(False)
    browser.open(site / PAGE)
    assert shown(browser) == ["torch", "jax"]
    assert address(browser) == ""


def test_marks_are_those_of_the_pair(listing) -> None:
    marked = (
        "return [...document.querySelector('.ways').querySelectorAll('[data-backend=torch] .line "
        "span')].filter(s => getComputedStyle(s).backgroundColor !== 'rgba(0, 0, 0, 0)')"
        ".map(s => s.textContent).join('')"
    )
    beside_jax = listing.run(marked)
    assert "requires_grad_" in beside_jax
    assert "alpha.reshape" not in beside_jax
    press_shifted(listing, "Digit4")
    assert listing.run(marked) != beside_jax


def test_every_note_has_a_line(site) -> None:
    from idiom_book.notes import Notes
    from idiom_book.tidied import tidied
    from idiom_book.touching import read_catalogue, touching

    names = {name for entry in read_catalogue() for name in entry.get("touches", {})}
    assert names <= set(all_names())
    for name in names:
        notes = Notes(name, "idioms/page", is_chinese=False)
        outlines = (outline(tidied(find_definition(name, backend))) for backend in BACKENDS)
        found = "".join(notes.numbers(line) for each in outlines for line in lines_of(each))
        for at, entry in enumerate(touching(name), start=1):
            assert f">{at}</a>" in found, (name, entry.name)


def test_listings_are_the_definitions_at_half_a_screen_s_width() -> None:
    pytest.importorskip("ruff")
    from idiom_book.tidied import COLUMNS, tidied

    definition = find_definition("losses.gradient_penalty", "jax")
    lines = lines_of(outline(tidied(definition)))
    code = [line for line in lines if line.tokens and line.shown != Shown.FOLDED]
    assert max(len(line.text) for line in code) <= COLUMNS
    plain = re.sub(r"[\s,]", "", definition.source)
    assert re.sub(r"[\s,]", "", tidied(definition).source) == plain


def test_a_page_holds_every_framework_s_lines(site) -> None:
    page = Path(site / PAGE).read_text(encoding="utf-8")
    text = re.sub(r"<[^>]+>", "", page)
    for backend in BACKENDS:
        definition = find_definition("losses.gradient_penalty", backend)
        assert f"{definition.path}:{definition.line}" in text


def test_both_columns_are_marked_by_the_alignment_that_gives_their_rows() -> None:
    pytest.importorskip("sphinx")
    from idiom_book.listing import ENGLISH, listing
    from idiom_book.notes import Notes
    from idiom_book.tidied import tidied

    for name in ("models.lsgan_jittor.Generator", "layers.BatchNorm", "optimisers.adam"):
        found = {b: tidied(find_definition(name, b)) for b in BACKENDS}
        page = listing(name, found, ENGLISH, Notes(name, "page", is_chinese=False))
        columns = page.split('<div class="side highlight"')[1:]
        lines = {
            backend: [
                classes.split() for classes in re.findall(r'<span class="(line [^"]*)"', text)
            ]
            for backend, text in zip(BACKENDS, columns, strict=True)
        }
        for one, other in combinations(BACKENDS, 2):
            sides = aligned(*(outline(found[each]) for each in (one, other))).sides
            for side, ours, theirs in zip(sides, (one, other), (other, one), strict=True):
                marked = {at for at, names in enumerate(lines[ours]) if f"x-{theirs}" in names}
                assert marked == side.alone, (name, ours, theirs)
