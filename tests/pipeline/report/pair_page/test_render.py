"""The page of a pair: what it says, where things lie, and that no text of a dataset becomes markup."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from pipeline.report.pair_page import render
from pipeline.report.pair_page.evidence import Replaced, SmallImage
from pipeline.report.pair_page.render import PairPageRenderer, outcome_words
from tests.pipeline.evaluation.broken_copy import broken_copy
from tests.pipeline.report.pair_page.page_cases import ANSWER, HOSTILE, NO_ANSWER, OUTCOME, make_map, make_page, photo


class Page(HTMLParser):
    """Tags with their attributes, and all text."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(data.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str, **wanted: str) -> list[dict[str, str | None]]:
        return [found for name, found in self.tags if name == tag and wanted.items() <= found.items()]


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(PairPageRenderer().linked(make_page()))


def test_the_answer_comes_first_then_how_far_to_trust_it(page: Page) -> None:
    order = (
        "part:pocket was expected to explain this match, but the test contradicts it",
        "How sure: contradicted. The item rendered without each attribute shows that another matters more.",
        "The figures and the rule behind it",
        "Without it the similarity is expected to fall by 0.123 [0.100, 0.150]",
        "Together these 2 account for 80 %",
        "The answer is wrong",
        "The other way round, with test_00001b as the query, the answer is other:attribute",
        "What the maps mark",
        "What goes with what",
        "Attributes, best first",
        "What other methods name first",
        "Does the similarity follow the map?",
        "What took the query’s place",
        "Other matches of this query",
    )
    places = [page.text.rindex(words) for words in order]
    assert places == sorted(places)


def test_every_part_has_a_patch_in_both_images_that_can_be_reached_and_is_named(page: Page) -> None:
    patches = page.all("g", role="button", tabindex="0")
    assert [patch["data-part"] for patch in patches] == ["1", "2", "1", "2"]
    names = [patch["aria-label"] for patch in patches]
    assert names[0] == "Part 1, 70 %, part:pocket: at the left of the query"
    assert names[2] == "Part 1, 70 %, part:pocket: at the top of the reference"
    assert [item["data-part"] for item in page.all("li") if "data-part" in item] == ["1", "2"]


def test_maps_lie_on_what_the_model_sees_and_say_where_they_are_bright(page: Page) -> None:
    boxes = [view["style"] for view in page.all("div", **{"class": "view"})]
    assert boxes[0] == "left:16.667%;top:0.000%;width:66.667%;height:100.000%"
    assert boxes[1] == "left:-25.000%;top:0.000%;width:150.000%;height:100.000%"
    (shown,) = page.all("img", id="map")
    assert shown["alt"] == "RISE map of test_00001: brightest at the top left"
    choices = page.all("input", type="radio")
    assert [choice["data-name"] for choice in choices] == ["RISE", "random", "centre blob"]
    assert all(str(choice["data-source"]).startswith("data:image/png") for choice in choices)


def test_every_picture_has_an_alternative_text(page: Page) -> None:
    assert all("alt" in found for found in page.all("img"))
    assert len(page.all("img")) > 10


@pytest.mark.parametrize(
    ("effect", "matched", "words"),
    [
        (-0.2, -0.1, "falls by 0.200 on average. Any change of the query may do so. What counts is therefore the "
         "difference from images that are as different from the query but keep a: compared with these, the similarity "
         "without it falls by 0.100."),
        (0.2, 0.1, "without it rises by 0.100: these images do not support that the match rests on it."),
        (0.2, None, "the similarity rises by 0.200 on average. No images that are as different but keep it"),
        (None, None, "No image was found that is like the query but lacks a."),
    ],
)  # fmt: skip
def test_replacements_say_which_way_the_similarity_goes(
    effect: float | None, matched: float | None, words: str
) -> None:
    small = [SmallImage("one", photo())]
    text = Page(PairPageRenderer().linked(make_page(replaced=Replaced("a", effect, matched, small)))).text
    assert words in " ".join(text.split())


@pytest.mark.parametrize(("similarity", "is_unlike"), [(-0.1, True), (0.0, True), (0.1, False), (None, False)])
def test_a_pair_that_the_model_does_not_find_alike_says_so(similarity: float | None, is_unlike: bool) -> None:
    text = Page(PairPageRenderer().linked(make_page(similarity=similarity))).text
    assert ("as unrelated ones" in text) == is_unlike


def test_the_heading_follows_the_test_with_other_images() -> None:
    small = [SmallImage("one", photo())]
    photograph = {**ANSWER, "probability": None, "probability_of": None}
    for matched, heading in ((-0.1, "part:pocket explains this match"), (0.1, "part:pocket was expected to")):
        replaced = Replaced("part:pocket", -0.2, matched, small)
        found = PairPageRenderer().linked(make_page(answer=photograph, outcome=None, replaced=replaced)).decode()
        assert f"<h1>{heading}" in found
        assert f"<title>{heading}" in found
        assert ("explains this match" in found) == (matched < 0)


def test_a_map_that_a_control_equals_says_so_where_it_stands() -> None:
    blob = replace(make_map("centre blob", (4, 4)), is_control=True)
    better = replace(make_map("RISE", (1, 1)), insertion_auc=0.9)
    page = Page(PairPageRenderer().linked(make_page(maps=[make_map("RISE", (1, 1)), blob, better])))
    cautions = [str(choice["data-caution"]) for choice in page.all("input", type="radio")]
    assert cautions == [
        "On this pair the map “centre blob”, which knows nothing of the model, has an insertion of 0.81, RISE of 0.81: "
        "do not read this map as where the model looks.",
        "",
        "",
    ]
    (shown,) = page.all("p", id="map-caution")
    assert "hidden" not in shown
    (silent,) = Page(PairPageRenderer().linked(make_page(maps=[better, blob]))).all("p", id="map-caution")
    assert "hidden" in silent


def test_insertion_and_deletion_are_defined_where_they_stand(page: Page) -> None:
    assert page.text.index("Deletion: likewise") < page.text.index("What goes with what")
    bare = Page(PairPageRenderer().linked(make_page(maps=[make_map("RISE", (1, 1), curves=False)])))
    assert "Deletion: likewise" not in bare.text


def test_the_map_of_the_answer_says_what_it_shows() -> None:
    shown = replace(make_map("part:pocket", (1, 1), curves=False), shows="where the model sees it")
    page = Page(PairPageRenderer().linked(make_page(maps=[make_map("RISE", (1, 1)), shown])))
    assert page.all("input", type="radio")[1]["data-words"] == (
        "part:pocket map of test_00001: where the model sees it; brightest at the top left"
    )
    assert "where the model sees it; brightest at the top left" in page.text


def test_a_page_of_the_report_leads_to_others_and_holds_no_script_of_its_own(page: Page) -> None:
    assert [found["href"] for found in page.all("a")] == [
        "#content", "index.html", "gallery.html", "before.html", "after.html", "reverse.html", "other.html",
        "../evidence.html#provenance",
    ]  # fmt: skip
    assert [found["href"] for found in page.all("link")] == ["../assets/pair.css"]
    assert [found["src"] for found in page.all("script")] == ["../assets/pair.js"]
    assert page.all("style") == []


def test_a_page_alone_holds_style_and_script() -> None:
    alone = Page(PairPageRenderer().alone(make_page()))
    assert alone.all("link") == []
    assert alone.all("script") == [{}]
    assert len(alone.all("style")) == 1
    places = [str(found[name]) for _, found in alone.tags for name in ("src", "href") if name in found]
    assert [place[:5] for place in places if not re.search(r"\.html(#|$)|^#", place)] == ["data:"] * len(
        alone.all("img")
    )


def assert_hostile_texts_stay_text(tested=render) -> None:
    plain = Page(tested.PairPageRenderer().alone(make_page()))
    hostile = Page(tested.PairPageRenderer().alone(make_page(HOSTILE, HOSTILE + " attribute")))
    assert [tag for tag, _ in hostile.tags] == [tag for tag, _ in plain.tags]
    assert [sorted(found) for _, found in hostile.tags] == [sorted(found) for _, found in plain.tags]
    assert hostile.text.count(HOSTILE) > 10
    assert any(str(found.get("alt")).startswith(f"RISE map of {HOSTILE}:") for _, found in hostile.tags)


def test_hostile_texts_stay_text(tmp_path) -> None:
    assert_hostile_texts_stay_text()
    with pytest.raises(AssertionError):
        assert_hostile_texts_stay_text(broken_copy(render, tmp_path, "autoescape=True", "autoescape=False"))


def test_equal_evidence_gives_equal_bytes() -> None:
    assert PairPageRenderer().linked(make_page()) == PairPageRenderer().linked(make_page())


def test_what_is_not_known_is_left_out() -> None:
    bare = make_page(
        answer=None,
        answer_set=None,
        maps=[],
        reference_map=None,
        parts=[],
        attributes=[],
        firsts=None,
        replaced=None,
        outcome=None,
        notes=[],
        condition=None,
        similarity=None,
    )
    page = Page(PairPageRenderer().linked(bare))
    assert "No answer was made for this pair" in page.text
    assert [found["id"] for found in page.all("h2")] == ["maps", "labels", "others"]
    assert page.all("svg") == page.all("input") == page.all("table") == []


def test_a_pair_without_an_answer_says_so_and_what_came_closest() -> None:
    text = Page(PairPageRenderer().linked(make_page(answer=NO_ANSWER, answer_set=None))).text
    assert "No attribute was found for this match, but the test shows one" in text
    assert "How sure: contradicted. The item rendered without each attribute shows that one of them matters." in text
    assert "Closest is part:pocket" in text
    assert "The answer is too careful" in text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "The answer is wrong: without part:pocket the similarity falls by 0.100"),
        ({}, "by 0.250; the regret is 0.150."),
        ({"hit": True, "effect": 0.25}, "The answer is right"),
        ({"hit": True, "effect": 0.3}, "the regret is 0.000."),
        ({"eligible": False, "best_effect": 0.012}, "wrong: changing any attribute lowers the similarity by 0.012"),
        ({"best_effect": None}, "nothing is known of the truth"),
        ({"attribute": None}, "Nothing was named, though one attribute lowers the similarity by 0.250."),
    ],
)
def test_the_truth_in_words(changes: dict[str, object], words: str) -> None:
    assert words in outcome_words({**OUTCOME, **changes}, is_answered=True)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "The answer is too careful: without part:pocket the similarity falls by 0.100"),
        ({"eligible": False}, "The answer is right: changing any attribute"),
    ],
)
def test_naming_none_is_right_where_nothing_matters(changes: dict[str, object], words: str) -> None:
    assert words in outcome_words({**OUTCOME, **changes}, is_answered=False)
