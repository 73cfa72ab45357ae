import numpy as np
import pytest

from pipeline.datasets.planted.nuisances import MAX_SCALE, MAX_SHIFT
from pipeline.datasets.planted.part_drawings import part_layers
from pipeline.datasets.planted.silhouettes import body_distance, trim_distance
from pipeline.datasets.planted.vocabulary import PARTS_OF_TYPE, TYPES

LINE = np.linspace(-0.6, 0.6, 241, dtype=np.float32)
X, Y = LINE[None, :], LINE[:, None]


@pytest.mark.parametrize("item_type", TYPES)
def test_items_stay_inside_the_image_wherever_they_are_shifted(item_type: str) -> None:
    shapes = [body_distance(item_type, X, Y)]
    for part in PARTS_OF_TYPE[item_type]:
        shapes += [distances for distances, _ in part_layers(item_type, part, X, Y)]
    inside = np.any([shape < 0 for shape in shapes], axis=0)
    rows, columns = np.nonzero(inside)
    reach = max(abs(LINE[rows]).max(), abs(LINE[columns]).max())
    # An outline may lose half a pixel of a 64 px image.
    assert reach * MAX_SCALE + MAX_SHIFT < 0.5 + 0.5 / 64 + 0.006


@pytest.mark.parametrize("item_type", TYPES)
def test_body_and_trim_are_large_enough_to_see(item_type: str) -> None:
    body = body_distance(item_type, X, Y) < 0
    trim = body & (trim_distance(item_type, X, Y) < 0)
    area_per_sample = float(LINE[1] - LINE[0]) ** 2
    assert 0.1 < body.sum() * area_per_sample < 0.4
    assert 0.015 < trim.sum() * area_per_sample < 0.4 * body.sum() * area_per_sample


def test_types_have_different_silhouettes() -> None:
    bodies = [body_distance(item_type, X, Y) < 0 for item_type in TYPES]
    for position, first in enumerate(bodies):
        for second in bodies[:position]:
            assert (first & second).sum() < 0.85 * (first | second).sum()
