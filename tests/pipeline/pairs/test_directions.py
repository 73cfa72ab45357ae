"""Pairs in both directions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.pairs import directions as module
from pipeline.pairs.directions import chosen_directions, with_both_directions
from tests.pipeline.evaluation.broken_copy import broken_copy

IDS = st.sampled_from(["a", "b", "c", "d", "e"])
PAIRS = st.lists(st.tuples(IDS, IDS).filter(lambda pair: pair[0] != pair[1]), max_size=12)


@given(PAIRS)
def test_each_pair_is_there_both_ways_and_once(pairs: list[tuple[str, str]]) -> None:
    found = with_both_directions(pairs)
    assert set(found) == set(pairs) | {(reference, query) for query, reference in pairs}
    assert len(found) == len(set(found))
    assert [query for query, _ in found] == sorted(query for query, _ in found)
    assert set(with_both_directions(found)) == set(found)


def assert_order(tested=module) -> None:
    # "b" has its own references first, as they were chosen, then what the others bring, by id.
    given_pairs = [("b", "z"), ("b", "c"), ("d", "b"), ("a", "b"), ("c", "b")]
    expected = [
        ("a", "b"), ("b", "z"), ("b", "c"), ("b", "a"), ("b", "d"), ("c", "b"), ("d", "b"), ("z", "b"),
    ]  # fmt: skip
    assert tested.with_both_directions(given_pairs) == expected
    assert tested.with_both_directions(given_pairs[:2] + given_pairs[:1:-1]) == expected


def test_the_order_does_not_depend_on_the_order_of_other_queries() -> None:
    assert_order()


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("[*given, *added]", "[*added, *given]"), (" - set(given))", ")")],
    ids=["added first", "twice"],
)
def test_broken_copies_are_noticed(tmp_path, right: str, wrong: str) -> None:
    with pytest.raises(AssertionError):
        assert_order(broken_copy(module, tmp_path, right, wrong))


def test_pairs_stay_as_they_are_unless_both_directions_are_asked_for() -> None:
    pairs = [("b", "a"), ("a", "c")]
    assert chosen_directions(pairs, False) == pairs
    assert chosen_directions(pairs, True) == [("a", "c"), ("a", "b"), ("b", "a"), ("c", "a")]
