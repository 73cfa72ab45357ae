"""RISE for image similarity, fixed reference (v1 section 3.2; ECCV supplement section 1).

Cost: N forward passes a query whatever the number of references; the reduction is two further matrix products.
"""

from dataclasses import dataclass

import torch

from pipeline.saliency.contract import SaliencyGenerator, SaliencyMaps, SaliencyRequest, one_by_one
from pipeline.saliency.masks import MaskDraws, draw_masks, render_masks
from pipeline.saliency.perturbed_embeddings import embed_perturbations, perturbed_scores
from pipeline.similarity.scorer import SimilarityScorer

REDUCTION_BATCH_MASKS = 100


@dataclass(frozen=True)
class RiseSpec:
    """Settings of RISE.

    Attributes:
        masks: N.
        grid_cells: cells along a side of the coarse grid.
        keep_probability: chance that a cell is kept.
        seed: of the masks.
    """

    masks: int = 2000
    grid_cells: int = 8
    keep_probability: float = 0.5
    seed: int = 0


def build_rise(spec: RiseSpec, scorer: SimilarityScorer, image_size_px: int) -> SaliencyGenerator:
    """Return the generator: for one query and K references, K maps from one shared set of N passes.

    map = sum_i (s_i - mean s) M_i / sum_i M_i, the coverage-weighted mean of the centred scores.
    Departure from RISE as published, which divides by N p: with a high base similarity that map is
    mostly the noise of the coverage. Centred before the sum, because float32 rounding of the offset would show.

    Raises:
        BadSetting: see draw_masks. The generator itself raises BadModel, see embed_perturbations.
    """
    draws = draw_masks(spec.seed, spec.masks, spec.grid_cells, spec.keep_probability, image_size_px)
    coverage_hw = _coverage(draws, scorer.device)

    def compute_rise_maps(request: SaliencyRequest) -> SaliencyMaps:
        embeddings_nd = embed_perturbations(scorer, request.pixels_hwc, draws)
        maps_khw = reduce_scores(perturbed_scores(embeddings_nd, request), draws, coverage_hw).cpu().numpy()
        return SaliencyMaps(maps_khw, maps_khw, forward_passes=len(draws))

    return one_by_one(compute_rise_maps)


def reduce_scores(scores_nk: torch.Tensor, draws: MaskDraws, coverage_hw: torch.Tensor) -> torch.Tensor:
    """Return float32 maps (reference, y, x) from float32 scores (mask, reference), on their device.

    Args:
        scores_nk: score of each masked query against each reference.
        draws: the masks' random part.
        coverage_hw: float64 sum of all masks, at least a little above 0.
    """
    # The mean in float64: its float32 rounding would shift a map of high scores by 2e-4 of its range.
    scores_double = scores_nk.double()
    centred_kn = (scores_double - scores_double.mean(dim=0)).float().T.contiguous()
    size = draws.image_size_px
    sums = torch.zeros(len(centred_kn), size * size, dtype=torch.float64, device=scores_nk.device)
    for start in range(0, len(draws), REDUCTION_BATCH_MASKS):
        stop = min(start + REDUCTION_BATCH_MASKS, len(draws))
        masks = render_masks(draws, start, stop, str(scores_nk.device)).flatten(1)
        sums += centred_kn[:, start:stop] @ masks
    return (sums / coverage_hw.flatten()).float().unflatten(1, (size, size))  # type: ignore[no-any-return, no-untyped-call]


def _coverage(draws: MaskDraws, device: str) -> torch.Tensor:
    size = draws.image_size_px
    total = torch.zeros(size, size, dtype=torch.float64, device=device)
    for start in range(0, len(draws), REDUCTION_BATCH_MASKS):
        masks = render_masks(draws, start, min(start + REDUCTION_BATCH_MASKS, len(draws)), device)
        total += masks.sum(dim=0, dtype=torch.float64)
    # A pixel that no mask ever shows has no evidence; dividing by a small number keeps its sum of 0 at 0.
    return total.clamp_min(1e-12)
