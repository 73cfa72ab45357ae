"""Whether maps of both sides are judged rightly, on matches whose parts are drawn by hand."""

import numpy as np
import pytest

from pipeline.evaluation.audit.both_sides import (
    AuditedMatch,
    are_scored,
    located_cause,
    on_cells,
    on_pixels,
    told_apart,
)
from pipeline.saliency.contract import SaliencyRequest
from pipeline.saliency.controls.blob import centre_blob
from pipeline.saliency.controls.maps import build_blob
from pipeline.saliency.correspondence.components import match_components

SIZE, SIDE = 32, 8


def square(top: int, left: int, side: int = 8) -> np.ndarray:
    region = np.zeros((SIZE, SIZE), dtype=bool)
    region[top : top + side, left : left + side] = True
    return region


FIRST = square(0, 0), square(0, 24)
SECOND = square(24, 24), square(24, 0)


def match_of(*pairs: tuple[np.ndarray, np.ndarray]) -> AuditedMatch:
    """Return a match in which each pair of regions raises the score together, the first most."""
    joint = sum(
        weight * np.outer(on_cells(query, SIDE**2), on_cells(reference, SIDE**2))
        for weight, (query, reference) in zip((2.0, 1.0), pairs, strict=False)
    )
    joint = joint + 1e-3
    return AuditedMatch(joint, joint.sum(axis=1), joint.sum(axis=0), match_components(joint, 2, "factors"))


def test_a_right_match_finds_its_causes_on_both_sides() -> None:
    found = {(one.side, one.map): one for one in located_cause(match_of(FIRST, SECOND), *FIRST)}
    assert len(found) == 5 + 6
    for name in ("joint", "leading_component", "matching_component"):
        for side in ("query", "reference"):
            assert found[side, name].auroc > 0.97, (side, name)
    assert found["reference", "row"].auroc > 0.97
    assert found["query", "centre"].auroc < 0.2
    second = {(one.side, one.map): one for one in located_cause(match_of(FIRST, SECOND), *SECOND)}
    assert second["reference", "matching_component"].auroc > 0.97
    assert second["reference", "leading_component"].auroc < 0.6


def test_parts_that_are_paired_wrongly_are_not_told_apart() -> None:
    query, reference = (FIRST[0], SECOND[0]), (FIRST[1], SECOND[1])
    right = told_apart(match_of(FIRST, SECOND), query, reference)
    crossed = told_apart(match_of((FIRST[0], SECOND[1]), (SECOND[0], FIRST[1])), query, reference)
    assert right is not None
    assert crossed is not None
    assert (right.by_region, right.by_components) == (1, 1)
    assert (crossed.by_region, crossed.by_components) == (0, 0)


def test_one_part_alone_pairs_nothing() -> None:
    joint = np.ones((SIDE**2, SIDE**2))
    flat = AuditedMatch(joint, joint.sum(axis=1), joint.sum(axis=0), match_components(joint, 1, "factors"))
    found = told_apart(flat, (FIRST[0], SECOND[0]), (FIRST[1], SECOND[1]))
    assert found is not None
    assert (found.by_region, found.by_components) == (0, 0)


def test_causes_that_pixels_cannot_tell_apart_are_left_out() -> None:
    match = match_of(FIRST, SECOND)
    assert told_apart(match, (FIRST[0], FIRST[0]), (FIRST[1], SECOND[1])) is None
    assert told_apart(match, (FIRST[0], SECOND[0]), (FIRST[1], FIRST[1])) is None
    assert told_apart(match, (FIRST[0], np.zeros_like(FIRST[0])), (FIRST[1], SECOND[1])) is None
    assert located_cause(match, np.ones((SIZE, SIZE), dtype=bool), FIRST[1]) == []
    assert not are_scored(FIRST[0], np.zeros_like(FIRST[0]))


def test_cells_and_pixels_agree() -> None:
    cells = on_cells(square(4, 8, 4), SIDE**2)
    assert cells.sum() == 1
    assert cells[1 * SIDE + 2] == 1
    assert np.unravel_index(on_pixels(cells, SIZE).argmax(), (SIZE, SIZE))[0] // 4 == 1
    # Linear maps stay linear but for the outermost half cell.
    ramp = np.tile(np.arange(SIDE, dtype=float), SIDE)
    wanted = (np.arange(SIZE) + 0.5) / 4 - 0.5
    np.testing.assert_allclose(on_pixels(ramp, SIZE)[3][2:-2], wanted[2:-2], atol=1e-12)


def test_the_blob_is_that_of_the_control() -> None:
    pixels = np.zeros((SIZE, SIZE, 3), dtype=np.uint8)
    request = SaliencyRequest("query", pixels, np.zeros((1, 2), dtype=np.float32))
    control = next(iter(build_blob()([request]))).display_khw[0]
    np.testing.assert_allclose(centre_blob(SIZE, SIZE), control, atol=1e-6)


@pytest.mark.parametrize("size", [9, 32])
def test_the_blob_is_symmetric(size: int) -> None:
    np.testing.assert_allclose(centre_blob(size, size), centre_blob(size, size)[::-1, ::-1])
