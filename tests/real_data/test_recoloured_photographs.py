"""Edits of colour on real catalogue photographs, where SANE_REAL_DATA names the folder that holds them."""

import os
from pathlib import Path

import numpy as np
import pytest

from pipeline.datasets.image_decoding import decode_image
from pipeline.datasets.polyvore_outfits import POLYVORE_OUTFITS, build_polyvore_index
from pipeline.evaluation.recolouring.cut_item import cut_photograph
from pipeline.evaluation.recolouring.edit_kinds import WholeEdit
from pipeline.evaluation.recolouring.item_edits import ItemEdits, edit_item
from pipeline.evaluation.recolouring.labels import labelled_colour
from pipeline.evaluation.recolouring.references import LabelledItem, fit_references
from pipeline.evaluation.recolouring.whole_edits import EditedItem, edit_cut_item

pytestmark = pytest.mark.real_data
# Different enough that labels hardly overlap.
COLOURS = ("colour:Black", "colour:White", "colour:Red", "colour:Blue")


def items(split: str, most: int) -> list[LabelledItem]:
    """Return up to so many plain items of each colour, in the index's order."""
    named = os.environ.get("SANE_REAL_DATA")
    if not named:
        pytest.skip("SANE_REAL_DATA is not set: it names the folder that holds polyvore_outfits")
    root = Path(named) / "polyvore_outfits"
    declared = POLYVORE_OUTFITS.colours
    assert declared is not None
    found: dict[str, list[LabelledItem]] = {colour: [] for colour in COLOURS}
    for record in build_polyvore_index(root).records:
        colour, _ = labelled_colour(record.label, record.attributes, declared)
        if record.split == split and colour in found and len(found[colour]) < most:
            path = root / str(record.path)
            pixels, _ = decode_image(path.read_bytes(), str(path), 64, (255, 255, 255))
            found[colour].append(LabelledItem(record.image_id, colour, pixels))
    return [item for colour in COLOURS for item in found[colour]]


@pytest.mark.slow
def test_colours_of_photographs_are_recognised_and_edits_take() -> None:
    fitted = fit_references(items("train", 35), seed=0)
    assert fitted is not None
    references, quality = fitted
    assert references.classifier.colours == tuple(sorted(COLOURS))
    assert quality.accuracy > 0.7
    tried = items("test", 6)
    edits = [found for item in tried if isinstance(found := edit_item(item, references, seed=0), ItemEdits)]
    assert len(edits) >= len(tried) / 3
    accepted = [one.is_recognised for found in edits for one in found.others]
    assert np.mean(accepted) > 0.5


def test_photographs_are_cut_and_edited_as_a_whole() -> None:
    tried = items("test", 4)
    edits = [edit_cut_item(cut_photograph(item.pixels_hwc), None, 0, item.image_id) for item in tried]
    made = {edit: [isinstance(found[edit], EditedItem) for found in edits] for edit in WholeEdit}
    assert np.mean(made[WholeEdit.MIRRORED]) > 0.8
    assert made[WholeEdit.BACKGROUND] == made[WholeEdit.MIRRORED]
    colourful = [item.colour in ("colour:Red", "colour:Blue") for item in tried]
    grey = np.array(made[WholeEdit.GREYSCALE])
    # Black and white items have no colour to take.
    assert grey[colourful].mean() > grey[~np.array(colourful)].mean() + 0.3
    corners = [one.pixels_hwc[0, 0] for found in edits if isinstance(one := found[WholeEdit.BACKGROUND], EditedItem)]
    assert (np.array(corners).min(axis=1) < 235).all()
