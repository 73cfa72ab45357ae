"""Which pairs count as one draw, and where so few draws are told apart from many."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.evaluation import shared_units as module
from pipeline.evaluation.shared_units import few_clusters
from tests.pipeline.evaluation.broken_copy import broken_copy

OUTFITS = [np.array(items) for items in ([0, 1, 2], [3, 4, 2], [5, 6], [0, 7], [8, 9])]
# Queries 0 and 1 share outfit 0; query 0 also has a pair of outfit 3; outfits 0 and 1 share item 2, no query.
QUERY_P = np.array([0, 1, 0, 3, 5, 8, 8])
REFERENCE_P = np.array([2, 0, 7, 2, 6, 1, 0])


def assert_outfits_and_queries_stay_whole(tested=module) -> None:
    clusters = tested.outfit_clusters(QUERY_P, REFERENCE_P, OUTFITS)
    assert clusters.dtype == np.int64
    # Query 8 is in no outfit with its references, and stays whole on its own.
    same = clusters[:, None] == clusters
    groups = np.array([0, 0, 0, 1, 2, 3, 3])
    np.testing.assert_array_equal(same, groups[:, None] == groups)
    assert sorted(set(clusters.tolist())) == [0, 1, 2, 3]


def test_pairs_of_an_outfit_or_a_query_are_one_cluster() -> None:
    assert_outfits_and_queries_stay_whole()


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("set(of_query) & set(of_reference)", "set(of_query) | set(of_reference)"),
        ("component_of_node[len(outfits) + queries]", "queries"),
        ("_first_shared(outfits_of.get(query, []), outfits_of.get(reference, []))", "None"),
    ],
    ids=["any outfit of either", "query alone", "no outfit"],
)
def test_broken_copies_are_noticed(tmp_path: Path, right: str, wrong: str) -> None:
    with pytest.raises(AssertionError):
        assert_outfits_and_queries_stay_whole(broken_copy(module, tmp_path, right, wrong))


def test_no_pairs_have_no_clusters() -> None:
    none = np.zeros(0, dtype=np.int64)
    assert module.outfit_clusters(none, none, OUTFITS).shape == (0,)


def test_fewer_than_ten_clusters_are_few() -> None:
    assert [few_clusters(n) for n in (None, 0, 1, 9, 10)] == [False, False, True, True, False]
