"""Sections of generators: what is declared is what a file can say, and whatever it says is in the key of the maps."""

from dataclasses import replace
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin

import pytest
from annotated_types import Le, Lt
from pydantic import ValidationError

from flows.engine.stage import Stage
from flows.settings.configuration import Settings
from flows.settings.file import load_settings
from flows.settings.generators import SECTIONS, GeneratorSection, KeepingSection
from flows.stages.graph import build_stages
from pipeline.errors import BadSetting
from pipeline.saliency.catalogue import GENERATORS
from pipeline.saliency.spec_fields import SettingField, setting_fields
from tests.flows.planted_config import write_config

FIELDS = [(name, field) for name in SECTIONS for field in setting_fields(GENERATORS[name].spec)]


def other_values(field: SettingField) -> list[Any]:
    """Return values that a field may have besides its default."""
    kinds = [kind for kind in get_args(field.kind) if kind is not NoneType] or [field.kind]
    if get_origin(field.kind) is Literal:
        return [choice for choice in get_args(field.kind) if choice != field.default]
    if kinds[0] is str:
        return ["0.1"]
    if field.default is None:
        return [7]
    bounds = [limit.le if isinstance(limit, Le) else limit.lt for limit in field.limits if isinstance(limit, Le | Lt)]
    return [field.default / 2 if any(field.default + 2 >= bound for bound in bounds) else field.default + 2]


def stages_of(generator: str, values: dict[str, Any]) -> dict[str, Stage]:
    # In all modes, those that are made only where they are named among them.
    own = {"modes": list(GENERATORS[generator].modes), **values}
    saliency = {"generators": list(dict.fromkeys(["rise", generator])), generator: own}
    settings = Settings.model_validate({"dataset": {"kind": "planted"}, "saliency": saliency})
    return {stage.name: stage for stage in build_stages(settings)}


def changed_maps(generator: str, before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    """Return the stages of the generator's own maps whose settings differ."""
    old, new = stages_of(generator, before), stages_of(generator, after)
    names = [name for name in old if name.startswith("saliency_maps.") and f".{generator}." in name]
    assert names
    return {name for name in names if old[name].settings != new[name].settings}


@pytest.mark.parametrize(("generator", "field"), FIELDS, ids=[f"{name}.{field.name}" for name, field in FIELDS])
def test_every_setting_is_in_the_key_of_some_maps(generator: str, field: SettingField) -> None:
    # Some settings matter only under another one, such as ridge's penalty: each choice is tried.
    others = [one for one in setting_fields(GENERATORS[generator].spec) if one.name != field.name]
    contexts = [{}, *({one.name: value} for one in others for value in other_values(one))]
    for value in other_values(field):
        assert any(changed_maps(generator, context, {**context, field.name: value}) for context in contexts)


def test_the_comparison_above_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    forgetful = replace(GENERATORS["lime"], depends_on=lambda spec, mode, supervises: {"samples": spec.samples})
    monkeypatch.setattr(SECTIONS["lime"], "declaration", forgetful)
    assert changed_maps("lime", {}, {"ratio": 0.5}) == set()
    assert changed_maps("lime", {}, {"samples": 12}) == {"saliency_maps.test.lime.fixed"}


def test_settings_that_a_mode_does_not_read_leave_its_maps_current() -> None:
    assert changed_maps("rise", {}, {"reference_masks": 9}) == {"saliency_maps.test.rise.both"}
    assert changed_maps("rise", {}, {"foils": 9}) == {"saliency_maps.test.rise.foil"}
    assert changed_maps("rise", {}, {"supervision_masks": 9}) == {
        "saliency_maps.train.rise.fixed",
        "saliency_maps.valid.rise.fixed",
    }
    assert changed_maps("mask", {}, {"tolerance": 0.5}) == set()
    assert changed_maps("mask", {"patience": 4}, {"patience": 4, "tolerance": 0.5}) != set()


@pytest.mark.parametrize("generator", SECTIONS)
def test_a_section_has_the_declared_keys_and_defaults(generator: str) -> None:
    declared = GENERATORS[generator]
    common = set(KeepingSection.model_fields if declared.keeps_embeddings else GeneratorSection.model_fields)
    own = [field.name for field in setting_fields(declared.spec)]
    assert not common & set(own)
    assert set(SECTIONS[generator].model_fields) == common | set(own)
    section = SECTIONS[generator].model_validate({})
    assert section.chosen == declared.spec()
    assert list(section.modes) == declared.default_modes
    named = SECTIONS[generator].model_validate({"modes": list(declared.modes)})
    assert list(named.modes) == [*declared.default_modes, *declared.asked_modes]


def test_the_controls_have_no_section() -> None:
    assert GENERATORS.keys() - SECTIONS.keys() == {"random", "centre"}


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("saliency.mask.blur_px=10", "an odd number of pixels, so that the window has a centre"),
        ("saliency.sliding_window.windows_per_side=4", "windows_per_side must be at least 11 for windows of 39/112"),
        ('saliency.generators=["rise", "grad_cma"]', "sliding_window, rise.*centre; did you mean grad_cam?"),
        ("saliency.supervision=random", "one of rise"),
        ("saliency.rise.scheme=sobol", "'papers' or 'balanced_regression'"),
    ],
)
def test_a_refusal_says_what_is_expected(tmp_path: Path, override: str, expected: str) -> None:
    with pytest.raises(BadSetting, match=expected.replace("?", r"\?")) as refused:
        load_settings(write_config(tmp_path), [override])
    assert override.partition("=")[0].rpartition(".")[0] in str(refused.value)


def test_modes_are_those_of_the_declaration() -> None:
    for name, section in SECTIONS.items():
        with pytest.raises(ValidationError, match=r"modes\.0"):
            section.model_validate({"modes": [f"not a mode of {name}"]})
