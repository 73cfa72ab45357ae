"""The page of two models in a real browser: no error or request, no hostile name run, accessible, fit for a phone."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.report.comparison_page.page import render_comparison
from tests.pipeline.report.comparison_page.comparison_cases import HOSTILE, N, make_comparison, make_pair

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine: the page was not looked at")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        opened = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("page") / "comparison.html"
    shown = make_comparison(HOSTILE, answers=[HOSTILE] * N)
    pairs = [make_pair(HOSTILE), make_pair("q", {"attribute": HOSTILE, "group_name": HOSTILE})]
    file.write_bytes(render_comparison(shown, pairs))
    return file


def opened_page(browser: Any, file: Path, scheme: str, width_px: int) -> tuple[Any, list[str]]:
    page = browser.new_context(color_scheme=scheme, viewport={"width": width_px, "height": 900}).new_page()
    seen: list[str] = []
    page.on("console", lambda message: seen.append(message.text))
    page.on("dialog", lambda dialog: (seen.append("a hostile name ran"), dialog.dismiss()))
    page.on("request", lambda request: None if request.url.startswith("data:") else seen.append(request.url))
    page.goto(file.as_uri())
    return page, seen


@pytest.mark.parametrize(("scheme", "width_px"), [("light", 1400), ("dark", 390)])
def test_it_opens_quietly_and_is_accessible(browser: Any, page_file: Path, scheme: str, width_px: int) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page, seen = opened_page(browser, page_file, scheme, width_px)
    assert seen == [page_file.as_uri()]
    assert page.evaluate("document.documentElement.scrollWidth") <= width_px
    assert page.evaluate("[...document.images].every((image) => image.complete && image.naturalWidth > 0)")
    found = Axe().run(page).response["violations"]
    assert found == [], [(one["id"], [node["html"] for node in one["nodes"]]) for one in found]


def test_the_checks_above_can_fail(browser: Any, tmp_path: Path) -> None:
    file = tmp_path / "bad.html"
    file.write_text("<html><body><img src='missing.png'><script>console.error('no')</script></body></html>")
    page, seen = opened_page(browser, file, "light", 390)
    page.wait_for_load_state()
    assert "no" in seen
    assert any(url.endswith("missing.png") for url in seen)
    assert not page.evaluate("[...document.images].every((image) => image.complete && image.naturalWidth > 0)")
