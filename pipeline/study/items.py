"""Which pairs and triplets of a run a study asks about, drawn by seed; no subject sees an image in two of them."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import combinations
from typing import Generic, TypeVar

from pipeline.errors import BadSetting
from pipeline.randomness import derive_seed, keyed_rng
from pipeline.study.attribute_words import attribute_words
from pipeline.study.conditions import RANDOM


@dataclass(frozen=True)
class MatchedPair:
    """A test pair that may be asked about.

    Attributes:
        pair_id: of the pair.
        query: image id; its attribute explains the match.
        reference: image id.
        similarity: cosine that the model gives, -1 to 1.
        attributes: what each source names for the pair; sources that name nothing are left out.
    """

    pair_id: str
    query: str
    reference: str
    similarity: float
    attributes: Mapping[str, str]

    @property
    def images(self) -> tuple[str, ...]:
        """Ids of the images that are shown."""
        return (self.query, self.reference)


@dataclass(frozen=True)
class Triplet:
    """A query A with two references, of which the model scores one higher.

    Attributes:
        better: the pair with the higher score.
        worse: the other.
    """

    better: MatchedPair
    worse: MatchedPair

    @property
    def gap(self) -> float:
        """How much higher the better score is."""
        return self.better.similarity - self.worse.similarity

    @property
    def images(self) -> tuple[str, ...]:
        """Ids of the images that are shown."""
        return (self.better.query, self.better.reference, self.worse.reference)


Item = TypeVar("Item", MatchedPair, Triplet)


def with_random(
    pairs: Sequence[MatchedPair], attributes: Sequence[str], other_than: str, seed: int
) -> Iterator[MatchedPair]:
    """Give the pairs with an attribute drawn uniformly from all but the one that a source names, as source `random`.

    Pairs for which the source names nothing are left out; where `other_than` is `random` none is.

    Args:
        pairs: candidates.
        attributes: the whole vocabulary.
        other_than: source whose attribute is not drawn.
        seed: keys the draw together with the pair.
    """
    for pair in pairs:
        named = pair.attributes.get(other_than)
        others = [name for name in attributes if named is None or attribute_words(name) != attribute_words(named)]
        if (named is not None or other_than == RANDOM) and others:
            drawn = others[int(keyed_rng(seed, "study random attribute", pair.pair_id).integers(len(others)))]
            yield MatchedPair(
                pair.pair_id, pair.query, pair.reference, pair.similarity, {**pair.attributes, RANDOM: drawn}
            )


def triplets(pairs: Sequence[MatchedPair], least_gap: float) -> list[Triplet]:
    """Return every two pairs of one query whose scores differ by at least so much, the pairs in their order."""
    by_query: dict[str, list[MatchedPair]] = defaultdict(list)
    for pair in pairs:
        by_query[pair.query].append(pair)
    found = []
    for of_query in by_query.values():
        for first, second in combinations(of_query, 2):
            better, worse = sorted((first, second), key=lambda pair: -pair.similarity)
            if better.similarity - worse.similarity >= least_gap and better.reference != worse.reference:
                found.append(Triplet(better, worse))
    return found


@dataclass(frozen=True)
class ChosenItems(Generic[Item]):
    """What a study asks about.

    Attributes:
        blocks: items that are shown together; no item is in two blocks, and no image in two items of a block.
        checks: items of attention checks, whose images are in no block.
    """

    blocks: list[list[Item]]
    checks: list[Item]


def chosen_items(
    candidates: Sequence[Item], blocks: tuple[int, int], checks: int, seed: int, what: str
) -> ChosenItems[Item]:
    """Return items in an order drawn by seed.

    Args:
        candidates: that may be asked about.
        blocks: how many there are, and how many items each has.
        checks: attention checks.
        seed: keys the order together with the images.
        what: the items in words, for errors.

    Raises:
        BadSetting: there are too few without a common image.
    """

    def place(item: Item) -> int:
        return derive_seed(seed, "study item", *item.images)

    left = sorted((item for item in candidates if len(set(item.images)) == len(item.images)), key=place)
    found: list[list[Item]] = []
    checked: set[str] = set()
    for size in (checks, *[blocks[1]] * blocks[0]):
        block = _disjoint(left, size, checked)
        if len(block) < size:
            raise _too_few(f"{size} {what} without a common image", len(block), len(candidates), len(found))
        if not found:
            checked = {image for item in block for image in item.images}
        left = [item for item in left if item not in block]
        found.append(block)
    return ChosenItems(found[1:], found[0])


def _disjoint(items: Sequence[Item], count: int, used: Set[str]) -> list[Item]:
    """Return the first so many items that share no image with another or with those used."""
    seen = set(used)
    chosen: list[Item] = []
    for item in items:
        if len(chosen) < count and seen.isdisjoint(item.images):
            seen.update(item.images)
            chosen.append(item)
    return chosen


def _too_few(expected: str, found: int, candidates: int, before: int) -> BadSetting:
    return BadSetting(
        expected=f"{expected}, besides {max(0, before - 1)} such groups and the attention checks",
        found=f"{found}, of {candidates} that may be asked about",
        where="the results of the run",
        remedy="ask fewer questions (--questions, --repeats) or about fewer items (--pairs, --triplets), of triplets "
        "with a smaller gap (--least-gap), or run with more test pairs",
    )
