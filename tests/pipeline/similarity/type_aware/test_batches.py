"""Steps take every outfit once; triplets are exactly those that types and outfits allow, drawn by key."""

import dataclasses

import numpy as np
import pytest

from pipeline.similarity.type_aware.batches import build_outfit_graph, epoch_outfits, step_rows, step_triplets
from pipeline.similarity.type_aware.outfit_pixels import OutfitPixels, outfit_images_per_epoch, outfit_steps
from tests.oracles import type_aware as oracle

TYPES = ["bags", "shoes", "tops", "bags", "shoes", "tops", "tops", "shoes", "bags", "shoes"]
# Image 1 is worn twice, outfit 4 holds one item, and outfit 2 holds two tops.
OUTFITS = [[0, 1, 2], [3, 1], [4, 5, 6], [7, 8], [9]]
DATA = OutfitPixels(
    np.zeros((10, 1, 1, 3), np.uint8),
    TYPES,
    [f"item{number}" for number in range(10)],
    [np.array(members) for members in OUTFITS],
    [f"outfit{number}" for number in range(5)],
)
CONDITIONS = ("bags|shoes", "bags|tops", "shoes|tops", "tops|tops")
GRAPH = build_outfit_graph(DATA, CONDITIONS)


def test_an_epoch_takes_every_usable_outfit_once() -> None:
    for epoch in (1, 2):
        steps = epoch_outfits(DATA, 5, 0, epoch)
        assert len(steps) == outfit_steps([3, 2, 3, 2, 1], 5) == 2
        assert sorted(np.concatenate(steps).tolist()) == [0, 1, 2, 3]
        rows = sum(len(step_rows(DATA, outfits)[0]) for outfits in steps)
        assert rows == outfit_images_per_epoch([3, 2, 3, 2, 1]) == 10
    orders = [np.concatenate(epoch_outfits(DATA, 5, 0, epoch)).tolist() for epoch in range(1, 9)]
    assert len({tuple(order) for order in orders}) > 1
    assert orders == [np.concatenate(epoch_outfits(DATA, 5, 0, epoch)).tolist() for epoch in range(1, 9)]


@pytest.mark.parametrize(("batch_size", "steps"), [(8, 1), (3, 2), (1000, 1)])
def test_a_step_holds_two_outfits_at_least(batch_size: int, steps: int) -> None:
    assert [len(outfits) >= 2 for outfits in epoch_outfits(DATA, batch_size, 0, 1)] == [True] * steps


def test_triplets_are_all_that_types_and_outfits_allow() -> None:
    rows, outfit_of_row = step_rows(DATA, np.array([0, 1, 2, 3]))
    assert rows.tolist() == [0, 1, 2, 3, 1, 4, 5, 6, 7, 8]
    drawn = step_triplets(GRAPH, rows, outfit_of_row, 100, (0, "negatives", 1, 0))
    found = list(zip(drawn.anchor_t.tolist(), drawn.positive_t.tolist(), drawn.negative_t.tolist(), strict=True))
    expected = oracle.possible_triplets(rows.tolist(), outfit_of_row.tolist(), TYPES, OUTFITS)
    assert len(found) == len(set(found)) == len(expected) == 29
    assert set(found) == expected
    for (anchor, positive, _), condition, across in zip(found, drawn.condition_t, drawn.is_across_t, strict=True):
        types = sorted((TYPES[rows[anchor]], TYPES[rows[positive]]))
        assert CONDITIONS[condition] == "|".join(types)
        assert across == (types[0] != types[1])
    # The comparison notices a negative of the anchor's own outfits.
    together = oracle.possible_triplets(rows.tolist(), outfit_of_row.tolist(), TYPES, [])
    assert together - expected


def test_a_few_negatives_are_drawn_among_those() -> None:
    rows, outfit_of_row = step_rows(DATA, np.array([0, 1, 2, 3]))
    possible = oracle.possible_triplets(rows.tolist(), outfit_of_row.tolist(), TYPES, OUTFITS)
    seen = set()
    for epoch in range(30):
        drawn = step_triplets(GRAPH, rows, outfit_of_row, 1, (0, "negatives", epoch, 0))
        found = set(zip(drawn.anchor_t.tolist(), drawn.positive_t.tolist(), drawn.negative_t.tolist(), strict=True))
        assert len(found) == len({triplet[:2] for triplet in possible}) == len(drawn)
        assert found <= possible
        seen |= found
    assert seen == possible


def test_an_image_is_no_stranger_to_itself_in_another_outfit() -> None:
    # Both outfits hold image 1; without the other two there is no negative for it.
    rows, outfit_of_row = step_rows(DATA, np.array([0, 1]))
    drawn = step_triplets(GRAPH, rows, outfit_of_row, 9, (0,))
    assert all(
        rows[anchor] != rows[negative] for anchor, negative in zip(drawn.anchor_t, drawn.negative_t, strict=True)
    )
    lone = dataclasses.replace(DATA, outfits=[np.array([0, 1])])
    rows, outfit_of_row = step_rows(lone, np.array([0]))
    assert len(step_triplets(build_outfit_graph(lone, CONDITIONS), rows, outfit_of_row, 9, (0,))) == 0


def test_pairs_of_types_without_a_mask_are_left_out() -> None:
    rows, outfit_of_row = step_rows(DATA, np.array([0, 1, 2, 3]))
    known = build_outfit_graph(DATA, ("shoes|tops",))
    drawn = step_triplets(known, rows, outfit_of_row, 100, (0,))
    types = {
        tuple(sorted((TYPES[rows[one]], TYPES[rows[other]])))
        for one, other in zip(drawn.anchor_t, drawn.positive_t, strict=True)
    }
    assert types == {("shoes", "tops")}
    assert (drawn.condition_t == 0).all()
