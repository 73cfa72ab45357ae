"""[dataset]: each dataset's own keys are those that it declares, with its defaults, limits and places."""

import dataclasses
import pickle

import pytest
from pydantic import ValidationError

from flows.settings.configuration import Settings
from flows.settings.dataset import DatasetSettings
from pipeline.datasets.catalogue import DATASETS

PLACES = {"root": "data", "table": "items.csv"}


def places_of(name: str) -> dict[str, str]:
    kind = DATASETS[name]
    return {
        **({} if kind.is_rendered else {"root": "data"}),
        **({"table": "items.csv"} if kind.needs_table else {}),
    }


# Where the papers' centre would lose too much.
FITS = {"folder": "pad", "market1501": "stretch", "cuhk03_np": "stretch"}


@pytest.mark.parametrize("name", DATASETS)
def test_defaults_are_those_that_the_dataset_declares(name: str) -> None:
    settings = DatasetSettings.model_validate({"kind": name, **places_of(name)})
    kind = DATASETS[name]
    assert settings.declared is kind
    assert settings.canvas == kind.canvas_rgb
    assert settings.fit == kind.fit == FITS.get(name, "crop")
    assert settings.model_dump(include=set(kind.own_keys)) == dataclasses.asdict(kind.settings())


@pytest.mark.parametrize("name", DATASETS)
def test_each_place_is_asked_for_where_it_is_needed(name: str) -> None:
    needed = places_of(name)
    for place in needed:
        with pytest.raises(ValidationError, match=f"dataset.{place} is required"):
            DatasetSettings.model_validate({"kind": name, **needed, place: None})
    if "table" not in needed:
        with pytest.raises(ValidationError, match="dataset.table is required where dataset.kind is 'folder', and only"):
            DatasetSettings.model_validate({"kind": name, **PLACES})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("validation_images", 1),
        ("outfit_splits", "both"),
        ("train_items", 0),
        ("distractor_correlation", 1.1),
        ("distractor_correlation", -0.1),
        ("seed", "one"),
        ("kind", "awa3"),
        ("kind", ["planted"]),
        ("unknown", 1),
    ],
)
def test_a_value_out_of_the_declared_limits_is_refused_by_its_key(key: str, value: object) -> None:
    with pytest.raises(ValidationError) as refused:
        DatasetSettings.model_validate({"kind": "planted", key: value})
    assert refused.value.errors()[0]["loc"] == (key,)


def test_a_canvas_of_ones_own_is_kept() -> None:
    own = DatasetSettings.model_validate({"kind": "polyvore_outfits", "root": "data", "canvas": [1, 2, 3]})
    assert own.canvas == (1, 2, 3)


def test_settings_travel_to_other_processes() -> None:
    settings = Settings.model_validate({"dataset": {"kind": "planted", "train_items": 7}})
    copy = pickle.loads(pickle.dumps(settings))  # noqa: S301 - what was pickled is known
    assert copy == settings
    assert copy.dataset.declared is DATASETS["planted"]


USER_MODEL = {"kind": "user", "factory": "my_model:build"}


@pytest.mark.parametrize(
    ("input_size_px", "dataset", "side"),
    [
        (224, {}, 224),
        (4096, {}, 1024),
        (64, {}, 112),
        (None, {}, 112),
        (224, {"image_size_px": 112}, 112),
        (224, {"image_size_px": 300}, 300),
    ],
)
def test_images_are_as_large_as_a_larger_input_unless_their_size_is_set(
    input_size_px: int | None, dataset: dict[str, int], side: int
) -> None:
    values = {
        "dataset": {"kind": "planted", **dataset},
        "similarity_model": {**USER_MODEL, "input_size_px": input_size_px},
    }
    settings = Settings.model_validate(values)
    assert settings.dataset.image_size_px == side
    assert settings.similarity_model.input_size_px == input_size_px
    assert Settings.model_validate(settings.model_dump(exclude_unset=True)) == settings


@pytest.mark.parametrize("side", ["large", 224.5, -1, 10**6])
def test_an_input_size_that_is_none_is_refused_by_its_own_key(side: object) -> None:
    values = {"dataset": {"kind": "planted"}, "similarity_model": {**USER_MODEL, "input_size_px": side}}
    with pytest.raises(ValidationError) as refused:
        Settings.model_validate(values)
    assert {error["loc"][0] for error in refused.value.errors()} == {"similarity_model"}


def test_only_ones_own_model_has_an_input_size() -> None:
    assert Settings.model_validate({"dataset": {"kind": "planted"}}).dataset.image_size_px == 112
