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
def test_a_users_model_that_is_known_by_its_vectors_alone_is_refused(wrap: type[nn.Sequential]) -> None:
    model = UserModel(lambda images: images.flatten(1), Preprocessing())
    with pytest.raises(BadModel, match=r"(?s)generator mask needs.*a black box.*embeddings alone: rise, other"):
        require_gradients(SimilarityScorer(wrap(model)), "mask", ("rise", "other"))


def test_a_users_network_is_handed_over_like_one_of_ours() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten()).train()
    model = UserModel(network, Preprocessing(), explained_network=network)
    assert require_gradients(SimilarityScorer(model), "mask") is model
    assert not network.training
    assert not any(parameter.requires_grad for parameter in network.parameters())
    arrays = UserModel(network, Preprocessing(), takes_arrays=True, explained_network=network)
    with pytest.raises(BadModel, match="a black box"):
        require_gradients(SimilarityScorer(arrays), "mask")


def test_an_output_without_a_graph_is_refused() -> None:
    images = torch.zeros(2, 3, requires_grad=True)
    assert require_graph(images * 2, "mask").requires_grad
    with pytest.raises(BadModel, match=r"(?s)generator mask needs.*cut off from its input"):
        require_graph((images * 2).detach(), "mask")
