"""Numbers that would fail late or never end are refused at once, with what they would cost."""

from pathlib import Path
from typing import Annotated, Any, get_args

import pytest
from pydantic import BaseModel, Field, ValidationError

from flows.settings.configuration import Settings
from flows.settings.file import load_settings
from flows.settings.refusals import known_keys
from pipeline.errors import BadSetting
from pipeline.saliency.rise.declaration import RISE, RiseSpec
from pipeline.saliency.rise.masks import draw_masks
from pipeline.setting_limits import AtLeast, AtMost
from tests.flows.planted_config import write_config
from tests.flows.run_cases import invoke, refusal


@pytest.mark.parametrize(
    ("override", "limit", "reason"),
    [
        ("explanation.weight_grid_step=1e-9", "at least 0.001", "501,501 points"),
        ("seed=100000000000000000000000", "at most 9,223,372,036,854,775,807", "64 bits"),
        ("seed=-100000000000000000000000", "at least -9,223,372,036,854,775,808", "64 bits"),
        ("evaluation.seeds=[1, 100000000000000000000000]", "at most 9,223,372,036,854,775,807", "64 bits"),
        ("dataset.canvas=[999, -1, 0]", "at most 255", ""),
        ("dataset.canvas=[9, -1, 0]", "at least 0", ""),
        ("saliency.rise.masks=1000000000000", "at most 1,000,000", "17 minutes for one image"),
        ("saliency.lime.samples=1000000000000", "at most 1,000,000", "0.4 GB"),
        ("saliency.mask.patience=1000000000000", "at most 1,000,000", "more than a day"),
        ("compute.batch_size=1000000000000", "at most 65,536", "10 GB"),
        ("evaluation.bootstrap_samples=1000000000000", "at most 100,000", "1.6 GB"),
        ("dataset.test_items=1000000000000", "at most 1,000,000", "1.4 GB"),
    ],
)
def test_a_number_beyond_any_use_is_refused_with_what_it_would_cost(
    tmp_path: Path, override: str, limit: str, reason: str
) -> None:
    message = refusal(invoke("status", write_config(tmp_path), "--set", override), 2)
    expected = message.partition("found: ")[0]
    assert limit in expected
    assert reason in expected
    assert override.partition("=")[0] in message


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["explanation.weight_grid_step=0.3"], "a step that divides 1"),
        (["saliency.rise.grid_cells=33"], "at most 32 saliency.rise.grid_cells"),
        (["saliency.rise.scheme=balanced_regression", "saliency.rise.masks=21"], "an even number of masks"),
        (
            ["saliency.rise.scheme=balanced_regression", "saliency.rise.supervision_masks=21"],
            "an even number of supervision_masks",
        ),
        (["saliency.rise.scheme=balanced_regression", "saliency.rise.keep_probability=0.4"], "keep_probability 0.5"),
        (["dataset.image_size_px=1024", "saliency.rise.masks=100000", "saliency.rise.grid_cells=512"], "210 GB"),
        (["saliency.rise.scheme=balanced_regression", "saliency.rise.masks=200000"], "34 GB"),
    ],
)
def test_numbers_that_a_stage_would_refuse_are_refused_before_any_stage(
    tmp_path: Path, overrides: list[str], words: str
) -> None:
    with pytest.raises(BadSetting) as refused:
        load_settings(write_config(tmp_path), overrides)
    assert words in refused.value.expected


@pytest.mark.parametrize("override", ["explanation.weight_grid_step=0.001", "saliency.rise.masks=1000000", "seed=-1"])
def test_a_number_at_its_limit_is_accepted(tmp_path: Path, override: str) -> None:
    load_settings(write_config(tmp_path), [override])


def test_settings_of_rise_are_refused_where_drawing_masks_refuses_them() -> None:
    for spec in (RiseSpec(masks=21), RiseSpec(masks=20, keep_probability=0.4), RiseSpec(masks=20)):
        balanced = RiseSpec(masks=spec.masks, keep_probability=spec.keep_probability, scheme="balanced_regression")
        is_refused = False
        try:
            draw_masks(0, spec.masks, spec.grid_cells, spec.keep_probability, 32, is_balanced=True)
        except BadSetting:
            is_refused = True
        assert (RISE.problem(balanced) is not None) == is_refused
        assert RISE.problem(spec) is None


def unbounded_numbers(model: type[BaseModel], prefix: str = "") -> list[str]:
    """Return the keys of numbers without a largest value."""
    schema = model.model_json_schema()
    found = []
    for key in known_keys(model, prefix):
        field: dict[str, Any] = {"properties": schema["properties"]}
        for part in key.split("."):
            place = schema["$defs"][field["$ref"].rpartition("/")[2]] if "$ref" in field else field
            field = place["properties"][part]
        if any(
            one.get("type") in ("integer", "number") and not {"maximum", "exclusiveMaximum"} & set(one)
            for one in (field, *field.get("anyOf", ()), field.get("items", {}), *field.get("prefixItems", ()))
        ):
            found.append(key)
    return found


class WithUnbounded(BaseModel):
    bounded: int = Field(0, le=3)
    unbounded: int | None = None
    listed: list[float] = []


def test_every_number_of_a_configuration_has_a_largest_value() -> None:
    # A dataset has no more images than files, and the excess of these is refused when they are listed.
    assert unbounded_numbers(Settings) == ["dataset.validation_images"]
    assert unbounded_numbers(WithUnbounded) == ["unbounded", "listed"]


class Limited(BaseModel):
    most: Annotated[int, AtMost(5, "why")] = 0
    least: Annotated[float, AtLeast(0.5, "why not")] = 1


@pytest.mark.parametrize("values", [{"most": 6}, {"least": 0.4}])
def test_a_limit_with_a_reason_limits(values: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        Limited.model_validate(values)
    assert Limited(most=5, least=0.5).most == 5


def test_a_limit_with_a_reason_is_on_the_page() -> None:
    properties = Limited.model_json_schema()["properties"]
    assert (properties["most"]["maximum"], properties["least"]["minimum"]) == (5, 0.5)
    assert get_args(Annotated[int, AtMost(5, "why")])[1].reason == "why"
