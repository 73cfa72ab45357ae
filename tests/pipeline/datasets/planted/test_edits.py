from collections import Counter

import numpy as np
import pytest

from pipeline.datasets.planted.edits import (
    Edit,
    attribute_edits,
    changed_region,
    null_background_edits,
)
from pipeline.datasets.planted.item_edits import apply_edit
from pipeline.datasets.planted.items import sample_item
from pipeline.datasets.planted.renderer import find_pure_background, render_item, render_with_edit
from pipeline.datasets.planted.spec import PlantedSpec
from pipeline.datasets.planted.vocabulary import FACTORS, PARTS, PARTS_OF_TYPE, attribute_names
from pipeline.errors import BadDataset, BadSetting

SPEC = PlantedSpec(image_size_px=64)
IDS = [f"test_{number:05d}" for number in range(20)]


@pytest.mark.parametrize("image_id", IDS)
def test_edits_remove_present_attributes_and_add_absent_ones(image_id: str) -> None:
    item = sample_item(SPEC, image_id)
    for name in attribute_names():
        for edit in attribute_edits(item, name):
            assert edit.attribute == name
            edited = apply_edit(item, edit)
            assert (name in edited.attributes) != (name in item.attributes)
            differing = set(edited.attributes) ^ set(item.attributes)
            assert len(differing) == (2 if edit.factor_or_part in FACTORS else 1)


def test_the_number_of_edits_follows_presence() -> None:
    item = sample_item(SPEC, IDS[0])
    for factor, values in FACTORS.items():
        for value in values:
            edits = attribute_edits(item, f"{factor}:{value}")
            if value == item.value_of(factor):
                assert {edit.new_value for edit in edits} == set(values) - {value}
            else:
                assert edits == (Edit(f"{factor}:{value}", factor, value),)
    for part in PARTS:
        expected = "off" if part in item.parts else "on"
        edits = attribute_edits(item, f"part:{part}")
        is_possible = part in PARTS_OF_TYPE[item.item_type]
        assert edits == ((Edit(f"part:{part}", part, expected),) if is_possible else ())


@pytest.mark.parametrize("name", ["body_colour:pink", "red", "part:wing", "", "pocket:part"])
def test_unknown_attributes_are_refused(name: str) -> None:
    with pytest.raises(BadSetting, match="planted item"):
        attribute_edits(sample_item(SPEC, IDS[0]), name)


def check_region(region: np.ndarray, image_id: str, attribute: str) -> None:
    """The region by its definition, a pixel at a time over all edits."""
    original = render_item(SPEC, image_id)
    edits = attribute_edits(sample_item(SPEC, image_id), attribute)
    images = [render_with_edit(SPEC, image_id, edit) for edit in edits]
    for row in range(SPEC.image_size_px):
        for column in range(SPEC.image_size_px):
            changes = any(tuple(image[row, column]) != tuple(original[row, column]) for image in images)
            assert region[row, column] == changes


@pytest.mark.parametrize("position", [0, 1, 2, 4, -1])
def test_the_region_is_what_really_changes(position: int) -> None:
    attribute = sample_item(SPEC, IDS[3]).attributes[position]
    region = changed_region(SPEC, IDS[3], attribute)
    assert region.shape == (64, 64)
    assert region.dtype == np.bool_
    check_region(region, IDS[3], attribute)


def test_the_comparison_notices_a_region_one_pixel_off() -> None:
    attribute = sample_item(SPEC, IDS[3]).attributes[0]
    region = changed_region(SPEC, IDS[3], attribute)
    with pytest.raises(AssertionError):
        check_region(np.roll(region, 1, axis=1), IDS[3], attribute)


def test_impossible_parts_have_empty_regions() -> None:
    for image_id in IDS[:4]:
        possible = PARTS_OF_TYPE[sample_item(SPEC, image_id).item_type]
        for part in set(PARTS) - set(possible):
            assert not changed_region(SPEC, image_id, f"part:{part}").any()


def test_every_present_attribute_is_visible_in_nearly_every_item() -> None:
    areas: dict[str, list[int]] = {}
    for image_id in IDS:
        for name in sample_item(SPEC, image_id).attributes:
            areas.setdefault(name.split(":")[0], []).append(int(changed_region(SPEC, image_id, name).sum()))
    smallest = {"body_colour": 300, "pattern": 80, "trim_colour": 40, "background": 1500, "part": 40}
    for kind, areas_of_kind in areas.items():
        assert np.mean(np.array(areas_of_kind) >= smallest[kind]) >= 0.95, (kind, areas_of_kind)


def test_absent_values_have_regions_too() -> None:
    seen = Counter()
    for image_id in IDS[:6]:
        item = sample_item(SPEC, image_id)
        for factor in FACTORS:
            absent = next(value for value in FACTORS[factor] if value != item.value_of(factor))
            seen[factor] += int(changed_region(SPEC, image_id, f"{factor}:{absent}").sum() > 20)
    assert set(seen.values()) == {6}


def test_regions_of_colour_and_pattern_coincide_and_those_of_parts_do_not() -> None:
    for image_id in IDS[:6]:
        item = sample_item(SPEC, image_id)
        body, pattern = (changed_region(SPEC, image_id, name) for name in item.attributes[:2])
        assert (body & pattern).sum() > 0.9 * pattern.sum()
        parts = [changed_region(SPEC, image_id, f"part:{part}") for part in PARTS_OF_TYPE[item.item_type]]
        overlaps = np.sum(parts, axis=0) > 1
        assert overlaps.sum() < 0.1 * min(part.sum() for part in parts)


@pytest.mark.parametrize("n_pixels", [0, 1, 37, 400])
def test_background_edits_change_exactly_so_many_background_pixels(n_pixels: int) -> None:
    for image_id in IDS[:5]:
        changed = (null_background_edits(SPEC, image_id, n_pixels, 0) != render_item(SPEC, image_id)).any(axis=2)
        assert changed.sum() == n_pixels
        assert not changed[~find_pure_background(SPEC, image_id)].any()


def test_background_edits_stop_at_all_of_the_background() -> None:
    changed = (null_background_edits(SPEC, IDS[0], 64 * 64, 0) != render_item(SPEC, IDS[0])).any(axis=2)
    np.testing.assert_array_equal(changed, find_pure_background(SPEC, IDS[0]))


def test_background_edits_keep_light_and_noise() -> None:
    edited = null_background_edits(SPEC, IDS[0], 64 * 64, 0)
    item = sample_item(SPEC, IDS[0])
    whole = [
        render_with_edit(SPEC, IDS[0], edit)
        for edit in attribute_edits(item, f"background:{item.value_of('background')}")
    ]
    background = find_pure_background(SPEC, IDS[0])
    assert any(np.array_equal(edited[background], other[background]) for other in whole)


def test_draws_differ_and_repeat() -> None:
    images = [null_background_edits(SPEC, IDS[1], 200, draw) for draw in range(4)]
    for position, image in enumerate(images):
        assert np.array_equal(image, null_background_edits(SPEC, IDS[1], 200, position))
        assert not any(np.array_equal(image, other) for other in images[:position])


def test_blobs_hold_together() -> None:
    changed = (null_background_edits(SPEC, IDS[2], 150, 3) != render_item(SPEC, IDS[2])).any(axis=2)
    padded = np.pad(changed, 1)
    neighbours = sum(np.roll(padded, step, axis)[1:-1, 1:-1] for axis in (0, 1) for step in (-1, 1))
    assert (neighbours[changed] >= 2).mean() > 0.9


def test_bad_background_edits_are_refused() -> None:
    with pytest.raises(BadSetting, match="background edit"):
        null_background_edits(SPEC, IDS[0], -1, 0)
    with pytest.raises(BadDataset):
        null_background_edits(SPEC, "test_99999", 5, 0)
