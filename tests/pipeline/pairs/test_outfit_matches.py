"""Items match their outfits, all of them, and nothing else."""

import numpy as np

from pipeline.pairs.outfit_matches import outfit_matches
from pipeline.pairs.sampling import sample_pairs

IDS = ["a", "b", "c", "d", "e"]
TYPES = ["tops", "shoes", "bags", "tops", "hats"]
OUTFITS = [("a", "b", "c"), ("a", "d"), ("e",), ("b", "unreadable")]
CONDITIONS = ("shoes|tops", "bags|tops", "tops|tops", "bags|shoes")


def mates(matches, query):
    return [IDS[row] for row in np.flatnonzero(matches(IDS.index(query)))]


def test_all_outfits_of_an_item_count_and_no_item_matches_itself():
    matches = outfit_matches(IDS, TYPES, OUTFITS, CONDITIONS)
    assert {query: mates(matches, query) for query in IDS} == {
        "a": ["b", "c", "d"],
        "b": ["a", "c"],
        "c": ["a", "b"],
        "d": ["a"],
        "e": [],
    }


def test_a_pair_of_types_that_is_not_known_is_no_match():
    matches = outfit_matches(IDS, TYPES, OUTFITS, ("shoes|tops", "tops|tops"))
    assert mates(matches, "a") == ["b", "d"]
    assert mates(matches, "c") == []


def test_sampled_pairs_are_of_one_outfit_both_ways():
    matches = outfit_matches(IDS, TYPES, OUTFITS, CONDITIONS)
    pairs = sample_pairs("train", IDS, matches, 5, None, 0)
    found = {(pair.query, pair.reference) for pair in pairs}
    assert found == {("a", "b"), ("a", "c"), ("a", "d"), ("b", "a"), ("b", "c"), ("c", "a"), ("c", "b"), ("d", "a")}
    fewer = sample_pairs("train", IDS, matches, 1, None, 0)
    assert {(pair.query, pair.reference) for pair in fewer} < found
    assert [pair.query for pair in fewer] == ["a", "b", "c", "d"]


def test_another_outfit_changes_only_the_references_of_its_items():
    matches = outfit_matches(IDS, TYPES, OUTFITS, CONDITIONS)
    more = outfit_matches(IDS, TYPES, [*OUTFITS, ("d", "c")], CONDITIONS)
    before, after = (sample_pairs("train", IDS, one, 5, None, 0) for one in (matches, more))
    assert {(pair.query, pair.reference) for pair in set(after) - set(before)} == {("c", "d"), ("d", "c")}
