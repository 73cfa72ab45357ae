"""Similarity attention (SAM, section 3.1): which features make a pair alike, and where in the query they come from.

Nothing is manipulated. The modes are the architectures of the paper: how differences of unit-norm features become the
weights w of the score w . f, whose gradient weighs the channels of a layer.
"""

import torch

from pipeline.saliency.contract import SaliencyGenerator
from pipeline.saliency.gradients.layer_maps import LayerScore, build_layer_maps
from pipeline.saliency.similarity_attention.declaration import AttentionSpec
from pipeline.saliency.similarity_attention.modes import NEGATIVES_OF_MODE
from pipeline.similarity.scorer import SimilarityScorer


def build_similarity_attention(
    spec: AttentionSpec, scorer: SimilarityScorer, image_size_px: int, mode: str
) -> SaliencyGenerator:
    """Return the generator of SAM's maps of queries; see build_layer_maps for cost, counting and errors.

    Args:
        spec: the settings.
        scorer: the explained model, with gradients.
        image_size_px: side of display maps.
        mode: one of NEGATIVES_OF_MODE. Explained pairs are matches, so a siamese pair is one of a class.

    Raises:
        BadSetting: see build_layer_maps.
    """
    score = LayerScore("similarity_attention", spec.layer, weighted_features, NEGATIVES_OF_MODE[mode])
    return build_layer_maps(score, scorer, image_size_px)


def weighted_features(
    query_pd: torch.Tensor, reference_pd: torch.Tensor, negatives_pmd: torch.Tensor | None
) -> torch.Tensor:
    """Return w . f of each pair, (pair,): w = (1 - |f - r|) times |f - n| for each negative n, constant to gradients.

    The gradient of f itself goes on through its normalisation: a region that lengthens the vector before it without
    turning it changes no similarity, so it should not be marked.

    Args:
        query_pd: f, unit norm.
        reference_pd: r, unit norm.
        negatives_pmd: unit norm; None for siamese pairs, one each for triplets, two for quadruplets.
    """
    fixed_pd = query_pd.detach()
    weights_pd = 1 - (fixed_pd - reference_pd).abs()
    if negatives_pmd is not None:
        weights_pd = weights_pd * (fixed_pd[:, None] - negatives_pmd).abs().prod(dim=1)
    return (weights_pd * query_pd).sum(dim=1)
