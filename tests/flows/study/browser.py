"""A browser for tests of pages: Debian's chromium, driven by Playwright; what a page loads is written down."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium")
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium to open pages with")


@contextmanager
def chromium() -> Iterator[Any]:
    """Give a running browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass
class Visitor:
    """A page of a fresh browser profile.

    Attributes:
        page: Playwright's page.
        loaded: addresses of everything that was asked for.
        errors: of scripts and on the console.
    """

    page: Any
    loaded: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


@contextmanager
def visitor(browser: Any, width: int = 390, scheme: str = "light") -> Iterator[Visitor]:
    """Give a page of a new profile, of a phone's size unless told otherwise."""
    context = browser.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme, accept_downloads=True)
    found = Visitor(context.new_page())
    found.page.on("request", lambda request: found.loaded.append(request.url))
    found.page.on("pageerror", lambda error: found.errors.append(str(error)))
    yield found
    context.close()


def answer_all(page: Any, until: int | None = None, side: int = 0) -> list[str]:
    """Answer questions by their boxes until the end, or until a question's number is shown; return what was chosen."""
    chosen = []
    while page.locator("#ask").is_visible():
        if until is not None and page.locator("#count").inner_text().startswith(f"Question {until} "):
            break
        option = page.locator('input[name="choice"]').nth((side + len(chosen)) % 2)
        chosen.append(option.input_value())
        option.check()
        page.get_by_role("button", name="Next").click()
    return chosen


def begin(page: Any, address: str, group: str = "woman") -> None:
    """Open a questionnaire and take part."""
    page.goto(address)
    page.get_by_label(group, exact=True).check()
    page.locator("#consent").check()
    page.get_by_role("button", name="Start").click()
    page.locator("#ask").wait_for()


def address_of(study: Path, protocol: str) -> str:
    """Return the address of a questionnaire on disk."""
    return (study / "pages" / f"{protocol}.html").as_uri()
