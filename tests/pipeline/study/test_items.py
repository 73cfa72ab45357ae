"""What is asked about: no image twice for a subject, random attributes that differ, triplets with a gap."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import BadSetting
from pipeline.study.attribute_words import attribute_words
from pipeline.study.conditions import DEFAULT_CONDITIONS, RANDOM, condition_of
from pipeline.study.items import ChosenItems, MatchedPair, chosen_items, triplets, with_random
from tests.pipeline.study.toy_study import pair

VOCABULARY = ["named_000", "named  000", "named:000", "one", "two", "three"]


def crossed_pairs(queries: int, references: int) -> list[MatchedPair]:
    """Every query with every reference."""
    return [
        MatchedPair(f"{query}-{reference}", f"q{query}", f"r{reference}", 0.1 * reference, {"answer": "one"})
        for query in range(queries)
        for reference in range(references)
    ]


def repeated_images(chosen: ChosenItems[MatchedPair]) -> list[str]:
    """Images that are in two items of a block, or in a block and in a check."""
    checked = [image for item in chosen.checks for image in item.images]
    found = []
    for block in chosen.blocks:
        counts = Counter(checked + [image for item in block for image in item.images])
        found += [image for image, count in counts.items() if count > 1]
    return found


@given(st.integers(0, 1000))
def test_no_subject_sees_an_image_twice_and_no_item_is_in_two_blocks(seed: int) -> None:
    chosen = chosen_items(crossed_pairs(8, 8), (3, 4), 2, seed, "pairs")
    assert [len(block) for block in chosen.blocks] == [4, 4, 4]
    assert len(chosen.checks) == 2
    assert repeated_images(chosen) == []
    items = [item.pair_id for block in [*chosen.blocks, chosen.checks] for item in block]
    assert len(set(items)) == len(items)
    # The check can fail.
    assert repeated_images(replace(chosen, checks=chosen.blocks[0][:1]))


def test_the_seed_decides_and_the_order_of_candidates_does_not() -> None:
    candidates = crossed_pairs(8, 8)
    chosen = chosen_items(candidates, (2, 4), 1, 0, "pairs")
    assert chosen == chosen_items(candidates[::-1], (2, 4), 1, 0, "pairs")
    assert chosen != chosen_items(candidates, (2, 4), 1, 1, "pairs")


def test_too_few_without_a_common_image_are_refused() -> None:
    with pytest.raises(BadSetting, match="without a common image"):
        chosen_items(crossed_pairs(3, 8), (1, 4), 0, 0, "pairs")
    with pytest.raises(BadSetting, match="--least-gap"):
        chosen_items(crossed_pairs(4, 4), (1, 4), 1, 0, "pairs")


def test_random_attributes_are_uniform_over_the_others() -> None:
    pairs = [replace(pair(number), attributes={"answer": "named_000"}) for number in range(600)]
    drawn = Counter(one.attributes[RANDOM] for one in with_random(pairs, VOCABULARY, "answer", 0))
    # Neither the attribute itself nor one that reads alike.
    assert set(drawn) == {"one", "two", "three", "named:000"}
    assert attribute_words("named  000") == attribute_words("named_000") != attribute_words("named:000")
    assert all(100 < count < 200 for count in drawn.values())
    again = list(with_random(pairs[::-1], VOCABULARY, "answer", 0))[::-1]
    assert again == list(with_random(pairs, VOCABULARY, "answer", 0))


def test_pairs_without_an_attribute_are_left_out_where_one_is_needed() -> None:
    unnamed = replace(pair(0), attributes={})
    assert list(with_random([unnamed], VOCABULARY, "answer", 0)) == []
    assert len(list(with_random([unnamed], VOCABULARY, RANDOM, 0))) == 1
    assert list(with_random([replace(unnamed, attributes={"answer": "one"})], ["one"], "answer", 0)) == []


def test_triplets_are_of_one_query_and_differ_by_the_gap() -> None:
    found = triplets(crossed_pairs(2, 4), least_gap=0.15)
    assert len(found) == 2 * 3
    for one in found:
        assert one.better.query == one.worse.query
        assert one.gap == pytest.approx(one.better.similarity - one.worse.similarity)
        assert one.gap > 0.15
    assert len(triplets(crossed_pairs(2, 4), least_gap=0)) == 2 * 6
    assert triplets(crossed_pairs(2, 4), least_gap=0.5) == []


def test_words_are_spaced() -> None:
    assert attribute_words("body_colour:red") == "body colour: red"
    assert attribute_words("quadrapedal") == "quadrapedal"
    assert attribute_words("_") == "_"


@pytest.mark.parametrize("name", DEFAULT_CONDITIONS)
def test_conditions_have_the_names_that_they_were_asked_by(name: str) -> None:
    condition = condition_of(name)
    assert condition.name == name
    assert condition.has_map == name.startswith("map")


@pytest.mark.parametrize("name", ["", "map+", "Nothing", "nothing+answer", "answer+map", "map+nothing"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(BadSetting, match="--condition"):
        condition_of(name)
