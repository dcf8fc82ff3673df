"""A browser for tests of the book: Chromium without a window, steered by Selenium."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

MISSING = "install chromium and chromium-driver"
# As root there is no sandbox; the rest keeps it from calling home.
FLAGS = (
    "headless",
    "no-sandbox",
    "disable-gpu",
    "disable-quic",
    "no-first-run",
    "disable-background-networking",
    "disable-component-update",
    "disable-sync",
    "disable-dev-shm-usage",
)
WIDTH, HEIGHT = 1280, 900


class Browser:
    """A page in Chromium, opened from a file.

    Attributes:
        driver: Selenium's driver, for everything that has no method here.
    """

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def open(self, page: Path, anchor: str = "", **query: str) -> None:
        """Load a page from its file, with what its address says after ? and #."""
        address = page.as_uri()
        address += f"?{urlencode(query)}" if query else ""
        self.driver.get("about:blank")  # else an address that differs in # alone loads nothing
        self.driver.get(f"{address}#{anchor}" if anchor else address)

    def resize(self, width: int, height: int = HEIGHT) -> None:
        """The size of the page in CSS pixels; also below the 500 of a window."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.command("Emulation.setDeviceMetricsOverride", **size)

    def dark(self, on: bool = True) -> None:
        """Whether the system prefers dark pages."""
        value = "dark" if on else "light"
        features = [{"name": "prefers-color-scheme", "value": value}]
        self.command("Emulation.setEmulatedMedia", features=features)

    def scripts(self, on: bool) -> None:
        """Whether pages that are loaded from now on run their scripts."""
        self.command("Emulation.setScriptExecutionDisabled", value=not on)

    def run(self, script: str, *arguments: object) -> Any:
        """What a piece of JavaScript returns, given `arguments[0]` and so on."""
        return self.driver.execute_script(script, *arguments)

    def wait(self, condition: str, *arguments: object, seconds: float = 10) -> Any:
        """The first true value of an expression in JavaScript.

        Raises:
            selenium.common.TimeoutException: it stayed false.
        """
        from selenium.webdriver.support.ui import WebDriverWait

        waiting = WebDriverWait(self.driver, seconds, poll_frequency=0.05)
        return waiting.until(lambda _: self.run(f"return {condition}", *arguments), condition)

    def press(self, *keys: str) -> None:
        """Press keys, such as Keys.TAB, wherever the focus is."""
        from selenium.webdriver.common.action_chains import ActionChains

        ActionChains(self.driver).send_keys(*keys).perform()

    def errors(self) -> list[str]:
        """What went wrong in scripts since the last call."""
        entries = self.driver.get_log("browser")
        return [entry["message"] for entry in entries if entry["level"] == "SEVERE"]

    def overflow(self) -> int:
        """By how many pixels the page is wider than its window; 0 if it does not scroll."""
        wide = "document.scrollingElement.scrollWidth - document.documentElement.clientWidth"
        return int(self.run(f"return {wide}"))

    def command(self, name: str, **arguments: object) -> Any:
        """Any command of the DevTools protocol."""
        return self.driver.execute_cdp_cmd(name, arguments)


@pytest.fixture(scope="session")
def chromium(tmp_path_factory) -> Iterator[Any]:
    """Selenium's driver of one Chromium for all tests.

    Skips where there is none, unless ROSETTA_BROWSER=required says that there must be one.
    """
    program, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not program or not driver:
        no_browser()
    webdriver = pytest.importorskip("selenium.webdriver")
    options = webdriver.ChromeOptions()
    options.binary_location = program
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for flag in (*FLAGS, f"user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(f"--{flag}")
    service = webdriver.ChromeService(executable_path=driver)
    started = webdriver.Chrome(options=options, service=service)
    yield started
    started.quit()


def no_browser() -> None:
    """Skip the test, or fail it where a browser is required."""
    if os.environ.get("ROSETTA_BROWSER") == "required":
        pytest.fail(f"ROSETTA_BROWSER=required, but there is no browser: {MISSING}")
    pytest.skip(MISSING)


@pytest.fixture
def browser(chromium) -> Browser:
    """The browser, 1280 pixels wide, light, with nothing stored and no errors."""
    page = Browser(chromium)
    page.scripts(True)
    page.driver.get("about:blank")
    page.command("Storage.clearDataForOrigin", origin="file://", storageTypes="all")
    page.resize(WIDTH)
    page.dark(False)
    page.errors()
    return page
