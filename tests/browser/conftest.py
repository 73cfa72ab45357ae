"""A real browser, Debian's Chromium, for tests of pages on disk; without one they are skipped."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The browser, started once."""
    executable = shutil.which("chromium")
    if executable is None:
        pytest.skip("no chromium on this machine: `apt-get install chromium` to test pages in a browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield browser
        browser.close()
