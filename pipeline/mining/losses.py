"""What is minimised of erased images: SAM's equations 3, 4 and 5, in three forms."""

import torch


def mining_loss(features_tkd: torch.Tensor, form: str) -> torch.Tensor:
    """Return the mean mining loss over tuples of erased images, a scalar.

    Equations 3 (triplet), 4 (siamese pair of one class) and 5 (quadruplet: the sum over its two triplets), with d the
    Euclidean distance: d(a, p) - d(a, n), or -d(a, p) for pairs.

    "printed" minimises this: what is left of an erased pair is pushed apart, but what is left of an erased triplet is
    made to satisfy the triplet, against the paper's stated intuition. "negated" minimises its negative. "absolute"
    minimises its absolute value, triplet by triplet: what is left tells nothing. Of pairs the last two are the same.

    Args:
        features_tkd: unit-norm embeddings (tuple, image, D) of erased images: anchor, positive, negatives.
        form: "printed", "negated" or "absolute".
    """
    anchor_td = features_tkd[:, 0]
    to_positive_t = torch.linalg.vector_norm(anchor_td - features_tkd[:, 1], dim=1)
    if features_tkd.shape[1] == 2:
        terms_tm = -to_positive_t[:, None]
    else:
        to_negatives_tm = torch.linalg.vector_norm(anchor_td[:, None] - features_tkd[:, 2:], dim=2)
        terms_tm = to_positive_t[:, None] - to_negatives_tm
    if form == "absolute":
        terms_tm = terms_tm.abs()
    loss: torch.Tensor = terms_tm.sum(dim=1).mean()
    return -loss if form == "negated" else loss
