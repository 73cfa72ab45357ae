"""Reasons name settings as the user wrote them."""

from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from flows.configured_runs import configured_runs
from flows.engine.code_identity import SOURCE_ROOT
from flows.engine.reasons import DERIVED, own_changes, user_key
from flows.engine.stage import Stage
from flows.settings.configuration import Settings
from flows.settings.file import load_settings

CONFIGS = sorted([*(SOURCE_ROOT / "configs").glob("*.toml"), *(SOURCE_ROOT / "examples").glob("*.toml")])
# No choice of the user's.
NOT_SET = {"templates"}


def stages_of(config: Path) -> tuple[Stage, ...]:
    return configured_runs(load_settings(config, ["compute.precision=float32"]))[0].stages


def paths_of(settings: dict[str, Any], before: str = "") -> list[str]:
    found = []
    for name, value in settings.items():
        found += paths_of(value, f"{before}{name}.") if isinstance(value, dict) and value else [f"{before}{name}"]
    return found


def is_known(key: str) -> bool:
    """Return whether a key stands in the configuration; below a table that the user fills everything does."""
    model: Any = Settings
    for name in key.split("."):
        models = [one for one in (model, *get_args(model)) if isinstance(one, type) and issubclass(one, BaseModel)]
        if not models:
            return (
                model is not None and dict in (getattr(model, "__origin__", None), model) or name == "factory_arguments"
            )
        if name not in models[0].model_fields:
            return False
        model = models[0].model_fields[name].annotation
    return True


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.stem)
def test_every_setting_of_every_stage_has_a_key_of_the_configuration(config: Path) -> None:
    for stage in stages_of(config):
        for path in paths_of({key: value for key, value in stage.settings.items() if key not in NOT_SET}):
            if path.startswith(("reads.", "sources.", "factory_arguments.")):
                continue
            key = user_key(stage, path)
            assert key == DERIVED or is_known(key), f"{stage.name}: {path} is called {key}"


def test_a_key_that_there_is_not_is_noticed() -> None:
    assert is_known("saliency.rise.masks")
    assert not is_known("saliency.rise.mask")
    assert not is_known("settings.spec.masks")


def test_masks_of_maps_that_supervise_have_their_own_key() -> None:
    stages = {stage.name: stage for stage in stages_of(SOURCE_ROOT / "configs" / "demo.toml")}
    assert user_key(stages["saliency_maps.test.rise.fixed"], "spec.masks") == "saliency.rise.masks"
    assert user_key(stages["saliency_maps.train.rise.fixed"], "spec.masks") == "saliency.rise.supervision_masks"
    assert user_key(stages["pairs.train"], "references") == "pairs.train_references"


def test_what_follows_from_another_setting_is_told_alone_only() -> None:
    (stage,) = (one for one in stages_of(SOURCE_ROOT / "configs" / "demo.toml") if one.name == "metrics")
    new = {"settings": dict(stage.settings)}
    reads = {**stage.settings, "reads": {}}
    assert own_changes(stage, {"settings": {**reads, "bootstrap_samples": 7}}, new) == [
        f"evaluation.bootstrap_samples: 7 -> {stage.settings['bootstrap_samples']}"
    ]
    assert all(line.startswith("settings.reads.") for line in own_changes(stage, {"settings": reads}, new))
    assert own_changes(stage, {"settings": reads}, new)
