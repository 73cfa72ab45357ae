"""Metric losses of siamese, triplet and quadruplet training, with pytorch-metric-learning's losses and miners."""

import torch
from pytorch_metric_learning import losses, miners


def metric_loss(name: str, embeddings_nd: torch.Tensor, classes_n: torch.Tensor, margin: float) -> torch.Tensor:
    """Return the loss of one step, a scalar; distances are Euclidean, between unit vectors.

    Args:
        name: "contrastive": all pairs of the batch, those of one class drawn together, others pushed to the margin;
            "triplet": semi-hard triplets, or the hardest where there is none;
            "quadruplet": the same triplets, each with the image of a third class that is nearest to its negative
            (Chen et al., 2017, equation 7, on distances), with half the margin for the second term.
        embeddings_nd: unit norm.
        classes_n: class of each image.
        margin: of the loss.
    """
    if name == "contrastive":
        contrastive: torch.Tensor = losses.ContrastiveLoss(pos_margin=0, neg_margin=margin)(embeddings_nd, classes_n)
        return contrastive
    triplets = mined_triplets(embeddings_nd, classes_n, margin)
    loss: torch.Tensor = losses.TripletMarginLoss(margin=margin)(embeddings_nd, classes_n, triplets)
    if name == "quadruplet":
        loss = loss + _second_negative_loss(embeddings_nd, classes_n, triplets, margin / 2)
    return loss


def mined_triplets(
    embeddings_nd: torch.Tensor, classes_n: torch.Tensor, margin: float
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return positions of anchors, positives and negatives: all that are semi-hard, or the hardest of each anchor."""
    found = miners.TripletMarginMiner(margin=margin, type_of_triplets="semihard")(embeddings_nd, classes_n)
    if len(found[0]) == 0:
        found = miners.BatchHardMiner()(embeddings_nd, classes_n)
    anchors, positives, negatives = found
    return anchors, positives, negatives


def _second_negative_loss(
    embeddings_nd: torch.Tensor,
    classes_n: torch.Tensor,
    triplets: tuple[torch.Tensor, torch.Tensor, torch.Tensor],
    margin: float,
) -> torch.Tensor:
    """Return the mean of max(d(a, p) - d(n1, n2) + margin, 0) over the quadruplets in which it is above 0."""
    anchors, positives, negatives = triplets
    distances_nn = torch.cdist(embeddings_nd.detach(), embeddings_nd.detach())
    taken_tn = (classes_n == classes_n[anchors][:, None]) | (classes_n == classes_n[negatives][:, None])
    second_t = distances_nn[negatives].masked_fill(taken_tn, torch.inf).argmin(dim=1)
    within_t = torch.linalg.vector_norm(embeddings_nd[anchors] - embeddings_nd[positives], dim=1)
    between_t = torch.linalg.vector_norm(embeddings_nd[negatives] - embeddings_nd[second_t], dim=1)
    terms_t = torch.relu(within_t - between_t + margin)
    above_t = terms_t > 0
    return terms_t.sum() / above_t.sum().clamp(min=1)
