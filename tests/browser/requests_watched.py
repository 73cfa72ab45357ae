"""What a page must not do in a test: ask for anything that is not on disk, or miss what it asks for."""

from playwright.sync_api import Page, Request

# A picture that was still loading when the page was left is not missing.
GIVEN_UP = "net::ERR_ABORTED"


def watch_requests(page: Page, told: list[str]) -> None:
    """Add a line to `told` for every request that leaves the disk, and for every one that fails."""

    def asked(request: Request) -> None:
        if not request.url.startswith(("file:", "data:")):
            told.append(f"asked {request.url}")

    def failed(request: Request) -> None:
        if request.failure != GIVEN_UP:
            told.append(f"failed: {request.url[:100]}")

    page.on("request", asked)
    page.on("requestfailed", failed)
