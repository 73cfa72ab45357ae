"""What the report depends on where it shows photographs, and that nothing else depends on how it does."""

from pathlib import Path
from typing import Any

import pytest

from flows.configured_runs import configured_runs
from flows.engine.code_identity import stage_code
from flows.engine.stage import Stage
from flows.settings.configuration import Settings

PHOTOGRAPHS = {"fit", "image_size_px", "canvas", "effective_resolution_px", "bit_depth"}
FOLDER = {"kind": "folder", "root": "pictures", "table": "items.csv"}


def stages_of(**dataset: Any) -> dict[str, Stage]:
    settings = Settings.model_validate({"dataset": dataset})
    return {stage.name: stage for stage in configured_runs(settings)[0].stages}


def test_what_decides_how_photographs_look_is_in_the_key_of_the_report() -> None:
    report = stages_of(**FOLDER, follow_links_to=["cache"])["report"]
    assert set(report.settings) >= PHOTOGRAPHS
    assert (report.settings["fit"], report.paths["dataset_root"]) == ("pad", "pictures")
    assert Path("cache") in map(Path, filter(None, report.paths.values()))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("fit", "crop"),
        ("image_size_px", 64),
        ("canvas", [255, 255, 255]),
        ("effective_resolution_px", 64),
        ("bit_depth", 12),
    ],
)
def test_each_of_them_changes_it(key: str, value: object) -> None:
    assert stages_of(**FOLDER, **{key: value})["report"].settings != stages_of(**FOLDER)["report"].settings


def test_rendered_images_have_none_of_them() -> None:
    report = stages_of(kind="planted")["report"]
    assert not set(report.settings) & PHOTOGRAPHS
    assert not report.paths


def test_how_maps_are_laid_on_photographs_is_code_of_report_and_pages_alone() -> None:
    stages = stages_of(**FOLDER)
    codes = {name: set(stage_code(stage.job, stage.code, stage.packages)) for name, stage in stages.items()}
    drawing = {"pipeline.datasets.placing", "pipeline.datasets.own_shape", "flows.readers.shown_images"}
    assert {name for name, code in codes.items() if drawing & code} == {"pair_pages.test", "report"}
    assert {name for name, code in codes.items() if "pipeline.datasets.image_decoding" in code} == {
        "images",
        "pair_pages.test",
        "report",
    }
