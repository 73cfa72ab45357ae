"""Grad-CAM (Selvaraju et al., 2017) of the similarity score: the cosine of query and reference in place of a class."""

import torch

from pipeline.saliency.contract import SaliencyGenerator
from pipeline.saliency.declaration import FIXED
from pipeline.saliency.grad_cam.declaration import GradCamSpec
from pipeline.saliency.gradients.layer_maps import LayerScore, build_layer_maps
from pipeline.similarity.scorer import SimilarityScorer


def build_grad_cam(
    spec: GradCamSpec, scorer: SimilarityScorer, image_size_px: int, _mode: str = FIXED
) -> SaliencyGenerator:
    """Return the generator of maps of queries; see build_layer_maps for cost, counting and errors.

    Raises:
        BadSetting: see build_layer_maps.
    """
    return build_layer_maps(LayerScore("grad_cam", spec.layer, cosines), scorer, image_size_px)


def cosines(query_pd: torch.Tensor, reference_pd: torch.Tensor, _negatives: torch.Tensor | None) -> torch.Tensor:
    """Return the score of each pair, (pair,), from unit-norm embeddings."""
    return (query_pd * reference_pd).sum(dim=1)
