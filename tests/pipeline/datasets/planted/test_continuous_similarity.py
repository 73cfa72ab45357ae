import math
from dataclasses import replace

import numpy as np
import pytest

from pipeline.datasets.planted import continuous_similarity as module
from pipeline.datasets.planted.continuous_similarity import (
    BRIGHTNESS_WIDTH,
    COARSENESS_WIDTH,
    CONTRAST_WIDTH,
    POSITION_WIDTH,
    TEXTURE_WEIGHTS,
    UNNAMED_WEIGHTS,
)
from pipeline.datasets.planted.items import sample_item
from pipeline.datasets.planted.nuisances import draw_gain, draw_nuisances, draw_scale, draw_shift
from pipeline.datasets.planted.spec import PlantedSpec
from tests.oracles.planted_similarity import continuous_similarity
from tests.pipeline.evaluation.broken_copy import broken_copy

SPEC = PlantedSpec(seed=7, test_items=200, image_size_px=64)
ITEMS = [sample_item(SPEC, f"test_{number:05d}") for number in range(40)]


def assert_agrees(targets: np.ndarray, quantities, weights, widths) -> None:
    units = targets / np.linalg.norm(targets, axis=1, keepdims=True)
    values = [quantities(item) for item in ITEMS]
    expected = [
        [
            continuous_similarity(query, reference, (weights[one.item_type], weights[two.item_type]), widths)
            for reference, two in zip(values, ITEMS, strict=True)
        ]
        for query, one in zip(values, ITEMS, strict=True)
    ]
    np.testing.assert_allclose(units @ units.T, expected, atol=1e-3)


def assert_texture(tested=module) -> None:
    assert_agrees(
        tested.texture_coordinates(SPEC, ITEMS),
        lambda item: {"coarseness": module.coarseness(SPEC, item), "contrast": module.contrast(SPEC, item)},
        TEXTURE_WEIGHTS,
        {"coarseness": COARSENESS_WIDTH, "contrast": CONTRAST_WIDTH},
    )


def assert_unnamed(tested=module) -> None:
    def quantities(item) -> dict[str, float | None]:
        shown = draw_nuisances(SPEC, item.image_id)
        return {"brightness": draw_gain(SPEC, item.image_id), "position": shown.shift_x}

    widths = {"brightness": BRIGHTNESS_WIDTH, "position": POSITION_WIDTH}
    assert_agrees(tested.unnamed_coordinates(SPEC, ITEMS), quantities, UNNAMED_WEIGHTS, widths)


def test_the_cosines_are_the_planted_similarities() -> None:
    assert_texture()
    assert_unnamed()


@pytest.mark.parametrize(
    ("right", "wrong", "noticed_by"),
    [
        ("-0.5 * ((value", "-0.1 * ((value", assert_texture),
        ("[0.0 if coarse is not None else 1.0]", "[1.0]", assert_texture),
        ("draw_shift(spec, item.image_id)[0]", "draw_shift(spec, item.image_id)[1]", assert_unnamed),
        ("least - 3 * width", "least + 3 * width", assert_unnamed),
    ],
    ids=["other width", "plain for all", "up and down", "narrow grid"],
)
def test_broken_copies_are_noticed(tmp_path, right: str, wrong: str, noticed_by) -> None:
    with pytest.raises(AssertionError):
        noticed_by(broken_copy(module, tmp_path, right, wrong))


def test_nuisances_drawn_alone_are_those_of_the_photograph() -> None:
    for item in ITEMS[:10]:
        shown = draw_nuisances(SPEC, item.image_id)
        assert (shown.shift_x, shown.shift_y) == draw_shift(SPEC, item.image_id)
        assert shown.scale == draw_scale(SPEC, item.image_id)
        # Gradient and tint average to one over an image, up to the tint's few hundredths.
        assert float(shown.light_chw.mean()) == pytest.approx(draw_gain(SPEC, item.image_id), rel=0.02)


def test_attributes_name_the_texture_only_coarsely() -> None:
    items = [sample_item(SPEC, f"test_{number:05d}") for number in range(200)]
    by_pattern: dict[str, list[float]] = {}
    for item in items:
        value = module.coarseness(SPEC, item)
        if value is not None:
            by_pattern.setdefault(item.value_of("pattern"), []).append(value)
    spread = max(max(values) - min(values) for values in by_pattern.values())
    assert spread > 1.5 * COARSENESS_WIDTH
    # The coarsest checks are coarser than the finest dots.
    assert max(by_pattern["checks"]) > min(by_pattern["dots"])
    assert max(by_pattern["stripes"]) < min(by_pattern["checks"])


def test_contrast_is_that_of_the_ink_on_the_body() -> None:
    item = replace(ITEMS[0], values=("grey", "stripes", "black", "sand"))
    # Half body, half ink: the deviation is half of the step, times the light.
    step = 0.2126 * (0.55 - 0.12) + 0.7152 * (0.56 - 0.12) + 0.0722 * (0.58 - 0.14)
    assert module.contrast(SPEC, item) == pytest.approx(math.log(0.5 * step * draw_gain(SPEC, item.image_id)))
    assert module.contrast(SPEC, replace(item, values=("grey", "plain", "black", "sand"))) is None
