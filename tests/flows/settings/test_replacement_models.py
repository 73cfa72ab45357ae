"""Which attribute models find replacements: those that are asked for, else the papers' as far as they are trained."""

import pytest

from flows.settings.configuration import Settings
from flows.settings.file import load_settings
from flows.stages.graph import build_stages
from pipeline.errors import BadSetting
from tests.flows.planted_config import write_config


def models_of(**sections: object) -> list[str]:
    return Settings.model_validate({"dataset": {"kind": "planted"}, **sections}).replacement_models


def test_by_default_those_of_the_papers_that_are_trained() -> None:
    assert models_of() == ["sane", "classifier"]
    only = {"attribute_model": {"names": ["classifier"]}, "explanation": {"variants": ["classifier"]}}
    assert models_of(**only) == ["classifier"]
    # One more predictor changes no figure.
    more = ["sane", "classifier", "fashion_search_net"]
    assert models_of(explanation={"variants": more}) == ["sane", "classifier"]
    assert models_of(explanation={"variants": ["fashion_search_net"]}) != []


def test_those_that_are_asked_for_enter_the_stage() -> None:
    assert models_of(evaluation={"replacement_models": ["sane"]}) == ["sane"]
    given = {"dataset": {"kind": "planted"}, "evaluation": {"replacement_models": ["sane"], "replacements": 7}}
    stages = {stage.name: stage for stage in build_stages(Settings.model_validate(given))}
    for split in ("valid", "test"):
        stage = stages[f"replacements.{split}"]
        assert stage.settings["replacements"] == 7
        assert stage.settings["replacement_models"] == ["sane"]
        assert [name for name in stage.upstream if name.startswith("attribute_scores")] == ["attribute_scores.sane"]


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("evaluation.replacement_models=['inception']", "evaluation.replacement_models must be of attribute_model"),
        ("evaluation.replacement_models=[]", "at least"),
        ("evaluation.replacements=0", "at least 1"),
    ],
)
def test_others_are_refused(tmp_path, override: str, expected: str) -> None:
    with pytest.raises(BadSetting) as error:
        load_settings(write_config(tmp_path), (override,))
    assert expected in str(error.value)
    assert override.split("=")[0] in str(error.value)
