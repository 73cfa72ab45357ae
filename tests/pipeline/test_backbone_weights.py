"""Trunks started from files: torchvision's names, this project's own, prefixes, and files that do not fit."""

import pytest
import torch
from torch import nn
from torchvision.models import resnet18

from pipeline.attributes.predictor import PredictorSpec, build_attribute_predictor
from pipeline.backbone_weights import load_backbone
from pipeline.errors import BadModel
from pipeline.networks import build_trunk
from pipeline.similarity.networks import build_embedding_network


def source() -> nn.Module:
    torch.manual_seed(11)
    return resnet18().eval()


def features_of(trunk: nn.Module) -> torch.Tensor:
    images = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(3))
    with torch.inference_mode():
        return trunk.eval()(images)


@pytest.mark.parametrize("prefix", ["", "module.", "model.backbone."])
@pytest.mark.parametrize(("network", "stages"), [("resnet18", 4), ("resnet18_three_stage", 3)])
def test_torchvisions_names_are_found_behind_any_prefix(prefix: str, network: str, stages: int) -> None:
    original = source()
    layers = [original.layer1, original.layer2, original.layer3, original.layer4][:stages]
    expected = nn.Sequential(original.conv1, original.bn1, original.relu, original.maxpool, *layers)
    state = {prefix + name: tensor for name, tensor in original.state_dict().items()}
    trunk = build_trunk(network).module
    with pytest.raises(AssertionError):
        torch.testing.assert_close(features_of(trunk), features_of(expected))
    load_backbone(trunk, state, "weights.pt")
    torch.testing.assert_close(features_of(trunk), features_of(expected), rtol=0, atol=0)


def test_models_of_this_project_give_their_trunks() -> None:
    embedding = build_embedding_network("small_residual", 8, seed=5)
    predictor = build_attribute_predictor(PredictorSpec("small_residual", 3), None, seed=6)
    for state, expected in (
        (embedding.state_dict(), embedding[0]),  # type: ignore[index]
        (predictor.state_dict(), predictor.trunk),
        (predictor.trunk.state_dict(), predictor.trunk),
    ):
        trunk = build_trunk("small_residual").module
        load_backbone(trunk, state, "weights.safetensors")
        torch.testing.assert_close(features_of(trunk), features_of(expected), rtol=0, atol=0)


def test_the_file_and_the_trunk_share_no_memory() -> None:
    state = source().state_dict()
    trunk = build_trunk("resnet18").module
    load_backbone(trunk, state, "weights.pt")
    with torch.no_grad():
        trunk[0].weight.zero_()  # type: ignore[index, operator]
    assert state["conv1.weight"].abs().sum() > 0


def test_counters_of_batch_norms_may_be_missing_and_nothing_else() -> None:
    state = {name: one for name, one in source().state_dict().items() if not name.endswith("num_batches_tracked")}
    load_backbone(build_trunk("resnet18").module, state, "weights.pt")
    del state["bn1.running_var"]
    with pytest.raises(BadModel, match=r"weights\.pt"):
        load_backbone(build_trunk("resnet18").module, state, "weights.pt")


@pytest.mark.parametrize("network", ["small_residual", "resnet50"])
def test_weights_of_another_backbone_are_refused(network: str) -> None:
    with pytest.raises(BadModel, match=r"attribute_model\.backbone"):
        load_backbone(build_trunk(network).module, source().state_dict(), "weights.pt")
