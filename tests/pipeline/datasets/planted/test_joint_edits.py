"""Joint edits: every set of what an item has is removed by its members' edits, the same in every set."""

import numpy as np
import pytest

from pipeline.datasets.planted.item_edits import apply_edit
from pipeline.datasets.planted.items import sample_item
from pipeline.datasets.planted.joint_edits import (
    JOINT_EDITS,
    attribute_sets,
    edited_images,
    edits_of_set,
    joint_edits,
)
from pipeline.datasets.planted.renderer import render_item, render_with_edit, render_with_edits
from pipeline.datasets.planted.spec import PlantedSpec
from pipeline.datasets.planted.vocabulary import FACTORS

SPEC = PlantedSpec(seed=3, image_size_px=32)
IDS = [f"test_{number:05d}" for number in range(12)]


@pytest.mark.parametrize("image_id", IDS[:6])
def test_a_set_is_gone_and_all_else_stays(image_id: str) -> None:
    item, draws = sample_item(SPEC, image_id), joint_edits(SPEC, image_id)
    for members in attribute_sets(item.attributes):
        for edits in edits_of_set(draws, members):
            edited = item
            for edit in edits:
                edited = apply_edit(edited, edit)
            assert not set(members) & set(edited.attributes)
            assert set(item.attributes) - set(members) <= set(edited.attributes)


def test_a_factor_of_four_values_takes_each_other_value_once() -> None:
    for image_id in IDS:
        item, draws = sample_item(SPEC, image_id), joint_edits(SPEC, image_id)
        assert len(draws) == JOINT_EDITS
        for attribute in item.attributes:
            factor = attribute.partition(":")[0]
            values = {draw[attribute].new_value for draw in draws}
            if factor in FACTORS:
                assert len(values) == JOINT_EDITS
                assert item.value_of(factor) not in values
            else:
                assert len(values) == 1


def test_draws_differ_between_items_and_follow_the_seed() -> None:
    def orders(spec: PlantedSpec) -> list[tuple[str, ...]]:
        return [tuple(draw["background:sand"].new_value for draw in joint_edits(spec, image)) for image in sandy]

    sandy = [
        image
        for image in (f"test_{n:05d}" for n in range(80))
        if "background:sand" in sample_item(SPEC, image).attributes
    ]
    assert len(set(orders(SPEC))) > 2
    assert orders(SPEC) == orders(SPEC)


@pytest.mark.parametrize("image_id", IDS)
def test_the_number_of_images_is_foretold(image_id: str) -> None:
    item, draws = sample_item(SPEC, image_id), joint_edits(SPEC, image_id)
    images = {(), *(edits for members in attribute_sets(item.attributes) for edits in edits_of_set(draws, members))}
    assert len(images) == edited_images(len(FACTORS), len(item.parts))


def test_several_edits_are_rendered_as_one_after_the_other() -> None:
    image_id = next(image for image in IDS if sample_item(SPEC, image).parts)
    item, (draw, *_) = sample_item(SPEC, image_id), joint_edits(SPEC, image_id)
    np.testing.assert_array_equal(render_with_edits(SPEC, image_id, ()), render_item(SPEC, image_id))
    for attribute in item.attributes:
        alone = render_with_edits(SPEC, image_id, (draw[attribute],))
        np.testing.assert_array_equal(alone, render_with_edit(SPEC, image_id, draw[attribute]))
    ground, part = f"background:{item.value_of('background')}", f"part:{item.parts[0]}"
    both = render_with_edits(SPEC, image_id, (draw[ground], draw[part]))
    # The part's pixels change as with the part alone, the ground's as with the ground alone.
    original = render_item(SPEC, image_id)
    changed = [(render_with_edit(SPEC, image_id, draw[name]) != original).any(axis=2) for name in (ground, part)]
    assert ((both != original).any(axis=2) == changed[0] | changed[1]).mean() > 0.99
    assert not np.array_equal(both, render_with_edit(SPEC, image_id, draw[ground]))
