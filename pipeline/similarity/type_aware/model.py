"""The type-aware model (Vasileva et al., 2018): one general embedding, one learned mask per pair of item types."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import nn

from pipeline.randomness import derive_seed
from pipeline.similarity.networks import build_embedding_network

MASK_MEAN, MASK_DEVIATION = 0.9, 0.7
GENERAL = "general."
MASKS = "type_masks"


class TypeAwareNetwork(nn.Module):
    """A general embedding network and a mask per condition.

    Args:
        general: maps float32 (image, 3, y, x) to float32 (image, D).
        masks_cd: float32 (condition, D), the masks to start from; a negative entry acts as 0.
    """

    def __init__(self, general: nn.Module, masks_cd: torch.Tensor) -> None:
        super().__init__()
        self.general = general
        self.type_masks = nn.Parameter(masks_cd)

    def forward(self, images_nchw: torch.Tensor) -> torch.Tensor:
        """Return the general embeddings, float32 (image, D), not normalised."""
        embeddings: torch.Tensor = self.general(images_nchw)
        return embeddings

    def masks(self) -> torch.Tensor:
        """Return the masks as they act: float32 (condition, D), not negative."""
        return torch.relu(self.type_masks)


def build_type_aware_network(
    network: str, embedding_dim: int, n_conditions: int, pretrained: str | None = None, seed: int = 0
) -> TypeAwareNetwork:
    """Return a freshly initialised model; masks are drawn from N(0.9, 0.7^2), as the authors draw them.

    Args:
        network: a trunk's name, see `pipeline.networks.build_trunk`.
        embedding_dim: D.
        n_conditions: type pairs.
        pretrained: torchvision weights for the trunk, or None.
        seed: of all initial values; torch's own generator is left as it was.

    Raises:
        BadSetting: unknown network or weights.
    """
    general = build_embedding_network(network, embedding_dim, pretrained, seed)
    generator = torch.Generator().manual_seed(derive_seed(seed, "type masks", n_conditions))
    drawn = torch.randn(n_conditions, embedding_dim, generator=generator)
    return TypeAwareNetwork(general, MASK_MEAN + MASK_DEVIATION * drawn)


def split_state(state: Mapping[str, np.ndarray]) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return the general network's arrays by name, and the masks as they act, float32 (condition, D)."""
    general = {name.removeprefix(GENERAL): array for name, array in state.items() if name.startswith(GENERAL)}
    return general, np.maximum(state[MASKS], 0)
