"""Which features a tuple's score consists of (SAM, section 3.1): the weights w that its images share."""

import torch


def tuple_weights(features_tkd: torch.Tensor, same_class: bool = True) -> torch.Tensor:
    """Return w, (tuple, D), 0 to 2: (1 - |a - p|) times |a - n| for each negative n.

    Args:
        features_tkd: unit-norm embeddings (tuple, image, D): anchor, positive, and none (siamese), one (triplet) or
            two negatives (quadruplet).
        same_class: False for a siamese pair of two classes, whose w is |a - p|.
    """
    anchor_td = features_tkd[:, 0]
    apart_td = (anchor_td - features_tkd[:, 1]).abs()
    weights_td = 1 - apart_td if same_class else apart_td
    for negative in range(2, features_tkd.shape[1]):
        weights_td = weights_td * (anchor_td - features_tkd[:, negative]).abs()
    return weights_td
