"""Pages of pairs in a real browser, opened from a view of the gallery: they lead on within it, and back to it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from pipeline.report.pair_page.assets import pair_page_assets
from pipeline.report.pair_page.evidence import PageLinks
from pipeline.report.pair_page.render import PairPageRenderer
from tests.browser.requests_watched import watched_page
from tests.browser.test_report import write_site
from tests.pipeline.report.pair_page.page_cases import make_page
from tests.pipeline.report.report_cases import ATTRIBUTES, make_pair_table

N_PAIRS = 60
PAIRS = make_pair_table(N_PAIRS, similarity_p=np.linspace(0.3, 0.95, N_PAIRS))
# The gallery knows of pages for these; every third pair has none.
PAGED = [row for row in range(N_PAIRS) if row % 3]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report with pages whose own links follow the order of the table."""
    folder = write_site(tmp_path_factory.mktemp("report"), PAIRS, ATTRIBUTES, PAGED)
    renderer = PairPageRenderer()
    files = dict(pair_page_assets())
    for place, row in enumerate(PAGED):
        before = name(PAGED[place - 1]) if place else None
        after = name(PAGED[place + 1]) if place + 1 < len(PAGED) else None
        links = PageLinks([("Gallery", "../gallery.html")], before, after)
        files[f"pairs/{name(row)}"] = renderer.linked(make_page(PAIRS.queries[row], links=links))
    for path, data in files.items():
        (folder / path).write_bytes(data)
    return folder


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """See `watched_page`."""
    with watched_page(chromium) as opened:
        yield opened


def name(row: int) -> str:
    return f"{PAIRS.pair_ids[row]}.html"


def in_view(wanted) -> list[int]:
    """The pairs with a page that a view shows, the most similar first."""
    return [row for row in reversed(PAGED) if wanted(row)]


def open_card(page: Page, site: Path, state: str, row: int) -> None:
    page.goto((site / "gallery.html").as_uri() + state)
    page.locator(f'.pair-card h3 a[href^="pairs/{name(row)}"]').click()
    page.wait_for_url(f"**/{name(row)}#in=gallery*")


def test_next_and_previous_stay_in_the_filtered_list_and_lead_back(page: Page, site: Path) -> None:
    rows = in_view(lambda row: PAIRS.groups[row] == "bag")
    assert len(rows) > 3
    assert rows != sorted(rows)
    open_card(page, site, "#group=bag", rows[0])
    expect(page.locator("#list")).to_have_text(f"Back to the list (1 of {len(rows)})")
    expect(page.locator("#previous")).to_have_count(0)
    for place, row in enumerate(rows[1:], start=2):
        page.locator("#next").click()
        page.wait_for_url(f"**/{name(row)}#in=gallery&group=bag")
        expect(page.locator("#list")).to_have_text(f"Back to the list ({place} of {len(rows)})")
    expect(page.locator("#next")).to_have_count(0)
    page.locator("#previous").click()
    page.wait_for_url(f"**/{name(rows[-2])}#in=gallery&group=bag")
    page.locator("#list").click()
    expect(page.locator("#group")).to_have_value("bag")
    n_all = sum(group == "bag" for group in PAIRS.groups)
    expect(page.locator("#found")).to_have_text(f"{n_all} pairs of {N_PAIRS}")


def test_keys_follow_the_order_of_the_list(page: Page, site: Path) -> None:
    rows = sorted(PAGED, key=lambda row: (np.round(PAIRS.insertion_p[row], 4), row))
    open_card(page, site, "#sort=insertion&order=asc", rows[3])
    for place in (4, 5, 6):
        # At once: the list may not have been read yet.
        page.keyboard.press("ArrowRight")
        page.wait_for_url(f"**/{name(rows[place])}#*")
    page.keyboard.press("ArrowLeft")
    page.wait_for_url(f"**/{name(rows[5])}#*")


def test_the_list_opens_at_the_page_that_has_the_pair(page: Page, site: Path) -> None:
    row = PAGED[1]  # among the least similar
    open_card(page, site, "#page=2", row)
    page.locator("#list").click()
    expect(page.locator(".paging").first).to_contain_text("page 2 of 2")
    expect(page.locator(f'.pair-card a[href^="pairs/{name(row)}"]')).to_have_count(1)


def test_pairs_like_one_are_a_list_too(page: Page, site: Path) -> None:
    first = PAGED[0]
    rows = [row for row in [first, *PAIRS.nearest_pk[first].tolist()] if row in PAGED]
    open_card(page, site, f"#near={PAIRS.pair_ids[first]}", rows[1])
    expect(page.locator("#next")).to_have_attribute("href", f"{name(rows[2])}#in=gallery&near={PAIRS.pair_ids[first]}")


@pytest.mark.parametrize("state", ["", "#content", "#in=gallery&group=shirt"])
def test_without_a_list_or_outside_it_the_links_stay(page: Page, site: Path, state: str) -> None:
    row = next(row for row in PAGED[1:-1] if PAIRS.groups[row] == "bag")
    place = PAGED.index(row)
    page.goto((site / "pairs" / name(row)).as_uri() + state)
    expect(page.locator("#list")).to_have_count(0)
    page.keyboard.press("ArrowRight")
    page.wait_for_url(f"**/{name(PAGED[place + 1])}")


def test_where_the_list_cannot_be_read_the_links_stay(chromium: Browser, site: Path, tmp_path: Path) -> None:
    shutil.copytree(site / "pairs", tmp_path / "pairs")
    shutil.copytree(site / "assets", tmp_path / "assets")
    page = chromium.new_page()
    page.goto((tmp_path / "pairs" / name(PAGED[4])).as_uri() + "#in=gallery")
    page.keyboard.press("ArrowRight")
    page.wait_for_url(f"**/{name(PAGED[5])}")
    page.close()
