import math

import pytest

from pipeline.datasets.planted.items import sample_item
from pipeline.datasets.planted.spec import CAMERAS, OF_ITEMS, PlantedSpec, planted_spec
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
        (lambda: PlantedSpec(drivers="shape"), "drivers"),
        (lambda: PlantedSpec(label_mode="thin"), "label_mode"),
        (lambda: PlantedSpec(unlabelled_share=1.0), "unlabelled_share"),
        (lambda: PlantedSpec(classes=0), "classes"),
        (lambda: PlantedSpec(class_noise=-0.1), "class_noise"),
    ],
)
def test_bad_settings_are_refused_by_name(build, key: str) -> None:
    with pytest.raises(BadSetting, match=key):
        build()


def test_a_stages_settings_give_every_item_that_any_dataset_of_them_has() -> None:
    settings = {"kind": "planted", "seed": 3, "image_size_px": 64, "distractor_correlation": 0.2}
    spec = planted_spec(settings)
    assert (spec.seed, spec.image_size_px, spec.distractor_correlation) == (3, 64, 0.2)
    few = PlantedSpec(seed=3, train_items=5, valid_items=5, test_items=5, image_size_px=64, distractor_correlation=0.2)
    assert sample_item(spec, "train_00004") == sample_item(few, "train_00004")
    assert sample_item(planted_spec({**settings, "seed": 4}), "train_00004") != sample_item(few, "train_00004")
    assert sample_item(spec, "test_99999").split == "test"
    with pytest.raises(BadSetting, match="image_size_px"):
        planted_spec({**settings, "image_size_px": 8})


@pytest.mark.parametrize(
    ("mode", "given", "copied"),
    [
        ("dense", 0.4, 0.4),
        ("sparse", 0.4, 0.4),
        ("correlated", 0.4, 0.9),
        ("correlated", 1.0, 1.0),
        ("class", 0.4, 0.0),
    ],
)
def test_distractors_copy_as_often_as_the_labels_say(mode, given: float, copied: float) -> None:
    assert PlantedSpec(label_mode=mode, distractor_correlation=given).copying_probability == copied


def test_every_setting_that_identifies_an_item_reaches_its_spec() -> None:
    changed = {"seed": 2, "image_size_px": 40, "distractor_correlation": 0.1, "drivers": "texture"}
    changed |= {"label_mode": "class", "unlabelled_share": 0.2, "classes": 7, "class_noise": 0.5}
    assert set(changed) == set(OF_ITEMS)
    spec = planted_spec({"kind": "planted", **changed})
    assert {name: getattr(spec, name) for name in OF_ITEMS} == changed
    assert spec.cameras == 0
    assert planted_spec({"kind": "planted", CAMERAS: 5}).cameras == 5
