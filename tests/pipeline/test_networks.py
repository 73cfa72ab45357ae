"""Trunks: shapes, repeatable weights, and folding that changes nothing but speed."""

import copy

import pytest
import torch
from torch import nn
from torchvision.models import ResNet18_Weights, resnet18

from pipeline.errors import BadSetting
from pipeline.networks import ResidualBlock, build_trunk, fold_batch_norms


def with_trained_statistics(network: nn.Module) -> nn.Module:
    """Give every batch norm statistics and weights that differ from those of a new one."""
    generator = torch.Generator().manual_seed(5)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            for name in ("weight", "bias", "running_mean", "running_var"):
                tensor = getattr(module, name).data
                tensor.copy_(torch.rand(tensor.shape, generator=generator) + 0.5)
    return network.eval()


@pytest.mark.parametrize(
    ("name", "size_px", "channels", "grid"),
    [
        ("resnet18", 112, 512, 4),
        ("resnet18_three_stage", 112, 256, 7),
        ("resnet50", 112, 2048, 4),
        ("small_residual", 64, 128, 4),
    ],
)
def test_grids_and_channels(name: str, size_px: int, channels: int, grid: int) -> None:
    trunk = build_trunk(name)
    with torch.inference_mode():
        features = trunk.module.eval()(torch.zeros(1, 3, size_px, size_px))
    assert trunk.channels == channels
    assert features.shape == (1, channels, grid, grid)


@pytest.mark.parametrize("name", ["resnet18", "resnet18_three_stage", "resnet50", "small_residual"])
def test_folding_batch_norms_changes_rounding_only(name: str) -> None:
    torch.manual_seed(0)
    exact = with_trained_statistics(build_trunk(name).module).double()
    images = torch.randn(2, 3, 64, 64, dtype=torch.float64)
    with torch.inference_mode():
        expected = exact(images)
        folded = fold_batch_norms(copy.deepcopy(exact))
        torch.testing.assert_close(folded(images), expected, rtol=1e-9, atol=1e-9)
        twice = fold_batch_norms(copy.deepcopy(folded))
        torch.testing.assert_close(twice(images), expected, rtol=1e-9, atol=1e-9)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in folded.modules())
    assert any(isinstance(module, nn.BatchNorm2d) for module in exact.modules())
    assert not folded.training


def test_comparator_notices_a_batch_norm_that_is_dropped() -> None:
    torch.manual_seed(0)
    exact = with_trained_statistics(build_trunk("small_residual").module).double()
    dropped = copy.deepcopy(exact)
    dropped.get_submodule("1").bn2 = nn.Identity()
    images = torch.randn(2, 3, 64, 64, dtype=torch.float64)
    with torch.inference_mode(), pytest.raises(AssertionError):
        torch.testing.assert_close(dropped(images), exact(images), rtol=1e-9, atol=1e-9)


def test_batch_norms_without_their_convolution_stay() -> None:
    network = nn.Sequential(nn.BatchNorm2d(3), nn.Conv2d(3, 4, 1), nn.ReLU(), nn.BatchNorm2d(4))
    with_trained_statistics(network)
    images = torch.randn(2, 3, 5, 5)
    with torch.inference_mode():
        expected = network(images)
        torch.testing.assert_close(fold_batch_norms(network)(images), expected)
    assert sum(isinstance(module, nn.BatchNorm2d) for module in network.modules()) == 2


def test_weights_repeat_with_the_seed() -> None:
    states = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        states.append(build_trunk("small_residual").module.state_dict())
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
    assert any(not torch.equal(states[0][name], states[2][name]) for name in states[0])


def test_residual_block_adds_its_shortcut() -> None:
    block = ResidualBlock(4, 6, 2).eval()
    nn.init.zeros_(block.conv2.weight)
    features = torch.randn(2, 4, 8, 8)
    with torch.inference_mode():
        torch.testing.assert_close(block(features), torch.relu(block.shortcut(features)))


def test_pretrained_weights_are_asked_of_torchvision(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def without_download(weights: object) -> object:
        asked.append(weights)
        return resnet18(weights=None)

    monkeypatch.setattr("torchvision.models.resnet18", without_download)
    build_trunk("resnet18", "IMAGENET1K_V1")
    build_trunk("resnet18")
    assert asked == [ResNet18_Weights.IMAGENET1K_V1, None]


@pytest.mark.parametrize(
    ("name", "pretrained", "message"),
    [
        ("resnet101", None, "(?s)resnet18_three_stage.*'resnet101'"),
        ("resnet18", "IMAGENET1K_V9", "(?s)IMAGENET1K_V1.*'IMAGENET1K_V9'"),
        ("small_residual", "IMAGENET1K_V1", "(?s)no pretrained weights.*leave the key out"),
    ],
)
def test_what_does_not_exist_is_refused(name: str, pretrained: str | None, message: str) -> None:
    with pytest.raises(BadSetting, match=message):
        build_trunk(name, pretrained)
