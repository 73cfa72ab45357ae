from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from pipeline.datasets.planted.item_edits import Edit
from pipeline.datasets.planted.items import Item, sample_item
from pipeline.datasets.planted.nuisances import MIN_SCALE, draw_nuisances
from pipeline.datasets.planted.part_drawings import PART_CENTRES, part_layers
from pipeline.datasets.planted.renderer import render_with_edit
from pipeline.datasets.planted.shapes import pixel_coverage
from pipeline.datasets.planted.spec import PlantedSpec
from pipeline.datasets.planted.vocabulary import FACTORS, PARTS_OF_TYPE, TYPES

CELL = 0.25
TYPES_AND_PARTS = [(item_type, part) for item_type in TYPES for part in PARTS_OF_TYPE[item_type]]


def first_item_of(spec: PlantedSpec, item_type: str) -> Item:
    items = (sample_item(spec, f"test_{number:05d}") for number in range(spec.test_items))
    return next(item for item in items if item.item_type == item_type)


def test_two_parts_of_one_type_never_share_a_cell() -> None:
    for item_type in TYPES:
        for first, second in combinations(PARTS_OF_TYPE[item_type], 2):
            (x_first, y_first), (x_second, y_second) = (
                PART_CENTRES[item_type, first],
                PART_CENTRES[item_type, second],
            )
            apart = max(abs(x_first - x_second), abs(y_first - y_second))
            assert apart * MIN_SCALE >= CELL, (item_type, first, second)


def test_every_possible_part_has_a_place_and_no_other() -> None:
    assert set(PART_CENTRES) == set(TYPES_AND_PARTS)


@pytest.mark.parametrize(("item_type", "part"), TYPES_AND_PARTS)
def test_parts_change_the_pixels_around_their_centre(item_type: str, part: str) -> None:
    spec = PlantedSpec(test_items=40)
    item = first_item_of(spec, item_type)
    shown = render_with_edit(spec, item.image_id, Edit(f"part:{part}", part, "on"))
    hidden = render_with_edit(spec, item.image_id, Edit(f"part:{part}", part, "off"))
    rows, columns = np.nonzero((shown != hidden).any(axis=2))
    nuisances = draw_nuisances(spec, item.image_id)
    found = np.array([columns.mean() + 0.5, rows.mean() + 0.5]) / spec.image_size_px - 0.5
    expected = np.array([nuisances.shift_x, nuisances.shift_y]) + nuisances.scale * np.array(
        PART_CENTRES[item_type, part]
    )
    np.testing.assert_allclose(found, expected, atol=0.035)


@pytest.mark.parametrize(("item_type", "part"), TYPES_AND_PARTS)
def test_parts_are_about_seven_pixels_across_in_small_images(item_type: str, part: str) -> None:
    size = 64
    line = ((np.arange(size, dtype=np.float32) + 0.5) / size - 0.5) / MIN_SCALE
    layers = part_layers(item_type, part, line[None, :], line[:, None])
    covered = np.max([pixel_coverage(distances, size * MIN_SCALE) for distances, _ in layers], axis=0) > 0.5
    rows, columns = np.nonzero(covered)
    height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
    assert max(height, width) >= 8
    assert min(height, width) >= 6


@pytest.mark.parametrize(("item_type", "part"), TYPES_AND_PARTS)
def test_parts_stand_out_from_every_body(item_type: str, part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = PlantedSpec(test_items=40, image_size_px=64)
    item = first_item_of(spec, item_type)
    for colour in FACTORS["body_colour"]:
        body = replace(item, values=(colour, *item.values[1:]))
        monkeypatch.setattr("pipeline.datasets.planted.renderer.sample_item", lambda *_, body=body: body)
        shown = render_with_edit(spec, item.image_id, Edit(f"part:{part}", part, "on")).astype(int)
        hidden = render_with_edit(spec, item.image_id, Edit(f"part:{part}", part, "off")).astype(int)
        change = abs(shown - hidden).max(axis=2)
        assert change[change > 0].mean() > 40, colour
        assert (change > 40).sum() >= 30, colour
