"""Embedding networks: a trunk, a pooling head, a linear map to D dimensions."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import nn

from pipeline.backbone_weights import load_backbone
from pipeline.errors import BadModel
from pipeline.networks import build_trunk
from pipeline.randomness import derive_seed
from pipeline.similarity.stripes import StripeHead


def build_embedding_network(
    network: str, embedding_dim: int, pretrained: str | None = None, seed: int = 0, stripes: int = 0
) -> nn.Sequential:
    """Return an embedding network: float32 (image, 3, y, x) to float32 (image, embedding_dim), not normalised.

    ResNets pool by averaging (the authors' animal model: first three stages, average pool, linear).
    `small_residual` pools by mean and maximum: a small part shows in the maximum, a colour in the mean. (A
    flattened grid, which knows where things are, overfitted on planted items whose position is a nuisance.)

    Args:
        network: a trunk's name, see `pipeline.networks.build_trunk`.
        embedding_dim: D.
        pretrained: torchvision weights for the trunk, or None.
        seed: fixes the initial weights; torch's own generator is left as it was.
        stripes: pool each of so many horizontal stripes by itself instead, see `StripeHead`; 0 for none.

    Raises:
        BadSetting: unknown network or weights, or stripes that cannot share D.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(seed, "similarity model", network))
        trunk = build_trunk(network, pretrained)
        head: nn.Module
        if stripes:
            head = StripeHead(trunk.channels, embedding_dim, stripes)
        elif network == "small_residual":
            head = nn.Sequential(MeanMaxPool(), nn.Linear(2 * trunk.channels, embedding_dim))
        else:
            head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(trunk.channels, embedding_dim))
        return nn.Sequential(trunk.module, head)


def start_from(network: nn.Module, tensors: Mapping[str, torch.Tensor] | None) -> None:
    """Load the weights that a training starts from into the trunk of an embedding network, in place; None for none.

    Raises:
        BadModel: they are not of this trunk, see `load_backbone`.
    """
    if tensors is not None:
        load_backbone(network.get_submodule("0"), tensors, "similarity_model.backbone_weights")


class MeanMaxPool(nn.Module):
    """Global mean and maximum of each channel, side by side."""

    def forward(self, features_nchw: torch.Tensor) -> torch.Tensor:
        """Return float32 (image, 2 * channels): means, then maxima."""
        return torch.cat([features_nchw.mean(dim=(2, 3)), features_nchw.amax(dim=(2, 3))], dim=1)


def load_network_state(network: nn.Module, state: Mapping[str, np.ndarray | torch.Tensor], where: str) -> None:
    """Load a state dict into a network in place, refusing any that does not fit exactly.

    Raises:
        BadModel: names or shapes differ; the message lists the first few.
    """
    own = network.state_dict()
    missing = sorted(set(own) - set(state))
    unknown = sorted(set(state) - set(own))
    misshapen = sorted(name for name in set(own) & set(state) if tuple(own[name].shape) != tuple(state[name].shape))
    if missing or unknown or misshapen:
        raise BadModel(
            expected=f"the {len(own)} tensors of this network",
            found=f"missing {missing[:3]}, unknown {unknown[:3]}, of another shape {misshapen[:3]}",
            where=where,
            remedy="check similarity_model.network and embedding_dim against the file the weights come from",
        )
    # A copy of each: arrays read from a file may be read-only, tensors may ask for gradients.
    network.load_state_dict({name: _as_tensor(value) for name, value in state.items()})


def _as_tensor(value: np.ndarray | torch.Tensor) -> torch.Tensor:
    return value.detach().clone() if isinstance(value, torch.Tensor) else torch.tensor(value)
