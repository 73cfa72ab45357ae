"""Items seen by cameras: what is an item's, what is a camera's, and what is of each image alone."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.datasets.cameras import CameraIndex
from pipeline.datasets.planted.blur import blur_reach, blurred
from pipeline.datasets.planted.cameras import COMBINATIONS, MOST_IDENTITIES, camera_of, identity_states, view_of
from pipeline.datasets.planted.index import build_planted_index
from pipeline.datasets.planted.items import sample_item
from pipeline.datasets.planted.nuisances import draw_nuisances
from pipeline.datasets.planted.renderer import find_pure_background, render_item
from pipeline.datasets.planted.spec import PlantedSpec
from pipeline.errors import BadSetting

SPEC = PlantedSpec(seed=3, train_items=32, valid_items=16, test_items=24, image_size_px=48, cameras=4)
# Items 0 and 1 of the test split, eight images each, two by each camera in turn.
IDS = [f"test_{number:05d}" for number in range(16)]


def test_an_item_is_the_same_to_all_cameras_but_for_the_ground() -> None:
    items = [sample_item(SPEC, image_id) for image_id in IDS]
    assert [item.class_name for item in items] == ["identity_test_00000"] * 8 + ["identity_test_00001"] * 8
    seen = [{(item.item_type, item.parts, item.values[:3]) for item in items[start : start + 8]} for start in (0, 8)]
    assert [len(one) for one in seen] == [1, 1]
    assert seen[0] != seen[1]
    grounds = [item.value_of("background") for item in items]
    assert grounds == [ground for ground in dict.fromkeys(grounds) for _ in range(2)] * 2
    assert len(set(grounds)) == 4


def test_scale_light_and_blur_are_the_camera_s_and_place_and_noise_the_image_s() -> None:
    drawn = [draw_nuisances(SPEC, image_id) for image_id in IDS]
    for number, one in enumerate(drawn):
        # The same camera sees the other item eight images later.
        same = drawn[(number + 8) % 16]
        other = drawn[(number + 2) % 16]
        assert (one.scale, one.blur) == (same.scale, same.blur)
        np.testing.assert_array_equal(one.light_chw, same.light_chw)
        assert one.scale != other.scale
        assert one.blur != other.blur
        assert not np.array_equal(one.light_chw, other.light_chw)
    assert len({one.shift_x for one in drawn}) == len({float(one.noise_chw[0, 0, 0]) for one in drawn}) == 16
    assert all(one.light_chw.dtype == np.float32 for one in drawn)


def test_no_two_items_are_alike_in_any_splits() -> None:
    items = [(split, number) for split in ("train", "valid", "test") for number in range(MOST_IDENTITIES)]
    views = [view_of(f"{split}_{8 * number:05d}", 4) for split, number in items]
    found = {(kind, tuple(states.items())) for kind, states in (identity_states(3, view) for view in views)}
    assert len(found) == len(items) == COMBINATIONS
    # Another seed deals another order.
    assert identity_states(3, views[0]) != identity_states(4, views[0])


def test_the_index_says_who_saw_what_and_grades_nothing() -> None:
    index = build_planted_index(SPEC)
    assert isinstance(index, CameraIndex)
    assert [view.image_id for view in index.views] == [f"test_{number:05d}" for number in range(24)]
    assert [view.camera for view in index.views] == [1, 1, 2, 2, 3, 3, 4, 4] * 3
    assert [view.is_query for view in index.views] == [True, False] * 12
    assert {record.similarity_target for record in index.records} == {None}
    labels = {split: {one.label for one in index.records if one.split == split} for split in ("train", "valid", "test")}
    assert [len(found) for found in labels.values()] == [4, 2, 3]
    assert not labels["train"] & labels["test"]


@pytest.mark.parametrize("count", [20, 8, 0])
def test_items_that_not_all_cameras_see_are_refused(count: int) -> None:
    with pytest.raises(BadSetting, match=r"(?s)a multiple of 8.*dataset\.test_items.*set it to (16|24)"):
        build_planted_index(replace(SPEC, test_items=count))


@pytest.mark.parametrize(("changes", "found"), [({"cameras": 1}, "from 2 to"), ({"label_mode": "class"}, "'class'")])
def test_what_cameras_cannot_be_is_refused(changes: dict[str, object], found: str) -> None:
    with pytest.raises(BadSetting, match=found):
        replace(SPEC, **changes)  # type: ignore[arg-type]


def test_without_cameras_nothing_of_an_item_is_another() -> None:
    plain = replace(SPEC, cameras=0)
    nuisances = draw_nuisances(plain, IDS[0])
    assert nuisances.blur == 0
    assert sample_item(plain, IDS[0]).class_name is None
    assert not isinstance(build_planted_index(plain), CameraIndex)
    assert not np.array_equal(render_item(plain, IDS[0]), render_item(SPEC, IDS[0]))


def test_a_blur_keeps_the_mean_reaches_as_far_as_it_says_and_none_is_none() -> None:
    point = np.zeros((2, 41, 41), dtype=np.float32)
    point[:, 20, 20] = 1
    assert blurred(point, 0) is point
    spread = blurred(point, 0.05)
    assert spread.dtype == np.float32
    assert spread.sum() == pytest.approx(2, rel=1e-5)
    assert np.ptp(np.flatnonzero(spread[0].any(axis=0))) / 2 <= np.ceil(blur_reach(0.05) * 41)
    deviation = np.sqrt((spread[0].sum(axis=0) * (np.arange(41) - 20) ** 2).sum())
    assert deviation == pytest.approx(0.05 * 41, rel=0.03)


def test_the_ground_alone_is_as_far_from_the_item_as_the_blur_reaches() -> None:
    blurs = [camera_of(3, number).blur for number in range(1, 5)]
    blurriest = IDS[2 * int(np.argmax(blurs))]
    ground_yx = find_pure_background(SPEC, blurriest)
    assert 0.05 < ground_yx.mean() < 0.9
    image, light = render_item(SPEC, blurriest), draw_nuisances(SPEC, blurriest).light_chw
    # Within the ground what is left besides light is noise.
    colours = (image / 255 / light.transpose(1, 2, 0))[ground_yx]
    assert colours.std(axis=0).max() < 0.04


@pytest.mark.parametrize(
    ("image_id", "total", "steps"),
    [("train_00000", 1178946, 85861), ("test_00000", 1048572, 94733), ("test_00011", 1218766, 78566)],
)
def test_without_cameras_images_are_those_of_before_there_were_any(image_id: str, total: int, steps: int) -> None:
    image = render_item(replace(SPEC, cameras=0), image_id).astype(np.int64)
    # Sums of colours and of steps from row to row of pixels; another processor may round a few differently.
    assert image.sum() == pytest.approx(total, abs=20)
    assert np.abs(np.diff(image, axis=1)).sum() == pytest.approx(steps, abs=20)
