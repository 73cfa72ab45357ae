"""What the similarity model starts from: a file beside the configuration, known by its content, or none."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from flows.settings.configuration import Settings
from flows.settings.file import load_settings
from flows.stages.graph import build_stages
from pipeline.errors import BadModel
from tests.flows.planted_config import write_config
from tests.flows.run_cases import invoke, refusal

OBJECTIVES = ("auto", "triplet", "quadruplet")


def settings(**model: Any) -> Settings:
    return Settings.model_validate({"dataset": {"kind": "planted"}, "similarity_model": model})


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_the_file_is_in_no_setting_and_is_checked_before_a_run(tmp_path: Path, objective: str) -> None:
    path = tmp_path / "weights.safetensors"
    plain, other = (
        next(one for one in build_stages(settings(objective=objective, **more)) if one.name == "similarity_model")
        for more in ({}, {"backbone_weights": path})
    )
    # Without it everything is as before, and its place is no part of the key: the shard's inputs have its digest.
    assert plain.settings == other.settings
    assert "backbone_weights" not in plain.settings
    assert "stripes" not in plain.settings
    assert (plain.paths, other.paths) == ({}, {"backbone_weights": str(path)})
    assert other.check_inputs is not None
    with pytest.raises(BadModel, match=r"similarity_model\.backbone_weights"):
        other.check_inputs(other, {})
    path.write_bytes(b"weights")
    other.check_inputs(other, {})


def test_it_is_relative_to_the_configuration_and_refused_where_it_is_not_there(tmp_path: Path) -> None:
    config = write_config(tmp_path)
    found = load_settings(config, ["similarity_model.backbone_weights=none.pt"]).similarity_model.backbone_weights
    assert found == tmp_path / "none.pt"
    message = refusal(invoke("run", config, "--set", "similarity_model.backbone_weights=none.pt"), 1)
    assert f"similarity_model.backbone_weights = {found}" in message


@pytest.mark.parametrize(
    ("model", "found"),
    [
        ({"pretrained": "IMAGENET1K_V1", "backbone_weights": "a.pt"}, "either similarity_model.pretrained or"),
        ({"weights": "all.pt", "backbone_weights": "a.pt"}, "either similarity_model.weights or"),
        ({"objective": "stripe_classification", "embedding_dim": 64, "stripes": 6}, "no multiple of 6"),
    ],
)
def test_what_cannot_be_is_refused(model: dict[str, Any], found: str) -> None:
    with pytest.raises(ValidationError, match=found):
        settings(**model)


def test_stripes_are_in_the_key_of_their_objective_alone() -> None:
    model = {"objective": "stripe_classification", "embedding_dim": 66, "network": "resnet50"}
    (stage,) = (one for one in build_stages(settings(**model)) if one.name == "similarity_model")
    assert (stage.job, stage.settings["stripes"]) == ("flows.jobs.mined_model", 6)
    (other,) = (one for one in build_stages(settings(objective="contrastive")) if one.name == "similarity_model")
    assert "stripes" not in other.settings
