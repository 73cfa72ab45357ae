"""Which pairs are shown, and what their cards say."""

import dataclasses
from collections import Counter

import numpy as np
import pytest

from pipeline.report import cards
from pipeline.report.cards import choose_pairs, make_cards
from pipeline.report.page import render_evidence
from pipeline.report.variant_names import people_name
from tests.pipeline.evaluation.broken_copy import broken_copy
from tests.pipeline.report.report_cases import make_evidence, make_pair
from tests.pipeline.report.test_answer_text import ANSWER, SET

LABELS = {f"q{number:03d}": "abcde"[number % 5] for number in range(100)}
PAIRS = [{"pair_id": f"{query}-{slot}", "query": query} for query in LABELS for slot in range(5)]


def check_choice(module):
    chosen = module.choose_pairs(PAIRS, LABELS, seed=0)
    assert len(chosen) == 24
    assert len({pair["query"] for pair in chosen}) == 24
    assert max(Counter(LABELS[pair["query"]] for pair in chosen).values()) == 5
    # Not the first references in row order only.
    assert len({pair["pair_id"][-1] for pair in chosen}) > 1
    shuffled = [PAIRS[row] for row in np.random.default_rng(1).permutation(len(PAIRS))]
    assert module.choose_pairs(shuffled, LABELS, seed=0) == chosen
    assert module.choose_pairs(PAIRS, LABELS, seed=1) != chosen


def test_pairs_are_spread_over_queries_and_labels_whatever_their_order():
    check_choice(cards)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("((again, turn, label_key), pair)", "((0, turn, label_key), pair)"),
        ("((again, turn, label_key), pair)", "((again, 0, label_key), pair)"),
        ('derive_seed(seed, row["pair_id"], "report pair")', "0"),
        ("turn_of[labels[query]] += 1", "turn_of[labels[query]] += 0"),
    ],
)
def test_a_broken_choice_is_noticed(tmp_path, right, wrong):
    with pytest.raises(AssertionError):
        check_choice(broken_copy(cards, tmp_path, right, wrong))


def test_a_query_comes_again_only_when_all_have_come():
    chosen = choose_pairs(PAIRS[:20], LABELS, seed=0, count=6)
    assert Counter(pair["query"] for pair in chosen) == {
        **dict.fromkeys(["q000", "q001", "q002", "q003"], 1),
        chosen[4]["query"]: 2,
        chosen[5]["query"]: 2,
    }
    assert len(choose_pairs(PAIRS[:3], LABELS, seed=0)) == 3
    assert choose_pairs([], LABELS, seed=0) == []


def test_a_card_ranks_the_best_variant_and_groups_the_others():
    card = make_cards(make_evidence(n_pairs=1).pairs)[0]
    assert card.variant == "embedding_effect+presence"
    assert card.caption == (
        "the predicted effect, among what the query seems to have (embedding_effect+presence); "
        "not told the query’s labels"
    )
    assert [line.rank for line in card.ranked] == [1, 2, 3, 4, 5]
    assert [len(line.terms) for line in card.ranked] == [3] * 5
    named = [name for other in card.others for name in other.variants.split("; ")]
    assert len(named) == len(set(named)) == 11
    assert people_name("embedding_effect+presence") not in named
    assert {people_name(name) for name in ("sane", "sane+match", "sane+match+count")} <= set(named)
    assert len({other.attribute for other in card.others}) == len(card.others)


def without_variants(pair, *names):
    return dataclasses.replace(pair, explanations=[row for row in pair.explanations if row["variant"] not in names])


def test_the_card_falls_back_in_a_fixed_order():
    pair = make_evidence(n_pairs=1).pairs[0]
    preference = ["embedding_effect+presence", "sane+match+count", "sane+match", "sane", "classifier"]
    for number, variant in enumerate(preference):
        assert make_cards([without_variants(pair, *preference[:number])])[0].variant == variant


def test_a_caption_does_not_deny_the_labels_to_what_is_told_them():
    pair = make_pair(0, np.random.default_rng(0))
    told = [row for row in pair.explanations if row["variant"] == "embedding_effect"]
    card = make_cards([dataclasses.replace(pair, explanations=told)])[0]
    assert (card.variant, card.caption) == (
        "embedding_effect",
        "the predicted effect, among the query’s labels (embedding_effect)",
    )
    unknown = make_cards([dataclasses.replace(pair, explanations=[{**row, "variant": "new"} for row in told])])[0]
    assert (unknown.variant, unknown.caption) == ("new", "new; not told the query’s labels")


def test_what_is_missing_is_left_out():
    pair = make_pair(0, np.random.default_rng(0))
    rows = [{**row, "map_match": None} for row in pair.explanations if row["variant"] == "sane"]
    card = make_cards([type(pair)(**{**vars(pair), "map_hw": None, "similarity": None, "explanations": rows})])[0]
    assert (card.overlay, card.similarity, card.variant, card.others) == (None, "–", "sane", ())
    assert card.ranked[0].terms[1].share is None
    assert card.ranked[0].terms[1].text == "–"
    nothing = make_cards([type(pair)(**{**vars(pair), "explanations": []})])[0]
    assert (nothing.variant, nothing.ranked, nothing.others) == (None, (), ())


def test_what_a_variant_excludes_is_no_line_of_the_card():
    pair = make_pair(0, np.random.default_rng(0))
    rows = [
        {**row, "score": None if row["rank"] > 2 else row["score"]}
        for row in pair.explanations
        if row["variant"] == "embedding_effect"
    ]
    card = make_cards([dataclasses.replace(pair, explanations=rows)])[0]
    assert [line.rank for line in card.ranked] == [1, 2]


def test_the_set_of_a_pair_is_said_with_its_answer():
    answer = {**ANSWER, "variant": "sane", "presence": "labels"}
    first, second, third = make_evidence(n_pairs=3).pairs
    pairs = [
        dataclasses.replace(first, answer=answer, answer_set=SET),
        dataclasses.replace(second, answer=answer),
        dataclasses.replace(third, answer_set=SET),
    ]
    told = [card.answer_set for card in make_cards(pairs)]
    assert told[0].startswith("Together these 2 account for 83 %")
    assert told[1:] == ["", ""]
    page = render_evidence(dataclasses.replace(make_evidence(n_pairs=0), pairs=pairs)).decode()
    assert page.count("<span>Together these 2 account for 83 %") == 1
