"""The overview: the answer first, escaped, and true to the verdict."""

import dataclasses
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from pipeline.evaluation.bootstrap import Interval
from pipeline.report.answer_checks import PairKnowledge
from pipeline.report.evidence import FittingFacts
from pipeline.report.overview.page import render_overview
from pipeline.report.overview.summary import share_text
from tests.pipeline.report.overview.edit_cases import whole_edit
from tests.pipeline.report.report_cases import figure, make_choice, make_evidence, make_pair_table

HOSTILE = ("<script>alert(1)</script>", "a\" onload='x", "</script><b>", "ünï 図", "{{ 7*7 }}", "& <")


def evidence(pairs=None, choice=None, **columns):
    pairs = pairs or make_pair_table(60, **columns)
    answers = [answer for answer in pairs.answers if answer]
    plain = make_evidence(n_pairs=0)
    metrics = [*plain.metrics, figure("answer", "matched_effect", 0.1, variant="answer")]
    return dataclasses.replace(
        plain, pair_table=pairs, answers=answers, answer_choice=choice or make_choice(), metrics=metrics
    )


@pytest.fixture(scope="module")
def page() -> str:
    return render_overview(evidence()).decode()


def attribute_names(page: str) -> set[str]:
    found: set[str] = set()
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attrs: found.update(name for name, _ in attrs)
    parser.feed(page)
    return found


def test_the_answer_comes_first_with_its_figures(page: str) -> None:
    lead = re.search(r'<p class="lead">(.*?)</p>', page).group(1)
    assert re.fullmatch(
        r"The model small_residual matches most often by body_colour:red \(\d+ % \[\d+, \d+\] of the pairs\), .*"
        r"\(\d+ % \[\d+, \d+\] of the pairs\)\.",
        lead,
    )
    assert page.index('class="lead"') < page.index('class="verdict') < page.index("<main")
    assert "This is from 60 test pairs of planted; in brackets 95 % intervals." in page
    assert re.search(
        r"Without body_colour:red the similarity of the pairs that it explains, 0\.\d{3} on average, is expected to "
        r"fall by 0\.\d{3} \[0\.\d{3}, 0\.\d{3}\]\.",
        page,
    )
    assert "For 6 of the pairs (10 % [" in page


def test_how_sure_the_answers_are_is_said_with_links_to_them(page: str) -> None:
    said = re.search(
        r"Of the answers that name an attribute, (.*?), each by the checks of its own pair", page, re.DOTALL
    ).group(1)
    levels = ("sure", "unsure", "contradicted")
    assert re.findall(r'href="gallery.html#answer=yes&amp;sure=(\w+)">(\w+)</a>', said) == [
        (level, level) for level in levels
    ]
    assert len(re.findall(r"\d+ % \[\d+, \d+\]", said)) == 3
    none = make_pair_table(60, answers=[{"attribute": None}] * 60)
    assert "Of the answers that name" not in render_overview(evidence(none)).decode()


def test_pairs_of_known_truth_without_a_cause_are_counted() -> None:
    outcome = {"attribute": "red", "eligible": True, "hit": True, "effect": 0.2, "best_effect": 0.2}
    known = [PairKnowledge(None, {**outcome, "eligible": pair % 3 > 0}) for pair in range(60)]
    answers = [{"attribute": "red"}] * 60
    found = render_overview(evidence(make_pair_table(60, answers=answers, knowledge=known))).decode()
    assert ", each by the measured truth of its pair; of the contradicted, 20 answer where no attribute" in found
    known = [PairKnowledge(None, outcome)] * 60
    found = render_overview(evidence(make_pair_table(60, answers=answers, knowledge=known))).decode()
    assert ", each by the measured truth of its pair.</p>" in found


def test_the_verdict_changes_the_claim(page: str) -> None:
    assert 'class="verdict good"' in page
    bad = render_overview(evidence(choice=make_choice(0.0, -0.1, 0.1))).decode()
    assert 'class="verdict bad"' in bad
    assert "<b>Do not trust these answers</b>" in bad
    assert "seems to match most often by" in bad
    assert "seems to match" not in page


def test_it_says_why_a_method_answers() -> None:
    chosen, other = make_choice()
    found = render_overview(evidence(choice=[chosen, other])).decode()
    assert "Of the 2 methods that compete to answer (random ones and controls do not) it is the one whose" in found
    found = render_overview(evidence(choice=[chosen, {**other, "matched_effect": 0.9}])).decode()
    assert "The configuration names this method; another’s attributes matter more" in found
    assert "it is the one" not in found


def test_many_groups_are_folded_but_for_the_largest() -> None:
    pairs = make_pair_table(60, groups=[f"class {pair % 15}" for pair in range(60)])
    found = render_overview(evidence(pairs)).decode()
    assert "<summary>The other 5</summary>" in found
    open_part, _, folded = found.partition("<summary>The other 5</summary>")
    assert open_part.count('href="gallery.html#group=') == 10
    assert folded.count('href="gallery.html#group=') == 5
    assert "<summary>" not in render_overview(evidence()).decode()


def test_a_share_below_one_percent_is_not_none() -> None:
    assert share_text(Interval(0.002, 0.0, 0.0134, 1500, 90)) == "0.2 % [0.0, 1.3]"
    assert share_text(Interval(0.0, 0.0, 0.0, 1500, 90)) == "0 % [0, 0]"
    assert share_text(Interval(0.344, 0.281, 0.409, 1500, 90)) == "34 % [28, 41]"


def test_it_says_what_is_faded_where_photographs_are_cut(page: str) -> None:
    faded = "What is faded the model does not see."
    for fit, changed, is_said in (("crop", 3, True), ("crop", 0, False), ("pad", 3, False)):
        cut = dataclasses.replace(evidence(), fitting=FittingFacts(fit, 10, changed))
        assert (faded in render_overview(cut).decode()) == is_said
    assert faded not in page


def test_all_sections_charts_and_the_way_on_are_there(page: str) -> None:
    assert re.findall(r'<section id="(\w+)">', page) == ["attributes", "groups", "trust", "maps", "strangest", "more"]
    assert page.count("<svg ") == 6
    assert 'href="gallery.html#attribute=body_colour%3Ared"' in page
    assert 'href="gallery.html#group=bag"' in page
    assert page.count("<span data-pair=") == 2 * page.count('class="duo"') == 20
    levels = [int(level) for level in re.findall(r"<h(\d)", page)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in zip(levels, levels[1:], strict=False))


def test_equal_evidence_gives_equal_bytes(page: str) -> None:
    assert render_overview(evidence()).decode() == page


def test_hostile_names_are_text() -> None:
    pairs = make_pair_table(
        60,
        attributes=HOSTILE,
        groups=[HOSTILE[pair % 6] for pair in range(60)],
        query_labels=[HOSTILE[pair % 6] for pair in range(60)],
        queries=[HOSTILE[pair % 6] for pair in range(60)],
    )
    found = render_overview(evidence(pairs)).decode()
    assert "<script" not in found
    assert not any(name.startswith("on") for name in attribute_names(found))
    assert "49" not in re.findall(r'class="text">([^<]*)<', found)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in found


def test_without_answers_it_says_so_and_still_shows_the_maps() -> None:
    plain = render_overview(make_evidence(n_pairs=0)).decode()
    assert "cannot say what the model matches by" in plain
    assert re.findall(r'<section id="(\w+)">', plain) == ["maps", "more"]


def test_pairs_without_any_answer_are_said_to_have_none() -> None:
    pairs = make_pair_table(12, answers=[{"attribute": None, "effect": None} for _ in range(12)])
    found = render_overview(evidence(pairs)).decode()
    assert "No attribute explains any of the matches of the model small_residual on 12 test pairs of planted." in found
    assert "Do not trust these answers" in found


def test_attributes_and_groups_that_are_not_shown_are_counted() -> None:
    names = [f"name:{number:02d}" for number in range(17)]
    answers = [{"attribute": names[min(pair % 20, 16)], "effect": 0.1} for pair in range(60)]
    found = render_overview(evidence(make_pair_table(60, answers=answers))).decode()
    assert "The 12 attributes that explain most pairs, of 17 that explain any" in found
    shown, _, others = found.partition("<summary>The other 5, with their pairs</summary>")
    assert shown.count('href="gallery.html#attribute=') == 12
    assert others.count('href="gallery.html#attribute=') == 5
    assert "that explain any" not in render_overview(evidence()).decode()
    pairs = make_pair_table(60, groups=[f"class {pair % 52:02d}" for pair in range(60)])
    found = render_overview(evidence(pairs)).decode()
    assert "<summary>The next 30</summary>" in found
    assert "The other 12 of 52, with the fewest pairs" in found


def test_many_reasons_are_a_list() -> None:
    page = render_overview(evidence(similarity_p=np.full(60, -0.1))).decode()
    box = re.search(r'<div class="verdict weak">(.*?)</div>', page, re.DOTALL).group(1)
    assert "<li>" not in box
    rows = [row for name in ("background", "mirrored") for row in whole_edit(name, 0.3, 0.02, 0.03)]
    whole = evidence(similarity_p=np.full(60, -0.1))
    kept = [row for row in whole.metrics if row["table_name"] != "audit"]
    page = render_overview(dataclasses.replace(whole, metrics=[*kept, *rows])).decode()
    box = re.search(r'<div class="verdict weak">(.*?)</div>', page, re.DOTALL).group(1)
    assert box.count("<li>") == 3


def test_maps_that_are_worth_less_than_a_blob_are_warned_of_beside_the_verdict() -> None:
    worse = figure(
        "saliency_faithfulness_comparison",
        "insertion_difference",
        -0.05,
        generator="rise",
        mode="fixed",
        compared_with="centre",
        p_value=0.001,
    )
    whole = evidence()
    others = [one for one in whole.metrics if not one["metric"].startswith("insertion_difference")]
    page = render_overview(dataclasses.replace(whole, metrics=[*others, worse])).decode()
    assert page.index('class="verdict') < page.index("RISE maps are worth less than a blob") < page.index("<main")
