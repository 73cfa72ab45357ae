"""What one step of type-aware training minimises.

L = L_comp + general_weight L_sim + mask_weight L_1 + norm_weight L_2, the paper's loss without its text terms.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional


@dataclass(frozen=True)
class Triplets:
    """Triplets of one step; the image axes are rows of the step.

    Attributes:
        anchor_t: int64.
        positive_t: int64, of the same outfit as the anchor.
        negative_t: int64, of the positive's type, in no outfit together with the anchor.
        condition_t: int64, the type pair of anchor and positive.
        is_across_t: bool, anchor and positive are of different types.
    """

    anchor_t: np.ndarray
    positive_t: np.ndarray
    negative_t: np.ndarray
    condition_t: np.ndarray
    is_across_t: np.ndarray

    def __len__(self) -> int:
        return len(self.anchor_t)


@dataclass(frozen=True)
class TypeAwareWeights:
    """What the loss is made of.

    Attributes:
        margin: of both triplet losses, on squared distances of unit embeddings.
        general: of the loss on general embeddings.
        mask: of the masks' L1 norm.
        norm: of the general embeddings' L2 norm.
    """

    margin: float
    general: float
    mask: float
    norm: float


def type_aware_loss(
    weights: TypeAwareWeights, general_bd: torch.Tensor, masks_cd: torch.Tensor, triplets: Triplets
) -> torch.Tensor:
    """Return the loss of one step, a scalar.

    * L_comp: hinge on d_c(anchor, positive) - d_c(anchor, negative), d_c the squared distance of the projections,
      each made unit norm over D: what is trained is the cosine that is explained later.
    * L_sim: positive and negative, which share a type, are to lie closer in the general embedding than either to
      an anchor of another type.
    * L_1: mean over triplets of the norm of their mask. L_2: root mean square norm of the step's embeddings.

    Args:
        weights: margin and weights of the terms.
        general_bd: float32 (row, D), not normalised.
        masks_cd: float32 (condition, D), not negative.
        triplets: at least one.
    """
    device = general_bd.device
    anchor, positive, negative, condition = (
        torch.as_tensor(rows, device=device)
        for rows in (triplets.anchor_t, triplets.positive_t, triplets.negative_t, triplets.condition_t)
    )
    masks_td = masks_cd[condition]
    # Cosines make the projections' norms unit; their squared distance is 2 - 2 cos.
    near_t = _distances(general_bd[anchor] * masks_td, general_bd[positive] * masks_td)
    far_t = _distances(general_bd[anchor] * masks_td, general_bd[negative] * masks_td)
    compatibility = torch.relu(near_t - far_t + weights.margin).mean()
    mask_norm = masks_td.abs().sum(dim=1).mean()
    embedding_norm = general_bd.square().sum(dim=1).mean().sqrt()
    return (
        compatibility
        + weights.general * _general_loss(weights.margin, general_bd, anchor, positive, negative, triplets)
        + weights.mask * mask_norm
        + weights.norm * embedding_norm
    )


def _general_loss(
    margin: float,
    general_bd: torch.Tensor,
    anchor: torch.Tensor,
    positive: torch.Tensor,
    negative: torch.Tensor,
    triplets: Triplets,
) -> torch.Tensor:
    across = torch.as_tensor(triplets.is_across_t, device=general_bd.device)
    if not bool(across.any()):
        return general_bd.sum() * 0
    same_type_t = _distances(general_bd[positive], general_bd[negative])
    to_positive_t = _distances(general_bd[anchor], general_bd[positive])
    to_negative_t = _distances(general_bd[anchor], general_bd[negative])
    both_t = torch.relu(same_type_t - to_positive_t + margin) + torch.relu(same_type_t - to_negative_t + margin)
    return both_t[across].mean()


def _distances(one_td: torch.Tensor, other_td: torch.Tensor) -> torch.Tensor:
    return 2 - 2 * functional.cosine_similarity(one_td, other_td, dim=1)
