"""How well embeddings retrieve: the measures that choose a similarity model's epoch."""

import numpy as np
import torch
from pytorch_metric_learning.distances import CosineSimilarity
from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator
from pytorch_metric_learning.utils.inference import CustomKNN


def recall_at_1(embeddings_nd: np.ndarray, classes_n: np.ndarray) -> float:
    """Return the share of images (0 to 1) whose nearest other image by cosine is of the same class.

    Images whose class has no other image are left out, as retrieval protocols do. NaN when none is left.
    """
    calculator = AccuracyCalculator(
        include=("precision_at_1",), k=1, knn_func=CustomKNN(CosineSimilarity()), device=torch.device("cpu")
    )
    embeddings = torch.tensor(embeddings_nd)
    labels = torch.tensor(classes_n)
    measures = calculator.get_accuracy(embeddings, labels, embeddings, labels, ref_includes_query=True)
    return float(measures["precision_at_1"])


def target_correlation(embeddings_nd: np.ndarray, targets_nc: np.ndarray) -> float:
    """Return Pearson's correlation (-1 to 1) of embedding cosines with target cosines over all image pairs."""
    upper = np.triu_indices(len(embeddings_nd), k=1)
    cosines = []
    for vectors in (embeddings_nd.astype(np.float64), targets_nc.astype(np.float64)):
        unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        cosines.append((unit @ unit.T)[upper])
    return float(np.corrcoef(cosines[0], cosines[1])[0, 1])
