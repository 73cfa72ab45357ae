"""The first stages ask the catalogue: what photographs and rendered items depend on and load stays apart."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from flows.engine.code_identity import stage_code
from flows.engine.stage import Stage
from flows.settings.configuration import Settings
from flows.stages.dataset import dataset_stages, match_threshold
from flows.stages.dataset_index import dataset_index
from flows.stages.graph import build_stages
from pipeline.datasets.catalogue import DATASETS
from tests.flows.fake_awa2 import write_fake_awa2
from tests.flows.planted_config import write_config
from tests.flows.run_cases import in_fresh_process

PIXEL_MODULES = {kind.pixels_module for kind in DATASETS.values()}
STATUS = """
import json, sys
from flows.cli import app
app(["status", sys.argv[1], "--format", "json"], standalone_mode=False)
json.dump(sorted(sys.modules), sys.stderr)
"""


def settings_of(name: str) -> Settings:
    kind = DATASETS[name]
    places = {"root": None if kind.is_rendered else "data", "table": "items.csv" if kind.needs_table else None}
    return Settings.model_validate({"dataset": {"kind": name, **places}})


def stages_of(name: str) -> dict[str, Stage]:
    return {stage.name: stage for stage in dataset_stages(settings_of(name))}


def foreign_pixel_modules(name: str, stage: Stage) -> set[str]:
    """Return the modules that make other datasets' pixels and yet are in a stage's code."""
    return (PIXEL_MODULES - {DATASETS[name].pixels_module}) & set(stage_code(stage.job, stage.code))


@pytest.mark.parametrize("name", DATASETS)
def test_pixels_depend_on_the_module_that_makes_them_and_on_no_other(name: str) -> None:
    images = stages_of(name)["images"]
    assert DATASETS[name].pixels_module in images.code
    assert foreign_pixel_modules(name, images) == set()
    assert not PIXEL_MODULES & set(stage_code("vocabulary", stages_of(name)["vocabulary"].code))
    assert DATASETS[name].index_module in stages_of(name)["vocabulary"].code


def test_a_stage_that_depends_on_both_ways_to_pixels_is_found() -> None:
    images = stages_of("awa2")["images"]
    widened = replace(images, code=(*images.code, "pipeline.datasets.planted.renderer"))
    assert foreign_pixel_modules("awa2", widened) == {"pipeline.datasets.planted.renderer"}


@pytest.mark.parametrize("name", DATASETS)
def test_every_setting_that_changes_pixels_is_in_the_key_and_no_catalogue_module_is_in_the_code(name: str) -> None:
    images = stages_of(name)["images"]
    assert set(images.settings) - {"fit"} == set(DATASETS[name].pixel_settings)
    assert images.settings.get("fit", "crop") == DATASETS[name].fit
    assert not set(images.settings) & set(images.item_limits)
    kept = {*images.settings, *images.item_limits, *DATASETS[name].later_settings}
    assert kept >= set(DATASETS[name].own_keys)
    for stage in stages_of(name).values():
        code = stage_code(stage.job, stage.code)
        assert not {"pipeline.datasets.catalogue", "pipeline.datasets.declaration"} & set(code), stage.name


@pytest.mark.parametrize("name", DATASETS)
def test_keys_that_came_later_are_left_out_at_the_values_of_kept_images(name: str) -> None:
    kind = DATASETS[name]
    places = {"root": None if kind.is_rendered else "data", "table": "items.csv" if kind.needs_table else None}

    def image_settings(**values: object) -> set[str]:
        settings = Settings.model_validate({"dataset": {"kind": name, **places, **values}})
        return set({stage.name: stage for stage in dataset_stages(settings)}["images"].settings)

    assert image_settings(fit="crop") == set(kind.pixel_settings)
    added = set() if kind.is_rendered else {"fit", "bit_depth"}
    assert image_settings(fit="stretch", bit_depth=12) == set(kind.pixel_settings) | added


def test_only_datasets_of_outfits_have_stages_of_outfits() -> None:
    of_outfits = {name for name in DATASETS if "type_pairs" in stages_of(name)}
    assert of_outfits == {"polyvore_outfits"}
    assert stages_of("polyvore_outfits")["outfits.valid"].settings == {
        "kind": "polyvore_outfits",
        "outfit_splits": "nondisjoint",
        "split": "valid",
    }


def test_the_threshold_of_matches_is_that_of_graded_similarities_alone() -> None:
    assert {name: match_threshold(settings_of(name)) for name in DATASETS} == {
        "planted": 0.5,
        "awa2": 0.0,
        "polyvore_outfits": 0.0,
        "cars196": 0.0,
        "cub200": 0.0,
        "stanford_online_products": 0.0,
        "market1501": 0.0,
        "cuhk03_np": 0.0,
        "folder": 0.0,
    }


def test_limits_cut_rendered_items_without_being_in_a_key() -> None:
    stages = [
        dataset_stages(Settings.model_validate({"dataset": {"kind": "planted", "valid_items": count}}))[1]
        for count in (3, 7)
    ]
    few, many = (dataset_index(stage).records for stage in stages)
    assert [sum(record.split == "valid" for record in records) for records in (few, many)] == [3, 7]
    assert stages[0].settings == stages[1].settings


def test_the_index_is_built_once_for_all_stages_and_anew_after_a_change(tmp_path: Path) -> None:
    write_fake_awa2(tmp_path)
    settings = Settings.model_validate(
        {"dataset": {"kind": "awa2", "root": tmp_path / "release", "validation_images": 3}}
    )
    vocabulary, images = dataset_stages(settings)
    first = dataset_index(vocabulary)
    assert dataset_index(images) is first
    (tmp_path / "release" / "JPEGImages" / "mole" / "mole_10001.png").unlink()
    assert len(dataset_index(images).records) == len(first.records) - 1


@pytest.mark.parametrize("write", [write_fake_awa2, write_config])
def test_status_loads_neither_torch_nor_what_makes_pixels(write, tmp_path: Path) -> None:
    config = write(tmp_path)
    answer = in_fresh_process(["-c", STATUS, str(config)])
    assert {row["stage"] for row in json.loads(answer.stdout)} >= {"vocabulary", "images"}
    loaded = set(json.loads(answer.stderr.splitlines()[-1]))
    assert "pipeline.datasets.catalogue" in loaded
    assert not {"torch", "PIL", *PIXEL_MODULES} & loaded


def identity_of(stage: Stage) -> tuple[object, ...]:
    return stage.job, stage.settings, stage.code, stage.upstream, stage.item_limits


def graph_of(**dataset: object) -> dict[str, Stage]:
    settings = Settings.model_validate({"dataset": {"kind": "planted", **dataset}})
    return {stage.name: stage for stage in build_stages(settings)}


def test_without_cameras_no_stage_of_rendered_items_knows_of_them() -> None:
    plain = graph_of()
    assert {name: identity_of(one) for name, one in plain.items()} == {
        name: identity_of(one) for name, one in graph_of(cameras=0).items()
    }
    assert not [name for name, stage in plain.items() if '"cameras"' in json.dumps(stage.settings, default=str)]
    assert not {"retrieval.test", "image_views.test"} & set(plain)


def test_with_cameras_images_match_by_their_item_and_are_looked_for_over_cameras() -> None:
    seen = graph_of(cameras=4, train_items=32, valid_items=16, test_items=16)
    assert (seen["images"].settings["cameras"], seen["vocabulary"].settings["cameras"]) == (4, 4)
    assert seen["images"].keys["cameras"] == "dataset.cameras"
    assert seen["retrieval.test"].settings["recall_ranks"] == [1, 5, 10]
    assert seen["pairs.test"].settings["match_threshold"] == 0.0
    assert "audit" not in seen
    (shard,) = seen["image_views.test"].cut(None, seen["image_views.test"])  # type: ignore[arg-type]
    rows = shard.work["rows"]
    assert [(row["camera"], row["is_query"]) for row in rows[:4]] == [(1, True), (1, False), (2, True), (2, False)]
