"""A user's own model has no gradients: asking for a generator that takes them is an error of the settings."""

from pathlib import Path

import pytest

from flows.settings.file import load_settings
from flows.settings.white_box import refuse_gradients_of_black_box
from pipeline.errors import BadSetting
from pipeline.saliency.catalogue import GENERATORS
from tests.flows.user_model_config import histogram_run

WHITE_BOXES = [name for name, declared in GENERATORS.items() if declared.is_white_box]


@pytest.mark.parametrize("name", WHITE_BOXES)
def test_gradients_of_a_users_model_are_refused_with_what_to_use_instead(name: str, tmp_path: Path) -> None:
    config = histogram_run(tmp_path).config
    load_settings(config)
    with pytest.raises(BadSetting, match=rf"(?s)without {name} where .*'user'.*embeddings alone: .*rise"):
        load_settings(config, [f'saliency.generators=["rise", "{name}"]'])


def test_everything_else_is_let_through() -> None:
    refuse_gradients_of_black_box("user", [name for name in GENERATORS if name not in WHITE_BOXES])
    refuse_gradients_of_black_box("resnet18", list(GENERATORS))
    assert WHITE_BOXES
