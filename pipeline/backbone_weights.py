"""Weights of a trunk from a whole network's state dict, under torchvision's names or those of this project's models."""

from collections.abc import Mapping

import torch
from torch import nn

from pipeline.errors import BadModel

# The places of torchvision's children in a trunk, see `pipeline.networks`.
_TORCHVISION_PLACES = {
    "conv1": "0",
    "bn1": "1",
    "layer1": "4",
    "layer2": "5",
    "layer3": "6",
    "layer4": "7",
}
# What a batch norm counts while it trains; files of old versions of torch lack it, and it changes no result.
_COUNTER = ".num_batches_tracked"


def load_backbone(trunk: nn.Module, tensors: Mapping[str, torch.Tensor], where: str) -> None:
    """Load the trunk's weights and statistics in place; tensors that belong to no part of it, such as heads, are left.

    The names may be torchvision's (`layer1.0.conv1.weight`) or the trunk's own, all after one prefix such as
    `module.`, `trunk.` (an attribute model of this project) or `0.` (a similarity model of this project).

    Raises:
        BadModel: no prefix gives all of the trunk's tensors, or one has another shape.
    """
    own = trunk.state_dict()
    wanted = [name for name in own if not name.endswith(_COUNTER)]
    for prefix in _prefixes(tensors):
        for named in (_own_names(tensors, prefix), _torchvision_names(tensors, prefix)):
            if all(name in named and named[name].shape == own[name].shape for name in wanted):
                trunk.load_state_dict({name: named.get(name, own[name]).detach().clone() for name in own})
                return
    raise BadModel(
        expected=f"the {len(wanted)} tensors of this backbone, such as {wanted[0]} {tuple(own[wanted[0]].shape)}",
        found=f"{len(tensors)} tensors, such as {', '.join(sorted(tensors)[:3])}",
        where=where,
        remedy="check attribute_model.backbone or similarity_model.network against the file the weights come from",
    )


def _prefixes(tensors: Mapping[str, torch.Tensor]) -> list[str]:
    """Return every beginning of a name up to a dot, the shortest first, and the empty one before them."""
    found = {""}
    for name in tensors:
        parts = name.split(".")
        found |= {".".join(parts[:length]) + "." for length in range(1, len(parts))}
    return sorted(found, key=lambda prefix: (len(prefix), prefix))


def _own_names(tensors: Mapping[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _torchvision_names(tensors: Mapping[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    renamed = {}
    for name, tensor in _own_names(tensors, prefix).items():
        child, dot, rest = name.partition(".")
        renamed[_TORCHVISION_PLACES.get(child, child) + dot + rest] = tensor
    return renamed
