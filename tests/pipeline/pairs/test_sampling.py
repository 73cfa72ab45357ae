"""Pairs: matching, stable under additions, independent of order."""

from collections.abc import Callable, Sequence
from hashlib import sha256

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.pairs.sampling import Pair, count_references, pair_id, sample_pairs

Images = list[tuple[str, int]]  # id, class

image_sets = st.dictionaries(st.text("abcdefghij", min_size=1, max_size=4), st.integers(0, 2), min_size=1).map(
    lambda found: list(found.items())
)


def same_class(images: Images) -> Callable[[int], np.ndarray]:
    classes = np.array([label for _, label in images])
    return lambda position: classes == classes[position]


def sample(
    images: Images, references: int = 3, most_pairs: int | None = None, seed: int = 0, split: str = "test"
) -> list[Pair]:
    return sample_pairs(split, [name for name, _ in images], same_class(images), references, most_pairs, seed)


def references_of(pairs: Sequence[Pair]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for pair in pairs:
        found.setdefault(pair.query, []).append(pair.reference)
    return found


@given(images=image_sets, references=st.integers(1, 4), seed=st.integers(0, 5))
def test_pairs_match_and_none_pairs_an_image_with_itself(images: Images, references: int, seed: int) -> None:
    label = dict(images)
    found = references_of(sample(images, references, seed=seed))
    for name, own in images:
        others = sum(other == own for _, other in images) - 1
        assert len(found.get(name, [])) == min(references, others)
        assert len(set(found.get(name, []))) == len(found.get(name, []))
        assert all(label[reference] == own and reference != name for reference in found.get(name, []))


@given(images=image_sets, seed=st.integers(0, 5), data=st.data())
def test_the_order_of_the_images_does_not_matter(images: Images, seed: int, data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(images))
    for most_pairs in (None, 4):
        assert sample(list(shuffled), 3, most_pairs, seed) == sample(images, 3, most_pairs, seed)


@given(images=image_sets, added=st.tuples(st.text("klm", min_size=1), st.integers(0, 2)))
def test_an_added_image_replaces_at_most_one_reference_of_a_query(images: Images, added: tuple[str, int]) -> None:
    before = references_of(sample(images))
    after = references_of(sample([*images, added]))
    for query, references in before.items():
        kept = [reference for reference in after[query] if reference != added[0]]
        assert kept == references[: len(kept)]  # the same ones, in the same order
        assert len(kept) >= len(references) - 1


@given(images=image_sets, most_pairs=st.integers(1, 12))
def test_a_limit_keeps_a_part_of_the_unlimited_pairs(images: Images, most_pairs: int) -> None:
    everything = sample(images)
    limited = sample(images, most_pairs=most_pairs)
    assert len(limited) == min(most_pairs, len(everything))
    assert set(limited) <= set(everything)
    # A higher limit only adds.
    assert set(limited) <= set(sample(images, most_pairs=most_pairs + 5))


def test_references_are_those_with_the_smallest_hash() -> None:
    images = [(f"image {number}", 0) for number in range(30)]

    def place(query: str, reference: str) -> bytes:
        return sha256(f"7|{query}|{reference}".encode()).digest()

    for query, references in references_of(sample(images, 5, seed=7)).items():
        others = sorted((name for name, _ in images if name != query), key=lambda name: place(query, name))
        assert references == others[:5]


def test_seeds_choose_differently() -> None:
    images = [(str(number), 0) for number in range(20)]
    assert sample(images, seed=0) != sample(images, seed=1)


def test_pairs_are_sorted_by_query() -> None:
    queries = [pair.query for pair in sample([(str(number), number % 2) for number in range(20)])]
    assert queries == sorted(queries)


def test_pair_id_is_the_documented_hash() -> None:
    expected = sha256("test|lion 1|löwe 2|".encode()).hexdigest()[:16]
    assert pair_id("test", "lion 1", "löwe 2") == expected
    pairs = sample([("lion 1", 0), ("löwe 2", 0)])
    assert {pair.pair_id for pair in pairs} == {expected, pair_id("test", "löwe 2", "lion 1")}


@pytest.mark.parametrize(
    "parts", [("train", "a", "b", ""), ("test", "b", "a", ""), ("test", "a", "c", ""), ("test", "a", "b", "shoes")]
)
def test_every_part_enters_the_pair_id(parts: tuple[str, str, str, str]) -> None:
    assert pair_id(*parts) != pair_id("test", "a", "b")


def test_classes_of_one_image_give_no_pairs() -> None:
    assert sample([("a", 0), ("b", 1)]) == []


@given(
    images=image_sets,
    references=st.integers(1, 4),
    most_pairs=st.one_of(st.none(), st.integers(1, 12)),
    seed=st.integers(0, 5),
)
def test_references_can_be_counted_without_choosing_them(
    images: Images, references: int, most_pairs: int | None, seed: int
) -> None:
    chosen = references_of(sample(images, references, most_pairs, seed))
    counted = count_references([name for name, _ in images], same_class(images), references, most_pairs, seed)
    assert counted == {query: len(found) for query, found in chosen.items()}
