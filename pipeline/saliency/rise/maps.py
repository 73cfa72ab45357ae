"""RISE for image similarity (v1 section 3.2; ECCV supplement section 1).

Cost: N forward passes a query whatever the number of references; the reduction is two further matrix products.
`both` adds M passes a pair, see `mean_perturbed_references`; `foil` adds none, see `against_foils`.
"""

from collections.abc import Callable

import numpy as np
import torch

from pipeline.device_transfer import fetch
from pipeline.randomness import derive_seed
from pipeline.saliency.contract import SaliencyGenerator, SaliencyMaps, SaliencyRequest, pipelined
from pipeline.saliency.declaration import BOTH, FIXED
from pipeline.saliency.fill import MEAN, Fill
from pipeline.saliency.perturbations import MaskSource
from pipeline.saliency.perturbed_embeddings import perturbed_query_scores
from pipeline.saliency.resident_masks import resident
from pipeline.saliency.rise.declaration import FOIL, RiseSpec
from pipeline.saliency.rise.foils import against_foils
from pipeline.saliency.rise.masks import MaskDraws, draw_masks
from pipeline.saliency.rise.score_regression import prepare_regression, regress_maps
from pipeline.saliency.spec_fields import refuse_out_of_limits
from pipeline.similarity.scorer import SimilarityScorer

REDUCTION_BATCH_MASKS = 100
PAPERS, BALANCED_REGRESSION = "papers", "balanced_regression"


def build_rise(spec: RiseSpec, scorer: SimilarityScorer, image_size_px: int, mode: str = FIXED) -> SaliencyGenerator:
    """Return the generator: for one query and K references, K maps from one shared set of N passes.

    Raises:
        BadSetting: settings out of their limits, or see draw_masks. The generator itself raises BadModel, see
            embed_perturbations, in mode both BadSetting for a request without reference pixels, in mode foil for one
            with too few negatives.
    """
    generator = _of_matches(spec, scorer, image_size_px, mode)
    return against_foils(generator, spec.foils) if mode == FOIL else generator


def _of_matches(spec: RiseSpec, scorer: SimilarityScorer, image_size_px: int, mode: str) -> SaliencyGenerator:
    masks = query_masks(spec, image_size_px)
    reference_masks = _reference_masks(spec, image_size_px) if mode == BOTH else None
    if spec.scheme == PAPERS:
        return build_rise_with_masks(masks, scorer, reference_masks, spec.fill)
    regression = prepare_regression(masks, spec.keep_probability, is_antithetic=True)

    def launch_regression(scores_nk: torch.Tensor) -> Callable[[], np.ndarray]:
        fetched = fetch(scores_nk)
        return lambda: regress_maps(fetched(), regression)[0]

    return _generator(resident(masks, scorer.device), scorer, reference_masks, spec.fill, launch_regression)


def build_rise_with_masks(
    masks: MaskSource, scorer: SimilarityScorer, reference_masks: MaskSource | None = None, fill: Fill = MEAN
) -> SaliencyGenerator:
    """Return the generator for any masks, such as those of another implementation (see GivenMasks).

    map = sum_i (s_i - mean s) M_i / sum_i M_i, the coverage-weighted mean of the centred scores.
    Departure from RISE as published, which divides by N p: with a high base similarity that map is
    mostly the noise of the coverage. Centred before the sum, because float32 rounding of the offset would show.

    Args:
        masks: of the query.
        scorer: the explained model.
        reference_masks: of each reference, whose mean score then takes the place of s_i; None: mode fixed.
        fill: what removed pixels become.
    """
    masks = resident(masks, scorer.device)
    coverage_hw = mask_coverage(masks, scorer.device)
    return _generator(
        masks, scorer, reference_masks, fill, lambda scores: fetch(reduce_scores(scores, masks, coverage_hw))
    )


def _generator(
    masks: MaskSource,
    scorer: SimilarityScorer,
    reference_masks: MaskSource | None,
    fill: Fill,
    launch_reduction: Callable[[torch.Tensor], Callable[[], np.ndarray]],
) -> SaliencyGenerator:
    """Return the generator whose maps are made of scores (mask, reference) in the given way."""

    def launch(request: SaliencyRequest) -> Callable[[], SaliencyMaps]:
        scores = perturbed_query_scores(scorer, request, masks, reference_masks, fill)
        check, reduced = scores.start_check(), launch_reduction(scores.scores_nk)

        def collect() -> SaliencyMaps:
            check()
            maps_khw = reduced()
            return SaliencyMaps(maps_khw, maps_khw, scores.forward_passes)

        return collect

    return pipelined(launch)


def query_masks(spec: RiseSpec, image_size_px: int) -> MaskDraws:
    """Return all that is passed for a query, in the order in which its perturbed embeddings are kept.

    Raises:
        BadSetting: settings out of their limits, or see draw_masks.
    """
    refuse_out_of_limits(spec, "saliency.rise")
    is_balanced = spec.scheme == BALANCED_REGRESSION
    return draw_masks(spec.seed, spec.masks, spec.grid_cells, spec.keep_probability, image_size_px, is_balanced)


def _reference_masks(spec: RiseSpec, image_size_px: int) -> MaskDraws:
    # Other draws than the query's: alike masks would hide the same parts of both images at the same time.
    seed = derive_seed(spec.seed, "reference masks")
    return draw_masks(seed, spec.reference_masks, spec.grid_cells, spec.keep_probability, image_size_px)


def reduce_scores(scores_nk: torch.Tensor, masks: MaskSource, coverage_hw: torch.Tensor) -> torch.Tensor:
    """Return float32 maps (reference, y, x) from float32 scores (mask, reference), on their device.

    Args:
        scores_nk: score of each masked query against each reference.
        masks: the masks.
        coverage_hw: float64 sum of all masks, at least a little above 0.
    """
    # The mean in float64: its float32 rounding would shift a map of high scores by 2e-4 of its range.
    scores_double = scores_nk.double()
    centred_kn = (scores_double - scores_double.mean(dim=0)).float().T.contiguous()
    size = masks.image_size_px
    sums = torch.zeros(len(centred_kn), size * size, dtype=torch.float64, device=scores_nk.device)
    for start in range(0, len(masks), REDUCTION_BATCH_MASKS):
        stop = min(start + REDUCTION_BATCH_MASKS, len(masks))
        sums += centred_kn[:, start:stop] @ masks.render(start, stop, str(scores_nk.device)).flatten(1)
    return (sums / coverage_hw.flatten()).float().unflatten(1, (size, size))  # type: ignore[no-any-return, no-untyped-call]


def mask_coverage(masks: MaskSource, device: str) -> torch.Tensor:
    """Return the float64 sum (y, x) of all masks, on a device, at least a little above 0."""
    size = masks.image_size_px
    total = torch.zeros(size, size, dtype=torch.float64, device=device)
    for start in range(0, len(masks), REDUCTION_BATCH_MASKS):
        rendered = masks.render(start, min(start + REDUCTION_BATCH_MASKS, len(masks)), device)
        total += rendered.sum(dim=0, dtype=torch.float64)
    # A pixel that no mask ever shows has no evidence; dividing by a small number keeps its sum of 0 at 0.
    return total.clamp_min(1e-12)
