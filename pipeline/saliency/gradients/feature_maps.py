"""A layer's output as feature maps (image, channel, y, x), whatever layout the layer has.

Convolutions give them as they are; some transformers put the channels last; vision transformers have tokens
(image, token, channel), a square grid of patches row by row, with or without a class token before them.
"""

from collections.abc import Callable
from math import isqrt

import torch
from torch import nn

ToMaps = Callable[[torch.Tensor], torch.Tensor]


def feature_map_layout(output: torch.Tensor, layer: nn.Module) -> ToMaps | None:
    """Return what turns the layer's output, or a gradient with respect to it, into (image, channel, y, x).

    Images are square, so that a grid is: where only the first two axes after the image have one length, the channels
    are last.

    Returns:
        The function, None where the output is no feature map.
    """
    if output.ndim == 4:
        return _channels_first if _has_channels_last(output, layer) else _as_it_is
    if output.ndim != 3:
        return None
    for others in (0, 1):
        side = isqrt(max(output.shape[1] - others, 0))
        if side > 1 and side * side == output.shape[1] - others:
            return _grid_of_tokens(others, side)
    return None


def _has_channels_last(output: torch.Tensor, layer: nn.Module) -> bool:
    # A subclass, such as torchvision's for convolutional networks, may have them first.
    if type(layer) is nn.LayerNorm:
        return True
    return output.shape[1] == output.shape[2] != output.shape[3]


def _as_it_is(values: torch.Tensor) -> torch.Tensor:
    return values


def _channels_first(values: torch.Tensor) -> torch.Tensor:
    return values.permute(0, 3, 1, 2)


def _grid_of_tokens(others: int, side: int) -> ToMaps:
    def to_maps(values: torch.Tensor) -> torch.Tensor:
        grid = values[:, others:].unflatten(1, (side, side))  # type: ignore[no-untyped-call]
        return _channels_first(grid)

    return to_maps
