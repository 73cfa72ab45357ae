"""Edits of whole items: what changes, and what stays bit for bit."""

import numpy as np
import pytest

from pipeline.datasets.planted.renderer import item_share, render_item, render_mirrored
from pipeline.datasets.planted.spec import PlantedSpec
from pipeline.evaluation.recolouring import cut_item, whole_edits
from pipeline.evaluation.recolouring.colour_space import to_lab
from pipeline.evaluation.recolouring.cut_item import CutItem, cut_photograph
from pipeline.evaluation.recolouring.edit_kinds import NotEdited, WholeEdit
from pipeline.evaluation.recolouring.reasons import LeftOut
from pipeline.evaluation.recolouring.whole_edits import EditedItem, edit_cut_item
from tests.pipeline.evaluation.broken_copy import broken_copy
from tests.pipeline.evaluation.recolouring.stand_ins import draw_item, true_mask

RED = draw_item("colour:Red", 3, has_hole=True)
GROUND = np.array([80.0, 0.0, 0.0])


def chroma(pixels: np.ndarray) -> np.ndarray:
    return np.hypot(*np.moveaxis(to_lab(pixels)[..., 1:], -1, 0))


def with_soft_edge() -> np.ndarray:
    """Return the item with a row above it mixed with the ground, half and half, as scaling leaves it."""
    soft = RED.copy()
    soft[7, 8:32] = (soft[8, 8:32].astype(int) + 255) // 2
    return soft


def cut(pixels: np.ndarray = RED) -> CutItem:
    found = cut_photograph(pixels)
    assert isinstance(found, CutItem)
    return found


def assert_cut(tested=cut_item) -> None:
    soft = with_soft_edge()
    # Paper is not quite white everywhere.
    soft[3, 3] = 250
    share = tested.cut_photograph(soft).share_hw
    mask = true_mask(has_hole=True)
    assert (share[mask][1:] > 0.6).mean() > 0.95
    assert (share[10:12, 12:30] == 1).all()
    assert (share[:6] == 0).all()
    assert (share[24:28, 24:28] == 0).all()
    assert ((share[7, 10:30] > 0.3) & (share[7, 10:30] < 0.7)).all()


def assert_greyscale(tested=whole_edits) -> None:
    grey = tested.without_colour(cut())
    inside = true_mask(has_hole=True)
    assert chroma(grey)[inside].max() < 1
    assert np.abs(to_lab(grey) - to_lab(RED))[inside, 0].max() < 1
    assert (grey[~inside] == RED[~inside]).all()


def assert_mirrored(tested=whole_edits) -> None:
    # Not in the middle of the picture.
    placed = np.roll(RED, 4, axis=1)
    mirrored = tested.mirrored_in_place(cut(placed))
    assert (mirrored == np.roll(np.where(true_mask()[..., None], RED[:, ::-1], RED), 4, axis=1)).all()
    assert (mirrored != placed).any()


def assert_background(tested=whole_edits) -> None:
    noisy = with_soft_edge()
    noisy[3, 3] = 250
    item = cut(noisy)
    moved = tested.on_other_ground(item, GROUND)
    whole = item.share_hw == 1
    assert whole.sum() > 300
    assert (moved[whole] == noisy[whole]).all()
    assert np.abs(to_lab(moved)[0] - GROUND).max() < 1
    # The hole is ground as well, and what was darker than the rest of it still is.
    assert np.abs(to_lab(moved)[25, 25] - GROUND).max() < 1
    assert to_lab(moved)[3, 3, 0] < to_lab(moved)[3, 4, 0] - 1
    # Of mixed pixels the ground's half changes, by half of what all ground does.
    darker = (to_lab(noisy) - to_lab(moved))[7, 10:30, 0]
    assert ((darker > 6) & (darker < 14)).all()


def test_the_item_is_cut_with_a_soft_edge() -> None:
    assert_cut()


def test_each_edit_changes_one_thing() -> None:
    assert_greyscale()
    assert_mirrored()
    assert_background()


@pytest.mark.parametrize(
    ("module", "right", "wrong", "noticed_by"),
    [
        (cut_item, "contrast_hw / np.maximum(whole_hw, _LEAST_CONTRAST)", "contrast_hw", assert_cut),
        (cut_item, "np.where(mask_hw, edge_hw, 0.0)", "edge_hw", assert_cut),
        (whole_edits, "grey_hwc[..., 1:] = (1", "grey_hwc[..., :2] = (1", assert_greyscale),
        (whole_edits, "item.pixels_hwc[window][:, ::-1]", "item.pixels_hwc[window][::-1]", assert_mirrored),
        (
            whole_edits,
            "mirrored_hwc[window] = item.pixels_hwc[window][:, ::-1]",
            "mirrored_hwc = item.pixels_hwc[:, ::-1]",
            assert_mirrored,
        ),
        (whole_edits, "(1 - item.share_hw)[..., None] * (ground_lab", "1 * (ground_lab", assert_background),
        (whole_edits, "lab_hwc + (1 - item", "0 * lab_hwc + (1 - item", assert_background),
    ],
)  # fmt: skip
def test_broken_copies_are_noticed(tmp_path, module, right: str, wrong: str, noticed_by) -> None:
    with pytest.raises(AssertionError):
        noticed_by(broken_copy(module, tmp_path, right, wrong))


def test_what_cannot_be_edited_says_why() -> None:
    on_grey = RED.copy()
    on_grey[(on_grey == 255).all(axis=2)] = 190
    assert cut_photograph(on_grey) is LeftOut.NO_GROUND
    assert set(edit_cut_item(LeftOut.NO_GROUND, None, 0, "x").values()) == {NotEdited.NO_GROUND}
    small = np.full_like(RED, 255)
    small[18:22, 18:22] = 0
    assert cut_photograph(small) is LeftOut.TOO_SMALL
    grey = whole_edits.without_colour(cut())
    assert grey is not None
    edits = edit_cut_item(cut(grey), None, 0, "x")
    assert edits[WholeEdit.GREYSCALE] is NotEdited.NO_CHROMA
    assert isinstance(edits[WholeEdit.MIRRORED], EditedItem)
    assert isinstance(edits[WholeEdit.BACKGROUND], EditedItem)


def test_the_ground_is_drawn_by_seed_and_item() -> None:
    def drawn(seed: int, name: str) -> bytes:
        edit = edit_cut_item(cut(), None, seed, name)[WholeEdit.BACKGROUND]
        assert isinstance(edit, EditedItem)
        return edit.pixels_hwc.tobytes()

    assert drawn(1, "a") == drawn(1, "a")
    assert len({drawn(1, f"item {n}") for n in range(20)}) == len(whole_edits.GROUNDS_LAB)
    assert [drawn(1, f"{n}") for n in range(8)] != [drawn(2, f"{n}") for n in range(8)]


def test_rendered_items_are_mirrored_about_their_centre_and_covered_as_they_are_drawn() -> None:
    spec = PlantedSpec(image_size_px=64)
    for number in range(6):
        name = f"test_{number:05d}"
        share, before, after = item_share(spec, name), render_item(spec, name), render_mirrored(spec, name)
        assert 0.1 < share.mean() < 0.9
        assert ((share >= 0) & (share <= 1)).all()
        moved = (before != after).any(axis=2)
        assert moved.any()
        # What neither covers is as it was: place, light and noise stay.
        columns = np.flatnonzero(share.any(axis=0))
        assert not moved[:, : max(columns[0] - 20, 0)].any()
        edits = edit_cut_item(CutItem(before, share), after, 0, name)
        background = edits[WholeEdit.BACKGROUND]
        assert isinstance(background, EditedItem)
        changed = (background.pixels_hwc != before).any(axis=2)
        assert not changed[share == 1].any()
        assert changed[share == 0].mean() > 0.99
