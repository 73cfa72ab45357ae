"""Convolutional trunks shared by the similarity model and the attribute predictor.

A trunk maps a normalised image to a grid of features; heads are added where they are used. Cost per image:
resnet18 at 112 px 0.45 GMAC, its first three stages 0.35 GMAC, resnet50 1.0 GMAC, small_residual at 64 px 12 MMAC.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from pipeline.errors import BadSetting

# torchvision takes longer to load than torch: only where one of its networks is built.
if TYPE_CHECKING:
    from torchvision.models import ResNet


@dataclass(frozen=True)
class Trunk:
    """A network without its head.

    Attributes:
        module: maps float32 (image, 3, y, x) to float32 (image, channel, grid y, grid x).
        channels: length of the channel axis.
    """

    module: nn.Module
    channels: int


def build_trunk(name: str, pretrained: str | None = None) -> Trunk:
    """Return a freshly initialised (or torchvision-pretrained) trunk.

    Args:
        name: "resnet18" or "resnet50" (4 x 4 grid at 112 px), "resnet18_three_stage" (7 x 7 at 112 px; the network
            of the authors' animal model) or "small_residual" (4 x 4 at 64 px).
        pretrained: name of torchvision weights such as "IMAGENET1K_V1", or None for random weights drawn
            from torch's current CPU generator.

    Raises:
        BadSetting: the name is unknown, or weights are asked for that do not exist for it.
    """
    builders: dict[str, Callable[[str | None], Trunk]] = {
        "resnet18": lambda weights: _build_resnet18(weights, stages=4),
        "resnet18_three_stage": lambda weights: _build_resnet18(weights, stages=3),
        "resnet50": _build_resnet50,
        "small_residual": _build_small_residual,
    }
    if name not in builders:
        raise BadSetting(
            expected=f"one of {', '.join(sorted(builders))}",
            found=repr(name),
            where="the network's name",
            remedy="choose a known network",
        )
    return builders[name](pretrained)


def _build_resnet18(pretrained: str | None, stages: int) -> Trunk:
    from torchvision.models import ResNet18_Weights, resnet18

    _check_weights_name(pretrained, ResNet18_Weights.__members__, "resnet18")
    network = resnet18(weights=ResNet18_Weights[pretrained] if pretrained else None)
    return Trunk(_resnet_stages(network, stages), channels=64 * 2 ** (stages - 1))


def _build_resnet50(pretrained: str | None) -> Trunk:
    from torchvision.models import ResNet50_Weights, resnet50

    _check_weights_name(pretrained, ResNet50_Weights.__members__, "resnet50")
    network = resnet50(weights=ResNet50_Weights[pretrained] if pretrained else None)
    return Trunk(_resnet_stages(network, stages=4), channels=2048)


def _check_weights_name(pretrained: str | None, names: Collection[str], network: str) -> None:
    if pretrained is not None and pretrained not in names:
        raise BadSetting(
            expected=f"one of {', '.join(names)}",
            found=repr(pretrained),
            where="pretrained",
            remedy=f"name weights that torchvision offers for {network}, or leave the key out",
        )


def _resnet_stages(network: "ResNet", stages: int) -> nn.Sequential:
    kept: list[nn.Module] = [network.conv1, network.bn1, network.relu, network.maxpool]
    kept += [network.layer1, network.layer2, network.layer3, network.layer4][:stages]
    return nn.Sequential(*kept)


class ResidualBlock(nn.Module):
    """Two 3 x 3 convolutions with batch norm beside a strided 1 x 1 shortcut (He et al., 2016)."""

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.shortcut = nn.Sequential(
            nn.Conv2d(in_channels, out_channels, 1, stride, bias=False), nn.BatchNorm2d(out_channels)
        )

    def forward(self, features_nchw: torch.Tensor) -> torch.Tensor:
        """Return features (image, out channel, y / stride, x / stride)."""
        inner = torch.relu(self.bn1(self.conv1(features_nchw)))
        return torch.relu(self.bn2(self.conv2(inner)) + self.shortcut(features_nchw))


def _build_small_residual(pretrained: str | None) -> Trunk:
    if pretrained is not None:
        raise BadSetting(
            expected="no pretrained weights",
            found=repr(pretrained),
            where="pretrained",
            remedy="small_residual has none: leave the key out, or use resnet18",
        )
    stem = nn.Sequential(nn.Conv2d(3, 16, 3, 2, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU())
    blocks = [ResidualBlock(16, 32, 2), ResidualBlock(32, 64, 2), ResidualBlock(64, 128, 2)]
    return Trunk(nn.Sequential(stem, *blocks), channels=128)


def network_state(network: nn.Module) -> dict[str, np.ndarray]:
    """Return a copy of a network's weights and statistics as arrays on the CPU, by name, in the network's order."""
    return {name: tensor.detach().cpu().numpy().copy() for name, tensor in network.state_dict().items()}


def fold_batch_norms(network: nn.Module) -> nn.Module:
    """Fold every batch norm that directly follows a convolution into that convolution, in place.

    The folded network computes the same function in evaluation mode with fewer passes over memory (about a
    fifth faster on a CPU). A convolution and a batch norm count as adjacent when one follows the other among
    the children of one module and their channels agree, which holds for every trunk built here.
    """
    network.eval()
    for parent in list(network.modules()):
        children = list(parent.named_children())
        for (name, first), (next_name, second) in zip(children, children[1:], strict=False):
            adjacent = isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d)
            if adjacent and first.out_channels == second.num_features:
                setattr(parent, name, fuse_conv_bn_eval(first, second))  # type: ignore[type-var, arg-type]
                setattr(parent, next_name, nn.Identity())
    return network
