"""A user's own model has no gradients: asking for a generator that takes them is an error of the settings."""

from collections.abc import Mapping

import pytest

from flows import settings_white_box
from flows.settings_white_box import refuse_gradients_of_black_box
from pipeline.saliency.catalogue import GENERATORS, GeneratorFacts


@pytest.fixture(autouse=True)
def one_white_box(monkeypatch: pytest.MonkeyPatch) -> Mapping[str, GeneratorFacts]:
    facts = {**GENERATORS, "gradients": GeneratorFacts("pipeline.saliency.rise", ("fixed",), is_white_box=True)}
    monkeypatch.setattr(settings_white_box, "GENERATORS", facts)
    return facts


def test_gradients_of_a_users_model_are_refused_with_what_to_use_instead() -> None:
    with pytest.raises(ValueError, match=r"without gradients where .*'user'.*embeddings alone: rise"):
        refuse_gradients_of_black_box("user", ["rise", "gradients"])


@pytest.mark.parametrize(("kind", "generators"), [("user", ["rise", "centre"]), ("resnet18", ["rise", "gradients"])])
def test_everything_else_is_let_through(kind: str, generators: list[str]) -> None:
    refuse_gradients_of_black_box(kind, generators)
