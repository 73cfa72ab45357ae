"""Nearest pairs against a plain sort of all sums of cosines."""

import numpy as np

from pipeline.report.nearest_pairs import nearest_pairs


def unit(rng, *shape):
    values = rng.normal(size=shape).astype(np.float32)
    return values / np.linalg.norm(values, axis=-1, keepdims=True)


def plain(embeddings, query_p, reference_p, count):
    found = []
    for one in range(len(query_p)):
        near = [
            (
                -np.round(
                    embeddings[query_p[one]] @ embeddings[query_p[i]]
                    + embeddings[reference_p[one]] @ embeddings[reference_p[i]],
                    4,
                ),
                i,
            )
            for i in range(len(query_p))
            if i != one
        ]
        found.append([i for _, i in sorted(near)[:count]])
    return found


def test_they_are_those_of_a_plain_sort() -> None:
    rng = np.random.default_rng(3)
    embeddings = unit(rng, 50, 6)
    query_p, reference_p = rng.integers(0, 50, 300), rng.integers(0, 50, 300)
    expected = plain(embeddings, query_p, reference_p, 5)
    # Rounded cosines may tie where the order of a product's sums differs; then either may come first.
    found = nearest_pairs(embeddings, query_p, reference_p, 5)
    assert np.mean(found == np.array(expected)) > 0.99
    assert not np.array_equal(found, nearest_pairs(embeddings, reference_p, reference_p, 5))


def test_equal_pairs_come_in_their_order_and_none_is_its_own_neighbour() -> None:
    embeddings = unit(np.random.default_rng(0), 2, 4)
    found = nearest_pairs(embeddings, np.zeros(4, int), np.ones(4, int), 11)
    assert found.tolist() == [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2]]


def test_few_pairs_have_few_neighbours() -> None:
    embeddings = unit(np.random.default_rng(0), 2, 4)
    assert nearest_pairs(embeddings, np.zeros(1, int), np.ones(1, int)).shape == (1, 0)
    assert nearest_pairs(embeddings, np.zeros(0, int), np.ones(0, int)).shape == (0, 0)
