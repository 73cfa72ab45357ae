"""Mask, colour pixels and edit on rendered stand-ins: exact where they must be, and broken copies are noticed."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.evaluation.recolouring import item_mask as mask_module
from pipeline.evaluation.recolouring import recolour as module
from pipeline.evaluation.recolouring.colour_pixels import ColourPixels, ItemColours, find_clusters, find_colour
from pipeline.evaluation.recolouring.colour_space import to_lab
from pipeline.evaluation.recolouring.recolour import ColourStatistics, colour_statistics
from tests.pipeline.evaluation.broken_copy import broken_copy
from tests.pipeline.evaluation.recolouring.stand_ins import HOLE, PAINTS, PART, draw_item, true_mask

RED = draw_item("colour:Red", 0)
GREEN_STATISTICS = ColourStatistics((45.0, -35.0, 25.0), 3.0)


def red_pixels(pixels: np.ndarray) -> ColourPixels:
    item = find_clusters(to_lab(pixels), true_mask(), seed=0)
    return find_colour(item, to_lab(np.array(PAINTS["colour:Red"], np.uint8)[None])[0])


def assert_masks(tested=mask_module) -> None:
    for has_hole in (False, True):
        pixels = draw_item("colour:Blue", 1, has_hole)
        np.testing.assert_array_equal(tested.item_mask(pixels, to_lab(pixels)), true_mask(has_hole))
    dusty = RED.copy()
    dusty[2, 2] = 100
    np.testing.assert_array_equal(tested.item_mask(dusty, to_lab(dusty)), true_mask())
    # A grey part of the item that is nearly white stays item.
    pale = RED.copy()
    pale[HOLE] = 250
    np.testing.assert_array_equal(tested.item_mask(pale, to_lab(pale)), true_mask())
    on_grey = np.where(true_mask()[..., None], RED, 200).astype(np.uint8)
    assert tested.item_mask(on_grey, to_lab(on_grey)) is None


def test_the_item_is_found() -> None:
    assert_masks()


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("if near_white[border].mean() < LEAST_BORDER_SHARE:", "if False:"),
        ("_large_pieces(pure, LEAST_HOLE_SHARE)", "(pure & False)"),
        ("PURE_WHITE: Final = 253", "PURE_WHITE: Final = 240"),
        ("LEAST_PIECE_SHARE: Final = 0.002", "LEAST_PIECE_SHARE: Final = 0.0"),
    ],
    ids=["any ground", "holes are item", "white parts are ground", "dust is item"],
)
def test_broken_masks_are_noticed(tmp_path: Path, right: str, wrong: str) -> None:
    with pytest.raises(AssertionError):
        assert_masks(broken_copy(mask_module, tmp_path, right, wrong))


def test_the_labelled_colour_leaves_ground_and_other_parts() -> None:
    weights_hw = red_pixels(RED).weights_hw
    assert (weights_hw[~true_mask()] == 0).all()
    assert (weights_hw[PART] == 0).all()
    rest = true_mask()
    rest[PART] = False
    assert weights_hw[rest].min() > 0.9


def test_pixels_between_two_colours_are_edited_in_part() -> None:
    row = np.array([[40.0, 60.0, 40.0], [60.0, 30.0, 50.0], [80.0, 0.0, 60.0]])
    # Of each colour three columns, in an item whose own edge is far from the middle row.
    lab = np.tile(np.repeat(row, 3, axis=0), (9, 1, 1))
    mask_hw = np.pad(np.ones((7, 7), bool), 1)
    weights_hw = find_colour(ItemColours(lab, mask_hw, row[[0, 2]], np.array([0.5, 0.5])), row[0]).weights_hw
    np.testing.assert_allclose(weights_hw[4, 3:8], [0.5, 0.5, 0.5, 0, 0])
    assert weights_hw[4, 2] == 1
    assert (weights_hw[~mask_hw] == 0).all()


def assert_edit(tested=module) -> None:
    colour, lab = red_pixels(RED), to_lab(RED)
    edited = tested.recolour(RED, lab, colour, GREEN_STATISTICS)
    untouched = colour.weights_hw == 0
    np.testing.assert_array_equal(edited[untouched], RED[untouched])
    moved = to_lab(edited)
    # Well inside the item and away from the other part, where every pixel is moved in full.
    inner = np.s_[20:30, 10:30]
    assert colour.weights_hw[inner].min() == 1
    reached = colour_statistics(moved, colour)
    assert reached is not None
    np.testing.assert_allclose(reached.mean, GREEN_STATISTICS.mean, atol=2.5)
    assert reached.spread == pytest.approx(GREEN_STATISTICS.spread, rel=0.35)
    # Shading and texture: each pixel keeps its distance from the mean lightness, but for rounding to bytes.
    before, after = lab[inner][..., 0], moved[inner][..., 0]
    np.testing.assert_allclose(after - after.mean(), before - before.mean(), atol=0.8)


def test_the_edit_reaches_its_target_and_keeps_shading() -> None:
    assert_edit()


def assert_no_op(tested=module) -> None:
    colour, lab = red_pixels(RED), to_lab(RED)
    own = colour_statistics(lab, colour)
    assert own is not None
    np.testing.assert_array_equal(tested.recolour(RED, lab, colour, own), RED)
    nothing = ColourPixels(np.zeros_like(colour.weights_hw), colour.item_share_hw)
    np.testing.assert_array_equal(tested.recolour(RED, lab, nothing, GREEN_STATISTICS), RED)


def test_its_own_statistics_change_no_bit() -> None:
    assert_no_op()


def test_lightness_that_would_leave_the_range_is_pressed_together_in_order() -> None:
    colour, lab = red_pixels(RED), to_lab(RED)
    edited = to_lab(module.recolour(RED, lab, colour, ColourStatistics((93.0, 0.0, 0.0), 1.0)))
    row = np.s_[28, 8:32]
    assert edited[..., 0].max() <= 100
    assert np.corrcoef(edited[row][:, 0], lab[row][:, 0])[0, 1] > 0.95
    assert edited[row][:, 0].std() > 0.5


def test_ground_mixed_into_the_edge_stays_ground() -> None:
    """An item's edge that is half white becomes half white in the new colour: no rim of the old one stays."""
    soft = RED.copy()
    soft[8:34, 6] = (RED[8:34, 6].astype(int) + 255) // 2
    colour = red_pixels(soft)
    edited = to_lab(module.recolour(soft, to_lab(soft), colour, ColourStatistics((92.0, 0.0, 0.0), 1.0)))
    rows = np.s_[12:30, 6]
    assert edited[rows][:, 0].min() > 88
    assert np.abs(edited[rows][:, 1:]).max() < 12


@pytest.mark.parametrize(
    ("right", "wrong", "noticed_by"),
    [
        ("(colour.weights_hw > 0)[..., None], to_pixels(moved_hwc)", "True, to_pixels(moved_hwc + 1)", assert_edit),
        ("return to_ab + moved_hwc", "return to_ab * 0.5 + moved_hwc", assert_edit),
        ("np.where(varied_hw > 0, up, down) * varied_hw", "0 * varied_hw", assert_edit),
        ("(chroma_hwc - from_ab) * scale", "(chroma_hwc - from_ab) * 4", assert_edit),
        ("if own is None or own == target:", "if own is None:\n        own = target\n    if False:", assert_no_op),
    ],
    ids=["all moves", "half the way", "flat", "mottled", "no pixels are edited"],
)  # fmt: skip
def test_broken_edits_are_noticed(tmp_path: Path, right: str, wrong: str, noticed_by) -> None:
    with pytest.raises((AssertionError, IndexError, ZeroDivisionError)):
        noticed_by(broken_copy(module, tmp_path, right, wrong))
