"""Classes too small for a batch are refused when a run is planned; where nothing is trained on classes they are not."""

from dataclasses import replace

import pytest

from flows.engine.stage import Stage
from flows.settings.configuration import Settings
from flows.stages.graph import build_stages
from pipeline.errors import BadDataset

# Three items, each seen twice by two cameras: four images of a class.
SEEN = {"kind": "planted", "cameras": 2, "train_items": 12, "valid_items": 8, "test_items": 8}


def refusing(dataset: dict[str, object], **model: object) -> str:
    settings = Settings.model_validate({"dataset": dataset, "similarity_model": model})
    stages: dict[str, Stage] = {stage.name: stage for stage in build_stages(settings)}
    stage = stages["similarity_model"]
    assert stage.check_inputs is not None
    try:
        stage.check_inputs(stage, stages)
    except BadDataset as error:
        return str(error)
    return ""


@pytest.mark.parametrize("model", [{}, {"objective": "triplet"}, {"objective": "contrastive"}])
def test_small_classes_are_refused_before_a_run(model: dict[str, object]) -> None:
    message = refusing(SEEN, images_per_class=5, **model)
    assert "5 training images of every class" in message
    assert "3 of 3 classes with fewer, the smallest with 4" in message
    assert "similarity_model.images_per_class = 4" in message
    assert refusing(SEEN, images_per_class=4, **model) == ""
    # A batch of eight takes no more than four of each.
    assert refusing(SEEN, images_per_class=5, batch_size=8, **model) == ""


def test_targets_need_no_classes_and_lone_images_are_left_out() -> None:
    graded = {"kind": "planted", "train_items": 6}
    assert refusing(graded) == ""
    # Of six items of four types some are alone.
    assert "2 training images" not in refusing(graded, objective="triplet", images_per_class=2)


def test_labels_that_are_still_to_be_discovered_are_not_counted() -> None:
    settings = Settings.model_validate({"dataset": SEEN, "similarity_model": {"images_per_class": 5}})
    stage = next(one for one in build_stages(settings) if one.name == "similarity_model")
    images = next(one for one in build_stages(settings) if one.name == "images")
    assert stage.check_inputs is not None
    stage.check_inputs(stage, {"images": replace(images, settings={})})
