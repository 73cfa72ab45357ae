"""Settings of mining: what they refuse, and that without them nothing of a run is another."""

from typing import Any

import pytest
from pydantic import ValidationError

from flows.engine.reasons import DERIVED, user_key
from flows.settings.configuration import Settings
from flows.stages.graph import build_stages
from pipeline.mining.spec import mined_specs


def settings(model: dict[str, Any]) -> Settings:
    return Settings.model_validate({"dataset": {"kind": "planted"}, "similarity_model": model})


@pytest.mark.parametrize(
    ("model", "found"),
    [
        ({"mining": {"form": "printed"}}, "'contrastive', 'triplet' or 'quadruplet'"),
        ({"objective": "regression", "mining": {"form": "printed"}}, "'contrastive', 'triplet' or 'quadruplet'"),
        ({"objective": "triplet", "mining": {"form": "printed", "maps": "grad_cam"}}, "classification_weight above 0"),
        ({"objective": "contrastive", "kind": "type_aware"}, "kind 'resnet18'"),
        ({"objective": "quadruplet", "weights": "model.safetensors"}, "without similarity_model.weights"),
        ({"kind": "user", "program": "model.pt2", "mining": {"form": "printed"}}, "no similarity_model.mining"),
        ({"objective": "triplet", "mining": {"form": "print"}}, "'printed'"),
        ({"objective": "triplet", "mining": {"gamma": []}}, "at least 1"),
        ({"objective": "triplet", "mining": {"beta": [1.5]}}, "less than or equal to 1"),
        ({"objective": "triplet", "mining": {"alpha": [0.0]}}, "greater than 0"),
    ],
)
def test_what_cannot_be_trained_is_refused(model: dict[str, Any], found: str) -> None:
    with pytest.raises(ValidationError, match=found):
        settings(model)


@pytest.mark.parametrize("model", [{}, {"objective": "triplet"}, {"objective": "triplet", "mining": {"gamma": [0.5]}}])
def test_without_mining_the_training_is_that_of_before(model: dict[str, Any]) -> None:
    stage = next(one for one in build_stages(settings(model)) if one.name == "similarity_model")
    assert stage.job == "flows.jobs.similarity_model"
    assert "mining" not in stage.settings
    assert not {name for name in stage.settings if "gamma" in name}


@pytest.mark.parametrize(
    "model",
    [
        {"objective": "contrastive"},
        {"objective": "quadruplet"},
        {"objective": "triplet", "mining": {"form": "negated"}},
        {"objective": "triplet", "mining": {"classification_weight": 0.25}},
    ],
)
def test_what_is_asked_for_is_trained_and_every_setting_has_its_key(model: dict[str, Any]) -> None:
    stage = next(one for one in build_stages(settings(model)) if one.name == "similarity_model")
    assert stage.job == "flows.jobs.mined_model"
    assert user_key(stage, "mining.gamma") == "similarity_model.mining.gamma"
    assert user_key(stage, "objective") == "similarity_model.objective"
    assert all(user_key(stage, name) != DERIVED for name in stage.settings)
    training, mining = mined_specs(dict(stage.settings))
    assert (training.objective, mining.loss) == ("triplet", model["objective"])


def test_every_combination_is_a_candidate() -> None:
    model = {"objective": "triplet", "mining": {"form": "printed", "gamma": [0.1, 0.2, 0.5], "beta": [0.3, 0.5]}}
    stage = next(one for one in build_stages(settings(model)) if one.name == "similarity_model")
    assert len(mined_specs(dict(stage.settings))[1].candidates) == 6
