"""Generators that take gradients are refused where there are none."""

import pytest
import torch
from torch import nn

from pipeline.errors import BadModel
from pipeline.saliency.gradients.white_box import require_gradients, require_graph
from pipeline.similarity.scorer import SimilarityScorer
from pipeline.similarity.user_model.model import Preprocessing, UserModel
from tests.pipeline.saliency.small_models import small_scorer


def test_a_network_of_ours_is_handed_over_without_gradients_of_its_parameters() -> None:
    scorer = small_scorer()
    scorer.network.train().requires_grad_(True)
    network = require_gradients(scorer, "mask")
    assert network is scorer.network
    assert not any(module.training for module in network.modules())
    assert not any(parameter.requires_grad for parameter in network.parameters())


@pytest.mark.parametrize("wrap", [lambda model: model, nn.Sequential], ids=["itself", "within another module"])
def test_a_users_model_is_refused_even_if_it_is_a_module(wrap: type[nn.Sequential]) -> None:
    model = UserModel(nn.Sequential(nn.Flatten(), nn.LazyLinear(3)), Preprocessing())
    with pytest.raises(BadModel, match=r"(?s)generator mask needs.*a black box.*embeddings alone: rise, other"):
        require_gradients(SimilarityScorer(wrap(model)), "mask", ("rise", "other"))


def test_an_output_without_a_graph_is_refused() -> None:
    images = torch.zeros(2, 3, requires_grad=True)
    assert require_graph(images * 2, "mask").requires_grad
    with pytest.raises(BadModel, match=r"(?s)generator mask needs.*cut off from its input"):
        require_graph((images * 2).detach(), "mask")
