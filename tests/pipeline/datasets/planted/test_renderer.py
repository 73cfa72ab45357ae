import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pipeline.datasets.planted import renderer
from pipeline.datasets.planted.edits import attribute_edits
from pipeline.datasets.planted.item_edits import Edit
from pipeline.datasets.planted.items import sample_item
from pipeline.datasets.planted.nuisances import draw_nuisances
from pipeline.datasets.planted.part_drawings import PART_CENTRES
from pipeline.datasets.planted.renderer import find_pure_background, make_pixels, render_item, render_with_edit
from pipeline.datasets.planted.spec import PlantedSpec
from pipeline.datasets.planted.vocabulary import FACTORS, PARTS, PARTS_OF_TYPE, attribute_names
from pipeline.datasets.records import PixelSource
from pipeline.errors import BadDataset, BadSetting

ROOT = Path(__file__).parents[4]
SPEC = PlantedSpec(image_size_px=48)
IDS = [f"test_{number:05d}" for number in range(12)]


def null_edits(image_id: str) -> list[Edit]:
    item = sample_item(SPEC, image_id)
    edits = [Edit(f"{factor}:{item.value_of(factor)}", factor, item.value_of(factor)) for factor in FACTORS]
    return edits + [Edit(f"part:{part}", part, "on" if part in item.parts else "off") for part in PARTS]


def check_null_edits(image_id: str) -> None:
    original = render_item(SPEC, image_id)
    for edit in null_edits(image_id):
        np.testing.assert_array_equal(render_with_edit(SPEC, image_id, edit), original)


def check_part_edits_are_local(image_id: str) -> None:
    """Nothing may change further from a part's centre than any part spans."""
    item, nuisances = sample_item(SPEC, image_id), draw_nuisances(SPEC, image_id)
    line = (np.arange(SPEC.image_size_px) + 0.5) / SPEC.image_size_px - 0.5
    original = render_item(SPEC, image_id)
    for part in PARTS_OF_TYPE[item.item_type]:
        x, y = PART_CENTRES[item.item_type, part]
        far_x = abs(line - nuisances.shift_x - x * nuisances.scale) > 0.4
        far_y = abs(line - nuisances.shift_y - y * nuisances.scale) > 0.2
        far = far_x[None, :] | far_y[:, None]
        (edit,) = attribute_edits(item, f"part:{part}")
        edited = render_with_edit(SPEC, image_id, edit)
        assert not np.array_equal(edited, original)
        np.testing.assert_array_equal(edited[far], original[far])


@pytest.mark.parametrize("image_id", IDS[:6])
def test_a_null_edit_reproduces_the_image_bit_for_bit(image_id: str) -> None:
    check_null_edits(image_id)


@pytest.mark.parametrize("image_id", IDS)
def test_edits_of_parts_keep_every_pixel_elsewhere(image_id: str) -> None:
    check_part_edits_are_local(image_id)


@pytest.mark.parametrize("check", [check_null_edits, check_part_edits_are_local])
def test_a_renderer_that_draws_noise_from_a_shared_stream_is_noticed(check, monkeypatch) -> None:
    shared = np.random.default_rng(0)

    def draw_from_shared_stream(spec: PlantedSpec, image_id: str):
        nuisances = draw_nuisances(spec, image_id)
        nuisances.noise_chw[:] = shared.normal(scale=0.015, size=nuisances.noise_chw.shape)
        return nuisances

    monkeypatch.setattr(renderer, "draw_nuisances", draw_from_shared_stream)
    with pytest.raises(AssertionError):
        check(IDS[0])


@pytest.mark.parametrize("image_id", IDS[:6])
def test_background_edits_keep_the_inside_of_the_item(image_id: str) -> None:
    item = sample_item(SPEC, image_id)
    original = render_item(SPEC, image_id)
    body_edit = attribute_edits(item, f"body_colour:{item.value_of('body_colour')}")[0]
    body = (render_with_edit(SPEC, image_id, body_edit) != original).any(axis=2)
    # A pixel on the outline mixes both, and it never borders only on body pixels.
    inside = body[1:-1, 1:-1] & body[:-2, 1:-1] & body[2:, 1:-1] & body[1:-1, :-2] & body[1:-1, 2:]
    assert inside.any()
    for edit in attribute_edits(item, f"background:{item.value_of('background')}"):
        edited = render_with_edit(SPEC, image_id, edit)
        np.testing.assert_array_equal(edited[1:-1, 1:-1][inside], original[1:-1, 1:-1][inside])


@pytest.mark.parametrize("image_id", IDS[:6])
def test_pure_background_is_what_only_the_background_edit_changes(image_id: str) -> None:
    item = sample_item(SPEC, image_id)
    background = find_pure_background(SPEC, image_id)
    assert background.dtype == np.bool_
    assert 0.3 < background.mean() < 0.9
    original = render_item(SPEC, image_id)
    for name in attribute_names():
        for edit in attribute_edits(item, name):
            changed = (render_with_edit(SPEC, image_id, edit) != original).any(axis=2)
            if edit.factor_or_part == "background":
                assert changed[background].all()
            else:
                assert not changed[background].any()


@pytest.mark.parametrize("size_px", [32, 33, 64, 112])
def test_images_have_the_asked_size_and_show_the_same_item(size_px: int) -> None:
    image = render_item(PlantedSpec(image_size_px=size_px), "train_00004")
    assert image.shape == (size_px, size_px, 3)
    assert image.dtype == np.uint8
    assert image.flags.c_contiguous
    whole = render_item(PlantedSpec(image_size_px=112), "train_00004").astype(float)
    np.testing.assert_allclose(image.mean(axis=(0, 1)), whole.mean(axis=(0, 1)), atol=3)


def test_a_small_image_is_the_large_one_shrunk() -> None:
    small = render_item(PlantedSpec(image_size_px=48), "test_00003").astype(float)
    large = render_item(PlantedSpec(image_size_px=96), "test_00003").astype(float)
    pooled = large.reshape(48, 2, 48, 2, 3).mean(axis=(1, 3))
    assert abs(small - pooled).mean() < 6


def test_the_seed_and_the_id_decide_the_image_and_the_counts_do_not() -> None:
    image = render_item(SPEC, "test_00001")
    assert np.array_equal(image, render_item(PlantedSpec(image_size_px=48, test_items=2), "test_00001"))
    assert not np.array_equal(image, render_item(PlantedSpec(image_size_px=48, seed=1), "test_00001"))
    assert not np.array_equal(image, render_item(SPEC, "test_00002"))


def test_another_process_renders_the_same_bytes_without_torch() -> None:
    script = """
import hashlib, sys
import pipeline.datasets.planted.edits, pipeline.datasets.planted.index
from pipeline.datasets.planted.renderer import render_item
from pipeline.datasets.planted.spec import PlantedSpec
spec = PlantedSpec(image_size_px=48)
pixels = b"".join(render_item(spec, f"test_{n:05d}").tobytes() for n in reversed(range(12)))
sys.stdout.write(hashlib.sha256(pixels).hexdigest() + " " + str("torch" in sys.modules))
"""
    environment = {**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": str(ROOT)}
    answer = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    here = hashlib.sha256(b"".join(render_item(SPEC, image_id).tobytes() for image_id in reversed(IDS)))
    assert answer.stdout.split() == [here.hexdigest(), "False"]


def test_unknown_items_and_impossible_edits_are_refused() -> None:
    with pytest.raises(BadDataset):
        render_item(SPEC, "test_99999")
    with pytest.raises(BadDataset):
        find_pure_background(SPEC, "nothing")
    shirt = next(image_id for image_id in IDS if sample_item(SPEC, image_id).item_type == "shirt")
    with pytest.raises(BadSetting, match="sole"):
        render_with_edit(SPEC, shirt, Edit("part:sole", "sole", "on"))


def test_pixels_by_settings_are_those_of_the_item() -> None:
    settings = {"seed": 1, "image_size_px": 40, "distractor_correlation": 0.4}
    pixels, size_px = make_pixels(PixelSource("valid_00003"), settings)
    assert size_px == (40, 40)
    assert np.array_equal(pixels, render_item(PlantedSpec(seed=1, image_size_px=40), "valid_00003"))
    assert not np.array_equal(pixels, make_pixels(PixelSource("valid_00003"), {**settings, "seed": 2})[0])
    with pytest.raises(BadDataset):
        make_pixels(PixelSource("nothing"), settings)
