"""What one step minimises: triplets of classes, or the squared error of the cosines."""

import numpy as np
import torch
from pytorch_metric_learning import losses, miners
from torch.nn import functional

from pipeline.similarity.training.data import LabelledPixels, SimilarityTrainingSpec


def embedding_loss(
    spec: SimilarityTrainingSpec, raw: torch.Tensor, train: LabelledPixels, batch: np.ndarray
) -> torch.Tensor:
    """Return the loss of one step, a scalar.

    Args:
        spec: its objective is "triplet" (mined with pytorch-metric-learning; semi-hard, or the hardest where
            none is) or "regression" (squared error of the cosines of different images).
        raw: (image, dimension) embeddings before normalisation.
        train: all training images.
        batch: int64 positions of the step's images in `train`.
    """
    embeddings = functional.normalize(raw, dim=1)
    if spec.objective == "regression" and train.targets_nc is not None:
        targets = functional.normalize(torch.tensor(train.targets_nc[batch], dtype=torch.float32), dim=1)
        wanted = (targets @ targets.T).to(embeddings.device)
        off_diagonal = ~torch.eye(len(batch), dtype=torch.bool, device=embeddings.device)
        return (embeddings @ embeddings.T - wanted)[off_diagonal].square().mean()
    labels = torch.tensor(train.classes_n[batch], device=embeddings.device)
    mined = miners.TripletMarginMiner(margin=spec.margin, type_of_triplets="semihard")(embeddings, labels)
    if len(mined[0]) == 0:
        mined = miners.BatchHardMiner()(embeddings, labels)
    triplet_loss: torch.Tensor = losses.TripletMarginLoss(margin=spec.margin)(embeddings, labels, mined)
    return triplet_loss
