"""Real photographs in the AwA2 layout, where SANE_REAL_DATA names the folder that holds them."""

import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from pipeline.datasets.awa2 import build_awa2_index
from pipeline.datasets.image_decoding import decode_image
from pipeline.datasets.records import DatasetIndex

pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def index() -> DatasetIndex:
    """Return the photographs' index; a folder that is named but missing is a failure, not a reason to skip."""
    named = os.environ.get("SANE_REAL_DATA")
    if not named:
        pytest.skip("SANE_REAL_DATA is not set: it names the folder that holds awa2/Animals_with_Attributes2")
    root = Path(named) / "awa2" / "Animals_with_Attributes2"
    assert root.is_dir(), f"SANE_REAL_DATA is set to {named!r}, but there is no folder {root}"
    return build_awa2_index(root)


def test_every_photograph_is_found(index: DatasetIndex) -> None:
    assert len(index.records) == 1664
    assert Counter(record.split for record in index.records) == {"train": 848, "valid": 220, "test": 596}
    assert len({record.label for record in index.records}) == 17
    assert len(index.attribute_names) == 85
    assert all(record.attributes for record in index.records)


def test_photographs_decode(index: DatasetIndex) -> None:
    assert index.root is not None
    for record in index.records[:: len(index.records) // 20][:20]:
        path = Path(index.root) / str(record.path)
        pixels, size_px = decode_image(path.read_bytes(), str(path), 112, (127, 127, 127), effective_resolution_px=64)
        assert pixels.shape == (112, 112, 3)
        assert pixels.dtype == np.uint8
        assert min(size_px) >= 32
        assert pixels.std() > 3
