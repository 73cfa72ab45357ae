"""Stages of parts: only where the release locates them, and stale when what reads them changes."""

import pytest

from flows.engine.code_identity import stage_code
from flows.engine.stage import Stage
from flows.settings.configuration import Settings
from flows.stages.graph import build_stages

OF_PARTS = ("part_locations", "part_localisation.rise.fixed")


def stages_of(dataset: dict[str, str]) -> dict[str, Stage]:
    saliency = {"generators": ["rise", "centre"], "rise": {"keep": True, "modes": ["fixed"]}}
    settings = Settings.model_validate({"dataset": dataset, "saliency": saliency})
    return {stage.name: stage for stage in build_stages(settings)}


@pytest.fixture(scope="module")
def birds() -> dict[str, Stage]:
    return stages_of({"kind": "cub200", "root": "data"})


def test_there_are_parts_where_the_release_locates_them(birds: dict[str, Stage]) -> None:
    assert set(OF_PARTS) <= set(birds)
    assert {"attribute_maps.test", "part_localisation.centre.fixed"} <= set(birds["metrics"].upstream)
    for other in ({"kind": "awa2", "root": "data"}, {"kind": "cars196", "root": "data"}, {"kind": "planted"}):
        assert not set(OF_PARTS) & set(stages_of(other))


@pytest.mark.parametrize("name", ["part_locations", "attribute_maps.test"])
def test_what_reads_parts_depends_on_the_module_that_knows_them(birds: dict[str, Stage], name: str) -> None:
    stage = birds[name]
    assert "pipeline.datasets.cub200.parts" in stage_code(stage.job, stage.code, stage.packages)


def test_attribute_maps_of_others_do_not(birds: dict[str, Stage]) -> None:
    stage = stages_of({"kind": "planted"})["attribute_maps.test"]
    assert not [name for name in stage_code(stage.job, stage.code, stage.packages) if "cub200" in name]
