"""The report's pages in a real browser: filters, paging, sorting, search, keys, widths, dark mode, hostile names."""

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from pipeline.report.file_names import PAGED_PAIRS
from pipeline.report.folder import report_files
from pipeline.report.overview.strangest import strangest_pairs
from pipeline.report.pair_links import linked, pages_script
from pipeline.report.shown_image import ShownImage
from pipeline.report.thumbnails import image_thumbnail_path, query_thumbnail_path, thumbnail
from tests.browser.requests_watched import watched_page
from tests.pipeline.report.report_cases import ATTRIBUTES, make_choice, make_evidence, make_pair_table

N_PAIRS = 130
CARDS = 48
WIDTHS = (390, 1400)
PAGES = ("index.html", "gallery.html", "evidence.html")
HOSTILE = (
    "<script>window.hurt=1</script>",
    "\"><img src=x onerror='window.hurt=1'>",
    "</script><b>",
    "ünï 図 \u2028",
    "{{7*7}} & 'x'",
    "a" * 150,
)
PAIRS = make_pair_table(N_PAIRS, similarity_p=np.linspace(0.3, 0.95, N_PAIRS))


def write_site(folder: Path, pairs, attributes=ATTRIBUTES, paged_rows=(0,)) -> Path:
    """Write a report in which some pairs alone have a page."""
    evidence = dataclasses.replace(
        make_evidence(n_pairs=2, attributes=attributes),
        pair_table=pairs,
        answers=list(pairs.answers),
        answer_choice=make_choice(),
    )
    picture = thumbnail(ShownImage(np.random.default_rng(0).integers(0, 256, (16, 16, 3)).astype(np.uint8)))
    thumbnails = {query_thumbnail_path(pair_id): picture for pair_id in pairs.pair_ids}
    thumbnails |= {image_thumbnail_path(name): picture for name in (*pairs.queries, *pairs.references)}
    paged = {pairs.pair_ids[row] for row in paged_rows}
    files = {
        **report_files(evidence, thumbnails, [row % 9 for row in range(len(pairs))]),
        PAGED_PAIRS: pages_script(paged),
    }
    for pair_id in paged:
        files[f"pairs/{pair_id}.html"] = b"<!DOCTYPE html><title>pair</title><h1>its page</h1>"
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shown = linked(data.decode(), paged).encode() if path.endswith(".html") else data
        (folder / path).write_bytes(shown)
    return folder


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_site(tmp_path_factory.mktemp("report"), PAIRS)


@pytest.fixture(scope="module")
def hostile_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    names = [HOSTILE[pair % len(HOSTILE)] for pair in range(60)]
    unlike = [f"{pair} {name}" for pair, name in enumerate(names)]
    pairs = make_pair_table(
        60,
        attributes=HOSTILE,
        queries=unlike,
        references=names,
        query_labels=names,
        reference_labels=names,
        groups=names,
    )
    return write_site(tmp_path_factory.mktemp("hostile"), pairs, HOSTILE)


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """See `watched_page`."""
    with watched_page(chromium) as opened:
        yield opened


def unfold(page: Page) -> None:
    """Open everything that is folded."""
    page.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true; })")


def gallery(page: Page, site: Path, state: str = "") -> Page:
    page.goto((site / "gallery.html").as_uri() + state)
    expect(page.locator("#found")).to_be_visible()
    return page


def queries(page: Page) -> list[str]:
    return [text.split("\n")[0] for text in page.locator(".pair-card .ids").all_inner_texts()]


def shown_rows(page: Page) -> list[int]:
    """The pairs of the cards, by the name of the query's picture."""
    sources = page.locator(".pair-card .duo img:first-child").evaluate_all("all => all.map(one => one.src)")
    return [int(source.rpartition("query-")[2].removesuffix(".jpg"), 16) for source in sources]


def test_the_first_page_has_the_most_similar_pairs(page: Page, site: Path) -> None:
    gallery(page, site)
    assert shown_rows(page) == list(range(129, 129 - CARDS, -1))
    expect(page.locator("#found")).to_have_text("130 pairs")
    expect(page.locator(".paging").first).to_contain_text("page 1 of 3")


def test_paging_by_button_and_key_is_in_the_address(page: Page, site: Path) -> None:
    gallery(page, site)
    page.get_by_label("Page after").first.click()
    assert shown_rows(page) == list(range(81, 33, -1))
    assert page.url.endswith("#page=2")
    page.keyboard.press("ArrowRight")
    assert shown_rows(page) == list(range(33, -1, -1))
    page.keyboard.press("ArrowRight")
    assert len(shown_rows(page)) == 34
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".paging").first).to_contain_text("page 2 of 3")
    page.go_back()
    expect(page.locator(".paging").first).to_contain_text("page 3 of 3")
    again = gallery(page, site, "#page=2")
    assert shown_rows(again) == list(range(81, 33, -1))


@pytest.mark.parametrize(
    ("sort", "values"),
    [
        ("effect", PAIRS.answer_values("effect")),
        ("disagreement", PAIRS.disagreement_p),
        ("insertion", PAIRS.insertion_p),
        ("regret", PAIRS.regret_p),
        ("replaced", PAIRS.falls_further_p),
    ],
)
def test_sorting_puts_unknown_values_last_both_ways(page: Page, site: Path, sort: str, values: np.ndarray) -> None:
    gallery(page, site)
    values = np.round(values, 6)
    for order, sign in (("desc", -1), ("asc", 1)):
        page.locator("#sort").select_option(sort)
        page.locator("#order").select_option(order)
        expected = sorted(range(N_PAIRS), key=lambda row: (np.isnan(values[row]), sign * values[row], row))
        expected = [row for row in expected if not np.isnan(values[row])]
        assert shown_rows(page) == expected[:CARDS]
    assert f"sort={sort}" in page.url
    page.get_by_label("Last page").first.click()
    if np.isnan(values).any():
        assert np.isnan(values[shown_rows(page)[-1]])


@pytest.mark.parametrize(
    ("field", "value", "wanted"),
    [
        ("group", "bag", lambda row: PAIRS.groups[row] == "bag"),
        ("attribute", ATTRIBUTES[0], lambda row: PAIRS.attributes[row] == ATTRIBUTES[0]),
        ("sure", "sure", lambda row: PAIRS.sure[row].level == "sure"),
        ("sure", "unsure", lambda row: PAIRS.sure[row].level == "unsure"),
        ("sure", "contradicted", lambda row: PAIRS.sure[row].level == "contradicted"),
        ("answer", "no", lambda row: PAIRS.attributes[row] is None),
        ("answer", "yes", lambda row: PAIRS.attributes[row] is not None),
        ("truth", "right", lambda row: PAIRS.is_right[row] is True),
        ("truth", "wrong", lambda row: PAIRS.is_right[row] is False),
        ("truth", "unknown", lambda row: PAIRS.is_right[row] is None),
    ],
)
def test_filters_leave_what_is_asked_for(page: Page, site: Path, field: str, value: str, wanted) -> None:
    gallery(page, site)
    page.locator(f"#{field}").select_option(value)
    expected = [row for row in range(N_PAIRS - 1, -1, -1) if wanted(row)]
    assert shown_rows(page) == expected[:CARDS]
    expect(page.locator("#found")).to_have_text(f"{len(expected)} pairs of 130")
    address = page.url.partition("#")[2]
    assert shown_rows(gallery(page, site, f"#{address}")) == expected[:CARDS]
    page.locator("#clear").click()
    expect(page.locator("#found")).to_have_text("130 pairs")


def test_a_range_of_similarity_and_a_filter_together(page: Page, site: Path) -> None:
    gallery(page, site)
    page.locator("#from").fill("0.5")
    page.locator("#to").fill("0.6")
    page.locator("#to").press("Enter")
    page.locator("#group").select_option("shirt")
    inside = (np.round(PAIRS.similarity_p, 4) >= 0.5) & (np.round(PAIRS.similarity_p, 4) <= 0.6)
    expected = [row for row in range(N_PAIRS - 1, -1, -1) if inside[row] and PAIRS.groups[row] == "shirt"]
    assert shown_rows(page) == expected
    assert expected


def test_search_by_key_finds_ids_labels_and_attributes(page: Page, site: Path) -> None:
    gallery(page, site, "#page=2")
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.type("TEST_00007")
    assert set(queries(page)) == {"test_00007"}
    assert len(queries(page)) == 4
    # Arrows belong to the text while one types.
    page.keyboard.press("ArrowLeft")
    assert len(queries(page)) == 4
    page.locator("#search").fill(PAIRS.pair_ids[17])
    assert shown_rows(page) == [17]
    page.locator("#search").fill("nothing like it")
    expect(page.locator("#found")).to_have_text("0 pairs of 130")


def test_search_finds_the_labels_of_both_images(page: Page, site: Path) -> None:
    gallery(page, site)
    expect(page.get_by_label("Search ids, answers and labels of both images")).to_be_visible()
    page.locator("#search").fill("LONG sleeve")
    sides = (PAIRS.queries, PAIRS.references)
    labelled = [[PAIRS.image_labels[name] == ["long sleeve"] for name in names] for names in sides]
    expected = [row for row in range(N_PAIRS - 1, -1, -1) if labelled[0][row] or labelled[1][row]]
    assert shown_rows(page) == expected[:CARDS]
    expect(page.locator("#found")).to_have_text(f"{len(expected)} pairs of 130")
    told = page.locator(".pair-card").first.inner_text()
    for side, has in zip(("query", "reference"), labelled, strict=True):
        assert (f"{side} labelled long sleeve" in told) is has[expected[0]]
    page.locator("#search").fill("short sleeve")
    expect(page.locator("#found")).to_have_text("0 pairs of 130")


def test_where_nothing_is_found_a_button_clears_what_was_asked(page: Page, site: Path) -> None:
    gallery(page, site)
    expect(page.locator("#nothing")).to_be_hidden()
    page.locator("#group").select_option("bag")
    page.locator("#search").fill("unheard of")
    expect(page.locator("#nothing")).to_contain_text("No pair fits all of: search “unheard of”, class bag.")
    expect(page.locator(".paging").first).to_be_hidden()
    page.get_by_role("button", name="Clear search and filters").click()
    expect(page.locator("#found")).to_have_text("130 pairs")
    expect(page.locator("#nothing")).to_be_hidden()
    expect(page.locator(".paging").first).to_be_visible()


def test_the_strangest_are_those_of_the_overview_in_its_order(page: Page, site: Path) -> None:
    expected = [PAIRS.pair_ids.index(one.pair_id) for one in strangest_pairs(PAIRS)]
    gallery(page, site, "#among=strangest")
    assert shown_rows(page) == expected
    assert len(expected) == 10
    expect(page.locator("#found")).to_have_text("10 pairs: the strangest, as on the overview")
    expect(page.locator("#sort")).to_be_disabled()
    page.get_by_role("button", name="Clear").first.click()
    expect(page.locator("#found")).to_have_text("130 pairs")


def test_a_search_finds_words_by_how_they_begin_and_needs_all_of_them(page: Page, site: Path) -> None:
    texts = [
        f"{PAIRS.attributes[row]} {PAIRS.image_labels[PAIRS.queries[row]]} {PAIRS.image_labels[PAIRS.references[row]]}"
        for row in range(N_PAIRS)
    ]
    both = sum("long sleeve" in text and re.search(r"\bred", text) is not None for text in texts)
    assert 0 < both < sum("long sleeve" in text for text in texts)
    for words, expected in (("long red", both), ("red LONG", both), ("leeve", 0)):
        gallery(page, site, f"#q={words}")
        expect(page.locator("#found")).to_have_text(f"{expected} pairs of 130")
    # Digits are found within an id, too.
    gallery(page, site, "#q=0032")
    assert shown_rows(page) == [row for row in range(N_PAIRS - 1, -1, -1) if PAIRS.queries[row] == "test_00032"]


def test_a_range_that_is_upside_down_is_told(page: Page, site: Path) -> None:
    gallery(page, site, "#from=0.9&to=0.5")
    expect(page.locator("#asked")).to_contain_text("\u201cfrom\u201d is above \u201cto\u201d.")


def test_pairs_like_one_are_shown_whatever_was_filtered(page: Page, site: Path) -> None:
    gallery(page, site, f"#group={PAIRS.groups[129]}&q=test_&to=0.99&sort=effect&order=asc")
    page.locator("#sort").select_option("similarity")
    page.get_by_role("button", name="Pairs like test_00032").first.click()
    assert shown_rows(page) == [129, *PAIRS.nearest_pk[129].tolist()]
    assert {PAIRS.groups[row] for row in PAIRS.nearest_pk[129]} != {PAIRS.groups[129]}
    expect(page.locator("#group")).to_have_value("")
    expect(page.locator("#search")).to_have_value("")


def test_cards_say_where_replaced_queries_contradict_the_answer(page: Page, site: Path) -> None:
    # Contradicted by other images, without images as different, sure; then contradicted by the measured truth.
    levels = {70: "contradicted", 20: "unsure", 5: "sure", 1: "contradicted"}
    for row, level in levels.items():
        sure = PAIRS.sure[row]
        assert sure is not None
        assert (row, sure.level, sure.is_measured) == (row, level, row == 1)
        gallery(page, site, f"#q={PAIRS.pair_ids[row]}")
        words = page.locator(".pair-card .answer").text_content() or ""
        assert words.startswith(sure.heading)
        expect(page.locator(".pair-card .pair-facts")).to_contain_text(f"how sure{level}")
        is_told = "higher than with images as far away that have it" in words
        assert is_told is (level == "contradicted" and not sure.is_measured)


def test_on_a_phone_the_filters_are_folded_away(page: Page, site: Path) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    gallery(page, site)
    expect(page.locator("#sort")).to_be_hidden()
    first_card = page.locator(".pair-card").first.bounding_box()
    fields = page.locator("#controls").bounding_box()
    assert first_card is not None
    assert fields is not None
    assert first_card["y"] - fields["y"] < 300
    page.get_by_text("Sort and filter").click()
    page.locator("#group").select_option("bag")
    expect(page.locator("#chosen")).to_have_text("(1 set)")
    # Turned or made wider, the page shows them all.
    page.get_by_text("Sort and filter").click()
    page.set_viewport_size({"width": 1000, "height": 844})
    expect(page.locator("#sort")).to_be_visible()


@pytest.mark.parametrize("width", WIDTHS)
def test_no_choice_of_a_filter_is_cut(page: Page, site: Path, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    gallery(page, site)
    unfold(page)
    cut = page.evaluate(
        """() => Array.from(document.querySelectorAll(".controls select")).filter(one => one.offsetWidth).map(one => {
            const pen = document.createElement("canvas").getContext("2d");
            pen.font = getComputedStyle(one).font;
            const room = one.clientWidth - 2 * parseFloat(getComputedStyle(one).paddingLeft) - 16;
            return [one.id, Math.max(...Array.from(one.options).map(each => pen.measureText(each.text).width)) - room];
        }).filter(([, over]) => over > 0)"""
    )
    assert cut == []


# Words of which a line holds only a part, in tables and cards; what is longer than its column may break.
BROKEN = """() => {
    const broken = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
        const node = walk.currentNode;
        if (!node.parentElement.checkVisibility()) continue;
        for (const word of node.data.matchAll(/[A-Za-z]{3,}/g)) {
            const range = document.createRange();
            range.setStart(node, word.index);
            range.setEnd(node, word.index + word[0].length);
            const tops = new Set(Array.from(range.getClientRects()).map(one => Math.round(one.top)));
            if (tops.size > 1) broken.push(word[0]);
        }
    }
    return broken;
}"""


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_no_word_is_broken(page: Page, site: Path, hostile_site: Path, name: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto((site / name).as_uri())
    unfold(page)
    assert page.evaluate(BROKEN) == []
    # Words of 150 letters are, and are found.
    page.goto((hostile_site / name).as_uri())
    unfold(page)
    assert "a" * 150 in page.evaluate(BROKEN)


def test_tables_that_go_on_say_so_and_others_do_not(page: Page, site: Path) -> None:
    told: dict[bool, set[str]] = {True: set(), False: set()}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.goto((site / "evidence.html").as_uri())
        unfold(page)
        # What scrolls is known once it is drawn.
        page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        found = page.evaluate(
            "Array.from(document.querySelectorAll('.wide'))"
            ".map(one => [one.scrollWidth > one.clientWidth, getComputedStyle(one, '::before').height])"
        )
        for goes_on, height in found:
            told[goes_on].add(height)
    assert told == {True: {"24px"}, False: {"0px"}}


def test_pairs_like_one_are_its_nearest_in_their_order(page: Page, site: Path) -> None:
    gallery(page, site)
    page.get_by_role("button", name="Pairs like test_00032").first.click()
    assert shown_rows(page) == [129, *PAIRS.nearest_pk[129].tolist()]
    assert f"near={PAIRS.pair_ids[129]}" in page.url
    expect(page.locator("#sort")).to_be_disabled()
    page.locator("#clear").click()
    expect(page.locator("#found")).to_have_text("130 pairs")


def test_cards_link_to_the_pages_that_exist(page: Page, site: Path) -> None:
    gallery(page, site, f"#q={PAIRS.pair_ids[0]}")
    link = page.locator(".pair-card h3 a")
    # With the view that the page goes on in.
    expect(link).to_have_attribute("href", f"pairs/{PAIRS.pair_ids[0]}.html#in=gallery&q={PAIRS.pair_ids[0]}")
    link.click()
    expect(page.locator("h1")).to_have_text("its page")
    gallery(page, site, f"#q={PAIRS.pair_ids[1]}")
    assert page.locator(".pair-card").count() == 1
    assert page.locator(".pair-card h3 a").count() == 0


def test_pictures_say_where_the_map_is_bright(page: Page, site: Path) -> None:
    gallery(page, site, f"#q={PAIRS.pair_ids[4]}")
    first = page.locator(".pair-card img").first
    expect(first).to_have_attribute("alt", "query test_00001 under its map, brightest in the middle")
    expect(first).to_have_attribute("loading", "lazy")


def test_without_scripts_the_first_pairs_are_listed(chromium: Browser, site: Path) -> None:
    context = chromium.new_context(java_script_enabled=False)
    plain = context.new_page()
    plain.goto((site / "gallery.html").as_uri())
    assert plain.locator("noscript li").count() == 100
    assert plain.locator("noscript li a").count() == 1
    expect(plain.locator("#controls")).to_be_hidden()
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_no_page_breaks_a_rule_of_accessibility(chromium: Browser, site: Path, name: str, scheme: str) -> None:
    # Not the page that is watched: the tool itself asks for things.
    tested = chromium.new_page(color_scheme=scheme)
    tested.goto((site / name).as_uri())
    unfold(tested)
    found = Axe().run(tested)
    tested.close()
    assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found.response["violations"]] == []


@pytest.mark.parametrize("which", ["site", "hostile_site"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_no_page_is_wider_than_its_window(
    page: Page, request: pytest.FixtureRequest, which: str, name: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto((request.getfixturevalue(which) / name).as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    unfold(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("name", PAGES)
def test_dark_pages_are_dark_and_charts_follow(page: Page, site: Path, name: str) -> None:
    grounds = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.goto((site / name).as_uri())
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        letters = page.evaluate(
            "(() => { const one = document.querySelector('svg.chart text');"
            " return one ? getComputedStyle(one).fill : getComputedStyle(document.body).color; })()"
        )
        grounds.append((ground, letters))
    assert grounds[0][0] == "rgb(255, 255, 255)"
    assert grounds[0] != grounds[1]
    assert grounds[0][1] != grounds[1][1]


@pytest.mark.parametrize("name", PAGES)
def test_hostile_names_stay_text(page: Page, hostile_site: Path, name: str) -> None:
    page.goto((hostile_site / name).as_uri())
    page.wait_for_load_state("load")
    assert page.evaluate("window.hurt") is None
    text = page.evaluate("document.body.textContent")
    assert "<script>window.hurt=1</script>" in text
    assert "{{7*7}} & 'x'" in text


def test_hostile_names_can_be_filtered_and_linked(page: Page, hostile_site: Path) -> None:
    gallery(page, hostile_site)
    for name in HOSTILE:
        page.locator("#group").select_option(name)
        expect(page.locator("#found")).to_have_text("10 pairs of 60")
        address = page.url.partition("#")[2]
        gallery(page, hostile_site, f"#{address}")
        expect(page.locator("#found")).to_have_text("10 pairs of 60")
    page.goto((hostile_site / "index.html").as_uri())
    page.locator('#attributes th a[href^="gallery.html#attribute="]').first.click()
    expect(page.locator("#found")).to_contain_text("pairs of 60")
    assert page.evaluate("window.hurt") is None
