"""A torchvision network as similarity model: the 512 features before its classification layer.

Nothing is downloaded: weights come from a file, and without one they are random, which is enough for a first try.
"""

import torch
from torch import nn
from torchvision.models import resnet18


def build(weights: str | None = None, seed: int = 0) -> nn.Module:
    """Return the network; `weights` comes from `similarity_model.factory_files`, `seed` from `factory_arguments`.

    Args:
        weights: a state dict of torchvision's resnet18, as `torch.save(network.state_dict(), path)` writes it.
        seed: of random weights.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = resnet18(weights=None)
    if weights is not None:
        # weights_only: a file of weights must not run code.
        network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    network.fc = nn.Identity()
    return network
