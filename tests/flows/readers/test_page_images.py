"""Images of pages: photographs in their own shape, and the model's view in its place where the file is gone."""

from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from flows.readers.page_images import PageShapes, _photograph
from flows.readers.shown_images import Photographs
from pipeline.datasets.fitting import CoveredBox

SETTINGS = {
    "fit": "crop",
    "image_size_px": 32,
    "canvas": [127, 127, 127],
    "effective_resolution_px": None,
    "bit_depth": None,
}


def test_a_photograph_keeps_its_shape_and_says_where_the_view_lies() -> None:
    size_px, box = PageShapes(SETTINGS).of((1600, 800))
    assert size_px == (640, 320)
    assert box == CoveredBox(160.0, 0.0, 320.0, 320.0)
    # A small one is not made larger.
    assert PageShapes(SETTINGS).of((48, 40))[0] == (48, 40)
    assert PageShapes({**SETTINGS, "fit": "pad"}).of((80, 40))[1] == CoveredBox(0.0, -20.0, 80.0, 80.0)


def test_a_rendered_item_is_its_view() -> None:
    shapes = PageShapes({"image_size_px": 64})
    assert not shapes.are_photographs
    assert shapes.of((64, 64)) == ((64, 64), CoveredBox(0.0, 0.0, 64.0, 64.0))


@pytest.mark.parametrize("is_there", [True, False])
def test_a_photograph_that_is_gone_is_stood_in_for_by_the_view_in_its_place(tmp_path: Path, is_there: bool) -> None:
    Image.new("RGB", (80, 40), (10, 200, 10)).save(tmp_path / "a.png")
    digest = sha256((tmp_path / "a.png").read_bytes()).hexdigest()
    row = {
        "image_id": "a",
        "path": "a.png",
        "sha256": digest if is_there else "0" * 64,
        "width_px": 80,
        "height_px": 40,
    }
    view_hwc = np.full((32, 32, 3), 250, dtype=np.uint8)
    shown_hwc = _photograph(row, view_hwc, Photographs(tmp_path, (), SETTINGS), 200)
    assert shown_hwc.shape == (40, 80, 3)
    if is_there:
        assert np.abs(shown_hwc.astype(int) - [10, 200, 10]).max() <= 1
    else:
        assert (shown_hwc[:, 20:60] == 250).all()
        assert (shown_hwc[:, :20] != 250).all()
