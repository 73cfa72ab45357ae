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


@pytest.mark.parametrize("name", DATASETS)
def test_defaults_are_those_that_the_dataset_declares(name: str) -> None:
    settings = DatasetSettings.model_validate({"kind": name, **places_of(name)})
    kind = DATASETS[name]
    assert settings.declared is kind
    assert settings.canvas == kind.canvas_rgb
    assert settings.fit == kind.fit == ("pad" if name == "folder" else "crop")
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
