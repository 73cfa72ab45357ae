"""The classifier beside which Grad-CAM is trained: are two images of one class (SAM, section 4.1, Table 1)?"""

import torch
from torch import nn
from torch.nn import functional

from pipeline.randomness import derive_seed


def build_pair_classifier(embedding_dim: int, seed: int) -> nn.Linear:
    """Return a linear layer from squared differences of two embeddings to a logit, with keyed initial weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(seed, "pair classifier"))
        return nn.Linear(embedding_dim, 1)


def pair_logits(classifier: nn.Module, features_tkd: torch.Tensor) -> torch.Tensor:
    """Return the logit of "one class" of the anchor with each other image of its tuple, (tuple, image - 1).

    Args:
        classifier: of build_pair_classifier.
        features_tkd: unit-norm embeddings (tuple, image, D), the anchor first.
    """
    differences_tmd = (features_tkd[:, :1] - features_tkd[:, 1:]).square()
    logits: torch.Tensor = classifier(differences_tmd)
    return logits[..., 0]


def true_class_scores(classifier: nn.Module, features_tkd: torch.Tensor) -> torch.Tensor:
    """Return, summed over a tuple's pairs, the logit of what each pair is, (tuple,): what Grad-CAM explains.

    The first pair is of one class, the others are not: the logit of "not" is the negative of the other.
    """
    logits_tm = pair_logits(classifier, features_tkd)
    return logits_tm[:, 0] - logits_tm[:, 1:].sum(dim=1)


def classification_loss(classifier: nn.Module, features_tkd: torch.Tensor) -> torch.Tensor:
    """Return the mean binary cross-entropy of the pairs of tuples with one negative each, a scalar."""
    logits_tm = pair_logits(classifier, features_tkd)
    wanted_tm = torch.zeros_like(logits_tm)
    wanted_tm[:, 0] = 1
    return functional.binary_cross_entropy_with_logits(logits_tm, wanted_tm)
