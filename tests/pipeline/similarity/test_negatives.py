"""Negatives against a plain search, and what must never be one."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import BadDataset
from pipeline.similarity import negatives
from pipeline.similarity.negatives import Negatives, Pool, nearest_negatives
from tests.oracles import negatives as oracle
from tests.pipeline.evaluation.broken_copy import broken_copy

RNG = np.random.default_rng(8)
IMAGES = 40
LABELS = RNG.integers(0, 4, IMAGES)
TYPES = RNG.integers(0, 3, IMAGES)
# Each of the first images has a twin: the same pixels, but for some of them in another class.
PIXELS = np.concatenate([np.arange(30), np.arange(10)])
EMBEDDINGS = RNG.normal(size=(30, 6))[PIXELS]
EMBEDDINGS = (EMBEDDINGS / np.linalg.norm(EMBEDDINGS, axis=1, keepdims=True)).astype(np.float32)
QUERIES = np.repeat(np.arange(20), 2)
REFERENCES = np.array([(query + 7 * (1 + number % 2)) % IMAGES for number, query in enumerate(QUERIES)])
MASKS = RNG.uniform(0, 2, (len(QUERIES), 6)).astype(np.float32)

Search = Callable[..., Negatives]


def pool(types: np.ndarray | None = None) -> Pool:
    names = [f"image {number}" for number in range(IMAGES)]
    return Pool(names, EMBEDDINGS, PIXELS, lambda query: LABELS[query] == LABELS, types)


def assert_equals_oracle(search: Search, types: np.ndarray | None, masks: np.ndarray | None) -> None:
    found = search(pool(types), QUERIES, REFERENCES, 2, masks)
    for pair, (query, reference) in enumerate(zip(QUERIES, REFERENCES, strict=True)):
        matching = set(np.flatnonzero(LABELS[query] == LABELS).tolist())
        mask = None if masks is None else masks[pair].astype(np.float64)
        vectors = list(EMBEDDINGS.astype(np.float64))
        expected = oracle.negatives(vectors, PIXELS, matching, query, reference, 2, types, mask)
        # Twins are tied but for rounding: the pixels say which image it is.
        assert PIXELS[found.image_pm[pair]].tolist() == [PIXELS[image] for image, _ in expected]
        np.testing.assert_allclose(found.similarity_pm[pair], [cosine for _, cosine in expected], atol=1e-6)


@pytest.mark.parametrize("types", [None, TYPES], ids=["classes", "types"])
@pytest.mark.parametrize("masks", [None, MASKS], ids=["general", "conditions"])
def test_negatives_equal_a_plain_search(types: np.ndarray | None, masks: np.ndarray | None) -> None:
    assert_equals_oracle(nearest_negatives, types, masks)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("~pool.matches(query)", "pool.matches(query)"),
        (" & (group_n != group_n[query])", ""),
        ("others_n & (group_n != group_n[reference])", "others_n"),
        ("likest_first = -np.round", "likest_first = np.round"),
        ("if query != last_query:", "if last_query < 0:"),
        ("np.lexsort((likest_first, other_type))", "np.lexsort((other_type, likest_first))"),
        ("compared_nd = project(compared_nd, mask_d)", "pass"),
        ("pool.type_n == pool.type_n[reference]", "pool.type_n == pool.type_n[0]"),
    ],
    ids=[
        "matches",
        "duplicates of the query",
        "duplicates of the reference",
        "farthest",
        "first query's",
        "types second",
        "no condition",
        "another type",
    ],
)
def test_comparator_rejects_broken_copies(tmp_path: Path, right: str, wrong: str) -> None:
    broken = broken_copy(negatives, tmp_path, right, wrong)

    def compare_all() -> None:
        for types in (None, TYPES, few_of_a_type()):
            for masks in (None, MASKS):
                assert_equals_oracle(broken.nearest_negatives, types, masks)

    with pytest.raises(AssertionError):
        compare_all()


def few_of_a_type() -> np.ndarray:
    """Types of which one has a single image besides the reference that has it."""
    types = np.zeros(IMAGES, dtype=np.int64)
    types[REFERENCES[0]] = 1
    types[np.flatnonzero(LABELS[0] != LABELS)[-1]] = 1
    return types


def test_too_few_of_the_references_type_are_followed_by_others() -> None:
    types = few_of_a_type()
    assert_equals_oracle(nearest_negatives, types, None)
    [first] = nearest_negatives(pool(types), QUERIES[:1], REFERENCES[:1], 2).image_pm
    assert types[first].tolist() == [1, 0]


def test_ties_go_to_the_earlier_image() -> None:
    alike = Pool(list("abcd"), np.ones((4, 1)), np.arange(4), lambda query: np.arange(4) == query)
    found = nearest_negatives(alike, np.array([2]), np.array([0]), 2)
    assert found.image_pm.tolist() == [[1, 3]]


def test_too_few_images_of_other_classes_are_refused() -> None:
    one_class = Pool(list("abcd"), np.ones((4, 1)), np.arange(4), lambda query: np.arange(4) != 3)
    with pytest.raises(BadDataset, match=r"at least 2 images of another class[\s\S]*found: 1[\s\S]*query a among 4"):
        nearest_negatives(one_class, np.array([0]), np.array([1]), 2)
