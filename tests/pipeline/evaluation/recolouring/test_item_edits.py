"""References, verification and gates on rendered stand-ins: broken edits are refused, items left out."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.evaluation.recolouring import item_edits
from pipeline.evaluation.recolouring.colour_classifier import FEATURES, colour_histogram
from pipeline.evaluation.recolouring.colour_space import to_lab
from pipeline.evaluation.recolouring.item_edits import ItemEdits, edit_item, recognised_colour
from pipeline.evaluation.recolouring.labels import labelled_colour
from pipeline.evaluation.recolouring.reasons import LeftOut
from pipeline.evaluation.recolouring.references import LabelledItem, fit_references
from tests.pipeline.evaluation.recolouring.stand_ins import EDITABLE, ITEM, PAINTS, draw_item, training_items, true_mask

FITTED = fit_references(training_items(), seed=3)
assert FITTED is not None
REFERENCES, QUALITY = FITTED
RED = LabelledItem("new", "colour:Red", draw_item("colour:Red", 77))


def edits_of(item: LabelledItem) -> ItemEdits:
    found = edit_item(item, REFERENCES, seed=3)
    assert isinstance(found, ItemEdits)
    return found


def test_colours_are_known_apart() -> None:
    assert REFERENCES.classifier.colours == tuple(sorted(PAINTS))
    assert QUALITY.accuracy == pytest.approx(1)
    assert QUALITY.items == 30
    assert QUALITY.calibration_error < 0.1
    assert {colour: len(found) for colour, found in REFERENCES.examples.items()} == dict.fromkeys(sorted(PAINTS), 5)


def test_probabilities_are_shares() -> None:
    features = colour_histogram(to_lab(RED.pixels_hwc), true_mask())
    assert features.shape == (FEATURES,)
    assert (features**2).sum() == pytest.approx(1)
    assert REFERENCES.classifier.probabilities(features[None]).sum() == pytest.approx(1)


def test_every_other_colour_is_reached_and_the_own_one_kept() -> None:
    found = edits_of(RED)
    assert [one.colour for one in found.others] == ["colour:Blue", "colour:Green"]
    assert all(one.is_recognised for one in found.others)
    assert [one.colour for one in found.same] == ["colour:Red"] * 2
    for one in (*found.others, *found.same):
        assert (one.pixels_hwc[~true_mask()] == 255).all()
        assert (one.pixels_hwc != RED.pixels_hwc).any()


def test_draws_depend_on_the_item_alone() -> None:
    again = edits_of(RED)
    for one, other in zip(edits_of(RED).others, again.others, strict=True):
        np.testing.assert_array_equal(one.pixels_hwc, other.pixels_hwc)
    elsewhere = edits_of(replace(RED, image_id="another"))
    assert any((a.pixels_hwc != b.pixels_hwc).any() for a, b in zip(again.others, elsewhere.others, strict=True))


def test_an_item_is_never_its_own_example() -> None:
    for example in REFERENCES.examples["colour:Red"]:
        number = int(example.image_id.removeprefix("colour:Red"))
        own = LabelledItem(example.image_id, "colour:Red", draw_item("colour:Red", number))
        for one in edits_of(own).same:
            assert (one.pixels_hwc != own.pixels_hwc).any()


def test_an_edit_that_does_nothing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(item_edits, "recolour", lambda pixels, *_: pixels.copy())
    assert edit_item(RED, REFERENCES, seed=3) is LeftOut.NO_TARGET


def test_an_edit_to_a_wrong_colour_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    green = draw_item("colour:Green", 5)
    monkeypatch.setattr(item_edits, "recolour", lambda *_: green)
    assert edit_item(RED, REFERENCES, seed=3) is LeftOut.NOT_KEPT
    blue = LabelledItem("blue", "colour:Blue", draw_item("colour:Blue", 78))
    monkeypatch.setattr(item_edits, "recolour", lambda pixels, *_: pixels.copy())
    assert edit_item(blue, REFERENCES, seed=3) is LeftOut.NO_TARGET
    assert recognised_colour(green, true_mask(), REFERENCES) == "colour:Green"


def test_items_that_cannot_be_edited_are_left_out() -> None:
    def reason(pixels: np.ndarray, colour: str = "colour:Red") -> object:
        return edit_item(LabelledItem("new", colour, pixels), REFERENCES, seed=3)

    assert reason(RED.pixels_hwc, "colour:Gold") is LeftOut.RARE_COLOUR
    assert reason(RED.pixels_hwc, "colour:Blue") is LeftOut.NOT_RECOGNISED
    assert reason(np.where(true_mask()[..., None], RED.pixels_hwc, 190).astype(np.uint8)) is LeftOut.NO_GROUND
    small = np.full_like(RED.pixels_hwc, 255)
    small[10:16, 10:16] = RED.pixels_hwc[20:26, 20:26]
    assert reason(small) is LeftOut.TOO_SMALL
    checked = RED.pixels_hwc.copy()
    checked[ITEM][:, 9:] = (20, 160, 60)
    checked[ITEM][:13, 9:] = (230, 210, 40)
    assert reason(checked) is LeftOut.PATTERNED


def test_labels_decide_first() -> None:
    assert labelled_colour("bags", ["colour:Red", "usage:Casual"], EDITABLE) == ("colour:Red", None)
    assert labelled_colour("tops", ["colour:Red"], EDITABLE) == (None, LeftOut.OTHER_TYPE)
    assert labelled_colour("bags", ["usage:Casual"], EDITABLE) == (None, LeftOut.NO_COLOUR)
    assert labelled_colour("bags", ["colour:Red", "colour:Blue"], EDITABLE) == (None, LeftOut.SEVERAL_COLOURS)
    assert labelled_colour("bags", ["colour:Red", "name:striped"], EDITABLE) == (None, LeftOut.PATTERNED_LABEL)


def test_too_few_items_make_no_references() -> None:
    assert fit_references(training_items(4), seed=0) is None
    assert fit_references([], seed=0) is None
