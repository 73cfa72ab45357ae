"""The gallery's frame: what it says without scripts, and what it loads."""

import re

import numpy as np
import pytest

from pipeline.report.pair_gallery.page import render_gallery
from tests.pipeline.report.report_cases import make_evidence, make_pair_table, unknown

FACTS = make_evidence(n_pairs=0).facts


def test_without_scripts_the_first_hundred_pairs_are_listed() -> None:
    page = render_gallery(FACTS, make_pair_table(130)).decode()
    (plain,) = re.findall(r"<noscript>(.*?)</noscript>", page, re.DOTALL)
    assert "need JavaScript, which is off. These are the first 100 pairs." in plain
    assert re.findall(r'data-pair="([0-9a-f]{16})"', plain) == [f"{pair:016x}" for pair in range(100)]
    assert "was expected to explain this match, but the test contradicts it" in plain


def test_it_loads_files_of_the_report_alone() -> None:
    page = render_gallery(FACTS, make_pair_table(3)).decode()
    scripts = ["data/gallery.js", "data/pages.js", "assets/pair_list.js", "assets/gallery.js"]
    assert re.findall(r'src="([^"]+)"', page) == scripts
    assert "://" not in page


def test_hostile_ids_are_text() -> None:
    page = render_gallery(FACTS, make_pair_table(2, queries=["<script>x</script>", "a' onload='b"])).decode()
    assert "<script>x" not in page
    assert "&lt;script&gt;x" in page


def test_every_control_has_a_label() -> None:
    page = render_gallery(FACTS, make_pair_table(3)).decode()
    named = set(re.findall(r'<label for="(\w+)"', page))
    assert named == set(re.findall(r'<(?:input|select)[^>]* id="(\w+)"', page))


def terms(pairs) -> dict[str, str]:
    page = render_gallery(FACTS, pairs).decode()
    return dict(re.findall(r"<dt>([^<]+)</dt><dd>([^<]+)</dd>", page))


def test_only_what_cards_show_is_explained() -> None:
    shown = terms(make_pair_table(30))
    assert {"similarity", "methods disagree", "insertion", "right, wrong", "how sure"} <= set(shown)
    assert "Deletion, on the page of a pair, is the reverse" in shown["insertion"]
    nan_p = np.full(30, np.nan)
    answers = [{"attribute": "red", "effect": 0.1, "probability": None, "probability_of": None}] * 30
    bare = make_pair_table(
        30,
        answers=answers,
        disagreement_p=nan_p,
        insertion_p=nan_p,
        knowledge=unknown(30),
    )
    assert set(terms(bare)) == {"similarity", "is expected to fall by", "how sure"}


@pytest.mark.parametrize(
    ("of", "words"), [("largest_true_effect", "no attribute of the query matters more"), ("query_has_attribute", "has")]
)
def test_a_probability_is_explained_as_what_it_is_of(of: str, words: str) -> None:
    answers = [{"attribute": "red", "effect": 0.1, "probability": 0.7, "probability_of": of}] * 3
    shown = terms(make_pair_table(3, answers=answers))
    assert words in shown["probability"]
    assert ("; or " in shown["probability"]) is False


def test_what_to_know_of_the_maps_stands_above_them() -> None:
    page = render_gallery(FACTS, make_pair_table(3), caution="RISE maps are <b> worth less").decode()
    assert "RISE maps are &lt;b&gt; worth less." in page
    assert page.index("worth less") < page.index("<main")
    assert "caution" not in render_gallery(FACTS, make_pair_table(3)).decode()
