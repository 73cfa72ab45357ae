import math

import pytest

from pipeline.datasets.planted.spec import PlantedSpec
from pipeline.errors import BadSetting


def test_defaults_are_the_documented_ones() -> None:
    spec = PlantedSpec()
    assert (spec.train_items, spec.valid_items, spec.test_items) == (1600, 400, 400)
    assert (spec.image_size_px, spec.distractor_correlation) == (112, 0.4)
    assert (spec.drivers, spec.label_mode) == ("mixed", "dense")


@pytest.mark.parametrize(
    ("build", "key"),
    [
        (lambda: PlantedSpec(train_items=-1), "train_items"),
        (lambda: PlantedSpec(test_items=100_001), "test_items"),
        (lambda: PlantedSpec(image_size_px=8), "image_size_px"),
        (lambda: PlantedSpec(distractor_correlation=1.5), "distractor_correlation"),
        (lambda: PlantedSpec(distractor_correlation=math.nan), "distractor_correlation"),
        (lambda: PlantedSpec(drivers="colour"), "drivers"),
        (lambda: PlantedSpec(label_mode="sparse"), "label_mode"),
    ],
)
def test_bad_settings_are_refused_by_name(build, key: str) -> None:
    with pytest.raises(BadSetting, match=key):
        build()
