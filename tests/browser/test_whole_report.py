"""The report of a finished run as a reader walks through it: every link leads somewhere, every picture is there."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.requests_watched import watched_page
from tests.flows.run_cases import FinishedRun, Tables, invoke

WIDTHS = (390, 1400)
PAGES = ("index.html", "gallery.html", "evidence.html")
TOP = ["Overview", "Gallery", "Evidence"]


@pytest.fixture(scope="module")
def report(finished_run: FinishedRun, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report as a folder, made by the command."""
    folder = tmp_path_factory.mktemp("whole") / "report"
    result = invoke("report", finished_run.config, "--output", folder)
    assert result.exit_code == 0, result.output
    return folder


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """See `watched_page`."""
    with watched_page(chromium) as opened:
        yield opened


def addresses(page: Page) -> set[str]:
    """Return where the page's links lead, as the browser understands them."""
    return set(page.locator("a[href]").evaluate_all("all => all.map(one => one.href)"))


def dead_links(page: Page, found: set[str]) -> list[str]:
    """Return the links to files that are not there, and to places that are not on the page itself."""
    here, dead = urldefrag(page.url).url, []
    for address in sorted(found):
        target, anchor = urldefrag(address)
        assert target.startswith("file://"), f"{address} is outside"
        is_there = Path(unquote(target.removeprefix("file://"))).is_file()
        if is_there and target == here and anchor:
            is_there = page.locator(f"[id='{unquote(anchor)}']").count() == 1
        if not is_there:
            dead.append(address)
    return dead


def missing_pictures(page: Page) -> list[str]:
    """Return the pictures that cannot be shown, after loading also those that are loaded late."""
    return list(
        page.evaluate(
            "Promise.all(Array.from(document.images).filter(one => one.getAttribute('src')).map(async one => {"
            " one.loading = 'eager'; try { await one.decode(); } catch { return one.src; } return ''; }))"
            ".then(all => all.filter(Boolean))"
        )
    )


def assert_whole(page: Page) -> None:
    assert dead_links(page, addresses(page)) == []
    assert page.locator("img").count() > 0 or page.locator("svg").count() > 0
    assert missing_pictures(page) == []
    assert page.locator("nav.site a").all_inner_texts()[:3] == TOP
    expect(page.locator("footer a")).to_have_text("Where every figure comes from")


def test_a_reader_walks_from_the_overview_to_pairs_and_back(
    page: Page, report: Path, finished_run: FinishedRun
) -> None:
    page.goto((report / "index.html").as_uri())
    assert_whole(page)
    page.get_by_role("link", name="Gallery", exact=True).first.click()
    expect(page.locator("#found")).to_have_text("24 pairs")
    assert_whole(page)
    card = page.locator(".pair-card").nth(3)
    answer = card.locator(".answer").inner_text()
    card.locator("h3 a").click()
    # The page of the pair says what its card says.
    first = page.locator("h1").inner_text()
    assert answer.startswith(first)
    assert_whole(page)
    visited = [page.url]
    page.locator("#next, #previous").last.click()
    assert page.url not in visited
    expect(page.locator("h1")).to_contain_text("this match")
    assert_whole(page)
    page.go_back()
    assert page.url == visited[0]
    page.get_by_role("link", name="Where every figure comes from").click()
    assert page.url.endswith("evidence.html#provenance")
    fingerprint = finished_run.manifest("metrics").fingerprint[:12]
    expect(page.locator("#provenance")).to_contain_text(f"metrics ({fingerprint})")
    assert_whole(page)


def place(words: str | None) -> str | None:
    """Return what follows "brightest" in the alternative text of a map."""
    found = re.search(r"brightest (.*)$", words or "")
    return found and found.group(1)


def test_gallery_and_pages_say_in_the_same_words_where_a_map_is_bright(page: Page, report: Path) -> None:
    page.goto((report / "gallery.html").as_uri())
    expect(page.locator(".pair-card")).to_have_count(24)
    cards = page.locator(".pair-card").evaluate_all(
        "all => all.map(one => [one.querySelector('h3 a').href, one.querySelector('img').alt])"
    )
    said = set()
    for address, words in cards:
        page.goto(address)
        on_page = page.locator("#map").get_attribute("alt")
        assert place(words) == place(on_page)
        said.add(place(words))
    assert len(said - {None}) > 1


def test_every_pair_has_a_whole_page(page: Page, report: Path, finished_run: FinishedRun) -> None:
    rows = Tables(finished_run.settings()).ask("select pair_id from pairs where split = 'test'")
    assert {path.stem for path in (report / "pairs").glob("*.html")} == {row["pair_id"] for row in rows}
    for row in rows:
        page.goto((report / "pairs" / f"{row['pair_id']}.html").as_uri())
        assert_whole(page)


@pytest.mark.parametrize("width", WIDTHS)
def test_all_pages_look_alike(page: Page, report: Path, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    looks = set()
    for path in (*(report / name for name in PAGES), next(iter(sorted((report / "pairs").glob("*.html"))))):
        page.goto(path.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        looks.add(
            page.evaluate(
                "['body', 'h1', 'main', 'nav.site a:not([aria-current])', 'footer'].map(name => {"
                " const one = getComputedStyle(document.querySelector(name));"
                " return [one.fontFamily, one.fontSize, one.color].join(); }).join('|')"
            )
        )
    assert len(looks) == 1


def test_the_walk_can_fail(chromium: Browser, report: Path, tmp_path: Path) -> None:
    # Not the page that is watched: it would complain.
    page = chromium.new_page()
    text = (report / "index.html").read_text().replace('href="evidence.html"', 'href="evidenz.html"')
    (tmp_path / "index.html").write_text(text.replace('src="thumbnails/', 'src="data:image/png;base64,'))
    (tmp_path / "assets").symlink_to(report / "assets")
    page.goto((tmp_path / "index.html").as_uri())
    assert any(address.endswith("evidenz.html") for address in dead_links(page, addresses(page)))
    assert missing_pictures(page)
    page.close()
