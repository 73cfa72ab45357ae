"""The page of a pair in a real browser: pointing, keys, widths, dark mode, names for those who cannot see."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from pipeline.report.pair_page.assets import pair_page_assets
from pipeline.report.pair_page.evidence import PageLinks
from pipeline.report.pair_page.render import PairPageRenderer
from tests.browser.requests_watched import watched_page
from tests.pipeline.report.pair_page.page_cases import HOSTILE, make_page

WIDTHS = (390, 1400)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with three pages: one, the one before it and the one after it."""
    folder = tmp_path_factory.mktemp("report")
    renderer = PairPageRenderer()
    files = {
        **pair_page_assets(),
        "pairs/this.html": renderer.linked(make_page()),
        "pairs/before.html": renderer.linked(make_page("before", links=PageLinks((), None, "this.html"))),
        "pairs/after.html": renderer.linked(make_page("after", links=PageLinks((), "this.html", None))),
        "pairs/hostile.html": renderer.linked(make_page(HOSTILE, HOSTILE)),
        "alone.html": renderer.alone(make_page(HOSTILE, "part:pocket", links=PageLinks())),
    }
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder


@pytest.fixture
def watched(chromium: Browser) -> Iterator[Page]:
    """See `watched_page`."""
    with watched_page(chromium, 1280, 720) as page:
        yield page


def lit(page: Page) -> list[tuple[str | None, str | None]]:
    """Return part and side of the patches that are lit up."""
    found = page.locator(".patch.lit")
    return [(one.get_attribute("data-part"), one.get_attribute("aria-label")) for one in found.all()]


def opened(page: Page, site: Path, name: str = "pairs/this.html") -> Page:
    page.goto((site / name).as_uri())
    return page


def patch(page: Page, role: str, part: int):
    return page.locator(f'svg[aria-label="Parts of the {role}"] [data-part="{part}"]')


@pytest.mark.parametrize(("role", "other"), [("query", "reference"), ("reference", "query")])
def test_pointing_at_a_part_lights_up_its_match(watched: Page, site: Path, role: str, other: str) -> None:
    page = opened(watched, site)
    assert lit(page) == []
    patch(page, role, 2).hover()
    assert [part for part, _ in lit(page)] == ["2", "2"]
    assert {words.rpartition(" ")[2] for _, words in lit(page) if words} == {role, other}
    expect(page.locator(".legend li.lit")).to_have_attribute("data-part", "2")
    # The change takes a moment: what counts is where it goes.
    expect(patch(page, other, 1).locator(".outline")).to_have_css("fill-opacity", "0.07")
    expect(patch(page, other, 2).locator(".outline")).to_have_css("fill-opacity", "0.55")
    page.locator("h1").hover()
    assert lit(page) == []


def test_a_part_is_reached_by_the_tab_key_and_kept_by_enter(watched: Page, site: Path) -> None:
    page = opened(watched, site)
    page.locator("#opacity").focus()
    for _ in range(10):
        page.keyboard.press("Tab")
        if lit(page):
            break
    assert [part for part, _ in lit(page)] == ["1", "1"]
    page.keyboard.press("Tab")
    assert [part for part, _ in lit(page)] == ["2", "2"]
    page.keyboard.press("Enter")
    expect(patch(page, "reference", 2)).to_have_attribute("aria-pressed", "true")
    page.locator("#opacity").focus()
    assert [part for part, _ in lit(page)] == ["2", "2"]
    patch(page, "query", 2).click()
    page.locator("h1").hover()
    page.locator("#opacity").focus()
    assert lit(page) == []


def test_the_slider_fades_the_map_and_gives_the_photograph_its_colours(watched: Page, site: Path) -> None:
    page = opened(watched, site)
    slider, shown = page.locator("#opacity"), page.locator("#map")
    expect(shown).to_have_css("opacity", "0.6")
    slider.fill("25")
    expect(shown).to_have_css("opacity", "0.25")
    expect(page.locator(".map-shown .photo").first).to_have_css("filter", "grayscale(0.25)")
    slider.focus()
    # Arrow keys belong to the slider while it has the focus.
    page.keyboard.press("ArrowLeft")
    expect(shown).to_have_css("opacity", "0.24")
    assert page.url.endswith("this.html")


def test_keys_lead_among_maps_and_pairs(watched: Page, site: Path) -> None:
    page = opened(watched, site)
    first = page.locator("#map").get_attribute("src")
    page.locator('input[name="map"]').first.focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#map-name")).to_have_text("random")
    expect(page.locator("#map")).to_have_attribute("alt", "random map of test_00001: brightest at the top left")
    assert page.locator("#map").get_attribute("src") != first
    expect(page.locator(".curve.chosen")).to_have_attribute("data-map", "1")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#curve-name")).to_have_text("none (centre blob has no curves)")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#map-name")).to_have_text("RISE")
    page.keyboard.press("ArrowUp")
    expect(page.locator("#map-name")).to_have_text("centre blob")
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**/after.html")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    page.wait_for_url("**/this.html")
    page.keyboard.press("Control+ArrowLeft")
    page.keyboard.press("ArrowLeft")
    page.wait_for_url("**/before.html")


def test_a_map_is_chosen_by_pointing(watched: Page, site: Path) -> None:
    page = opened(watched, site)
    page.locator("label", has_text="random").click()
    expect(page.locator("#map-name")).to_have_text("random")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["pairs/this.html", "pairs/hostile.html", "alone.html"])
def test_nothing_is_wider_than_the_window(watched: Page, site: Path, name: str, width: int) -> None:
    watched.set_viewport_size({"width": width, "height": 800})
    page = opened(watched, site, name)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_maps_lie_where_the_model_looks(watched: Page, site: Path) -> None:
    page = opened(watched, site)
    photo, shown = (page.locator(f".map-shown .{one}").first.bounding_box() for one in ("photo", "map"))
    assert photo is not None
    assert shown is not None
    # The model sees the middle 40 of 60 columns.
    assert shown["x"] - photo["x"] == pytest.approx(photo["width"] / 6, abs=1)
    assert shown["width"] == pytest.approx(photo["width"] * 2 / 3, abs=1)
    assert shown["height"] == pytest.approx(photo["height"], abs=1)
    assert photo["width"] / photo["height"] == pytest.approx(1.5, abs=0.02)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_a_checker_of_accessibility_finds_nothing(chromium: Browser, site: Path, scheme, width: int) -> None:
    page = chromium.new_page(color_scheme=scheme, viewport={"width": width, "height": 800})
    for name in ("pairs/this.html", "alone.html"):
        found = Axe().run(opened(page, site, name))
        assert found.violations_count == 0, found.generate_report()
    page.close()


def test_the_checker_can_fail(chromium: Browser, site: Path, tmp_path: Path) -> None:
    text = (site / "alone.html").read_text().replace(' alt="Query: ', ' title="').replace("#636f7c", "#c0c4c8")
    (tmp_path / "worse.html").write_text(text)
    page = chromium.new_page()
    found = Axe().run(opened(page, tmp_path, "worse.html"))
    assert {violation["id"] for violation in found.response["violations"]} >= {"color-contrast"}
    page.close()


@pytest.mark.parametrize("name", ["pairs/hostile.html", "alone.html"])
def test_hostile_names_are_text(watched: Page, site: Path, name: str) -> None:
    page = opened(watched, site, name)
    assert HOSTILE in page.locator(".subtitle").inner_text()
    assert page.locator("script").count() == 1
    assert page.evaluate("document.querySelectorAll('main script').length") == 0


def test_dark_pages_are_dark(chromium: Browser, site: Path) -> None:
    grounds = []
    for scheme in ("light", "dark"):
        page = opened(chromium.new_page(color_scheme=scheme), site)  # type: ignore[arg-type]
        grounds.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        page.close()
    assert grounds == ["rgb(255, 255, 255)", "rgb(21, 25, 30)"]


def test_without_script_everything_but_the_controls_is_there(chromium: Browser, site: Path) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = opened(context.new_page(), site)
    expect(page.locator("#opacity")).to_be_hidden()
    expect(page.locator("#map")).to_be_visible()
    expect(page.locator(".patch")).to_have_count(4)
    context.close()
