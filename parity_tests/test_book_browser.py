"""The browser that tests of the book use: its sizes, its colours, and what it says without one."""

import pytest

from parity_tests import browser as browsers

PAGE = """<!doctype html><meta name="viewport" content="width=device-width">
<style>body { margin: 0; color: rgb(1, 1, 1) }
@media (prefers-color-scheme: dark) { body { color: rgb(9, 9, 9) } }</style>
<p id="place" style="width: 500px">text</p>
<script>document.title = location.search + location.hash</script>
"""


@pytest.fixture
def page(tmp_path):
    (tmp_path / "page.html").write_text(PAGE)
    return tmp_path / "page.html"


def test_sizes_colours_and_addresses(browser, page) -> None:
    browser.open(page, "place", pair="torch-jax")
    assert browser.driver.title == "?pair=torch-jax#place"
    assert browser.run("return innerWidth") == 1280
    assert browser.overflow() == 0
    browser.resize(390)
    assert browser.run("return innerWidth") == 390
    assert browser.overflow() == 110
    colour = "getComputedStyle(document.body).color"
    assert browser.run(f"return {colour}") == "rgb(1, 1, 1)"
    browser.dark()
    assert browser.run(f"return {colour}") == "rgb(9, 9, 9)"


def test_pages_without_scripts(browser, page) -> None:
    browser.scripts(False)
    browser.open(page)
    assert browser.run("return document.title") == ""
    browser.scripts(True)
    browser.open(page, "place")
    assert browser.driver.title == "#place"


def test_errors_of_scripts_are_seen(browser, tmp_path) -> None:
    (tmp_path / "page.html").write_text("<script>nothing()</script>")
    browser.open(tmp_path / "page.html")
    assert any("nothing is not defined" in message for message in browser.errors())
    assert not browser.errors()


def test_without_a_browser_tests_are_skipped_unless_one_is_required(monkeypatch) -> None:
    monkeypatch.delenv("ROSETTA_BROWSER", raising=False)
    with pytest.raises(pytest.skip.Exception, match="install chromium and chromium-driver"):
        browsers.no_browser()
    monkeypatch.setenv("ROSETTA_BROWSER", "required")
    with pytest.raises(pytest.fail.Exception, match="install chromium and chromium-driver"):
        browsers.no_browser()
