"""The folds of the evidence in a real browser: links open them, buttons open and close all, paper has all open."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.requests_watched import watched_page
from tests.browser.test_report import PAIRS, write_site

WIDTHS = (390, 1400)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    return (write_site(tmp_path_factory.mktemp("report"), PAIRS) / "evidence.html").as_uri()


@pytest.fixture(params=WIDTHS)
def page(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """See `watched_page`."""
    with watched_page(chromium, request.param) as opened:
        yield opened


def open_sections(page: Page) -> list[str]:
    return list(
        page.evaluate("Array.from(document.querySelectorAll('section:has(> details[open])')).map(one => one.id)")
    )


def sections(page: Page) -> list[str]:
    return list(page.evaluate("Array.from(document.querySelectorAll('main > section')).map(one => one.id)"))


def test_all_but_the_first_section_are_folded_and_each_says_what_it_holds(page: Page, address: str) -> None:
    page.goto(address)
    names = sections(page)
    assert len(names) > 5
    assert open_sections(page) == names[:1]
    assert page.evaluate("document.documentElement.scrollHeight") < 5000
    expect(page.locator("#cost summary")).to_contain_text("1 table")
    expect(page.locator("#cost table")).to_be_hidden()
    page.locator("#cost summary").click()
    expect(page.locator("#cost table").first).to_be_visible()


def test_a_link_of_the_contents_opens_its_section_and_goes_there(page: Page, address: str) -> None:
    page.goto(address)
    link = page.get_by_label("Contents").locator('a[href="#provenance"]')
    for _ in range(2):
        link.click()
        expect(page.locator("#provenance table").first).to_be_visible()
        expect(page.locator("#provenance h2")).to_be_in_viewport()
        # Closed again, the same link opens it again.
        page.locator("#provenance summary").click()
        expect(page.locator("#provenance table").first).to_be_hidden()


def test_a_link_from_another_page_opens_its_section(page: Page, address: str) -> None:
    page.goto(address.replace("evidence.html", "index.html"))
    page.get_by_role("link", name="Where every figure comes from").click()
    expect(page.locator("#provenance table").first).to_be_visible()
    expect(page.locator("#provenance h2")).to_be_in_viewport()


@pytest.mark.parametrize("anchor", ["nowhere", "content", "%3Cb%3E", ""])
def test_an_address_that_names_no_section_opens_none(page: Page, address: str, anchor: str) -> None:
    page.goto(f"{address}#{anchor}")
    assert open_sections(page) == sections(page)[:1]


def test_buttons_open_and_close_all(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_role("button", name="Open all").click()
    assert open_sections(page) == sections(page)
    page.get_by_role("button", name="Close all").click()
    assert open_sections(page) == []


def test_paper_has_all_sections_open(page: Page, address: str) -> None:
    page.goto(address)
    page.emulate_media(media="print")
    expect(page.locator("#provenance table").first).to_be_visible()
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert open_sections(page) == sections(page)
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert open_sections(page) == sections(page)[:1]


def test_folds_need_no_script(chromium: Browser, address: str) -> None:
    context = chromium.new_context(java_script_enabled=False)
    plain = context.new_page()
    plain.goto(address)
    expect(plain.locator("#open-all")).to_be_hidden()
    plain.locator("#cost summary").click()
    expect(plain.locator("#cost table").first).to_be_visible()
    context.close()
