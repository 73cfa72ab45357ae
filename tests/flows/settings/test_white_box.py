"""Of a numpy model or a program there are no gradients: asking for them is an error of the settings."""

from pathlib import Path

import pytest

from flows.settings.file import load_settings
from flows.settings.similarity_model import SimilarityModelSettings
from flows.settings.white_box import refuse_gradients_of_black_box
from pipeline.errors import BadSetting
from pipeline.saliency.catalogue import GENERATORS
from tests.flows.user_model_config import HISTOGRAM, user_model_run

WHITE_BOXES = [name for name, declared in GENERATORS.items() if declared.is_white_box]


@pytest.mark.parametrize("name", WHITE_BOXES)
@pytest.mark.parametrize("keys", [HISTOGRAM, 'program = "net.pt2"'])
def test_gradients_of_a_black_box_are_refused_with_the_key_and_what_to_use_instead(
    name: str, keys: str, tmp_path: Path
) -> None:
    config = user_model_run(tmp_path, keys).config
    load_settings(config)
    with pytest.raises(BadSetting, match=rf"(?s)without {name}: .*embeddings alone: .*rise") as refused:
        load_settings(config, [f'saliency.generators=["rise", "{name}"]'])
    assert refused.value.found == f"saliency.generators = ['rise', '{name}']"


def test_everything_else_is_let_through() -> None:
    numpy = SimilarityModelSettings(kind="user", factory="a:b", array_type="numpy")
    refuse_gradients_of_black_box(numpy, [name for name in GENERATORS if name not in WHITE_BOXES])
    refuse_gradients_of_black_box(SimilarityModelSettings(), list(GENERATORS))
    # It may return a network.
    refuse_gradients_of_black_box(SimilarityModelSettings(kind="user", factory="a:b"), list(GENERATORS))
    assert WHITE_BOXES
