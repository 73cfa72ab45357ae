"""A real browser, Debian's Chromium, for tests of pages on disk; without one they are skipped."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright


# No longer than a module: while Playwright's loop is open, no other test of the process may run one of its own.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The browser, started once for a module."""
    executable = shutil.which("chromium")
    if executable is None:
        pytest.skip("no chromium on this machine: `apt-get install chromium` to test pages in a browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield browser
        browser.close()
