"""What a page must not do in a test: complain, ask for anything that is not on disk, or miss what it asks for."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, Request

# A picture that was still loading when the page was left is not missing.
GIVEN_UP = "net::ERR_ABORTED"


@contextmanager
def watched_page(chromium: Browser, width_px: int = 1400, height_px: int = 900) -> Iterator[Page]:
    """Give a page that must neither complain nor ask for anything that is not on disk."""
    page = chromium.new_page(viewport={"width": width_px, "height": height_px})
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    page.on("dialog", lambda dialog: (told.append(dialog.message), dialog.dismiss()))
    _watch_requests(page, told)
    yield page
    page.close()
    assert told == []


def _watch_requests(page: Page, told: list[str]) -> None:
    """Add a line to `told` for every request that leaves the disk, and for every one that fails."""

    def asked(request: Request) -> None:
        if not request.url.startswith(("file:", "data:")):
            told.append(f"asked {request.url}")

    def failed(request: Request) -> None:
        if request.failure != GIVEN_UP:
            told.append(f"failed: {request.url[:100]}")

    page.on("request", asked)
    page.on("requestfailed", failed)
