"""What attribute models start from: a file beside the configuration, or torchvision's weights, never both."""

from pathlib import Path

import pytest

from flows.settings.file import load_settings
from tests.flows.planted_config import write_config
from tests.flows.run_cases import invoke, refusal


def test_a_file_of_weights_is_relative_to_the_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = write_config(tmp_path)
    monkeypatch.chdir("/")
    settings = load_settings(config, ["attribute_model.backbone_weights=weights/resnet.pt"])
    assert settings.attribute_model.backbone_weights == tmp_path / "weights" / "resnet.pt"
    # The other keys of the section stay.
    assert settings.attribute_model.backbone == "small_residual"
    assert load_settings(config).attribute_model.backbone_weights is None


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        (("freeze_backbone=true",), "random weights would never be trained"),
        (("pretrained='IMAGENET1K_V1'", "backbone_weights='resnet.pt'"), "either attribute_model.pretrained or"),
        (("region_threshold=1.5",), "at most 1"),
        (("map_normalisation='raw'",), "'standardised' or 'authors_code'"),
    ],
)
def test_what_cannot_be_trained_is_refused(tmp_path: Path, overrides: tuple[str, ...], expected: str) -> None:
    options = [word for override in overrides for word in ("--set", f"attribute_model.{override}")]
    message = refusal(invoke("status", write_config(tmp_path), *options), 2)
    assert expected in message
    assert f"attribute_model.{overrides[0].partition('=')[0]}" in message


def test_a_file_that_is_not_there_is_refused_before_anything_is_computed(tmp_path: Path) -> None:
    config = write_config(tmp_path)
    message = refusal(invoke("run", config, "--set", "attribute_model.backbone_weights=none.pt"), 1)
    assert f"attribute_model.backbone_weights = {tmp_path / 'none.pt'}" in message
    assert not (tmp_path / "store" / "images").exists()
