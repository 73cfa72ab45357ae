"""A sliding window for image similarity (v1 sections A.1 and B.2; ECCV supplement section 1).

Cost: one forward pass a window and, for the drops' baseline, one of the whole image, whatever the number of
references; `both` adds the windows of each reference once, see `mean_perturbed_references`.
"""

from collections.abc import Callable

import torch
from torch.nn import functional

from pipeline.device_transfer import fetch
from pipeline.saliency.contract import SaliencyGenerator, SaliencyMaps, SaliencyRequest, pipelined
from pipeline.saliency.declaration import BOTH, FIXED
from pipeline.saliency.fill import MEAN, Fill
from pipeline.saliency.perturbations import MaskSource, WithUnmaskedImage
from pipeline.saliency.perturbed_embeddings import PerturbedScores, perturbed_query_scores
from pipeline.saliency.resident_masks import resident
from pipeline.saliency.sliding_window.declaration import SlidingWindowSpec
from pipeline.saliency.sliding_window.geometry import (
    PAPERS,
    QUERY_WINDOWS_AT_THE_EDGE,
    REFERENCE_WINDOWS_AT_THE_EDGE,
    WINDOW_SIDES,
)
from pipeline.saliency.sliding_window.windows import WindowGrid, window_grid
from pipeline.saliency.spec_fields import refuse_out_of_limits
from pipeline.similarity.scorer import SimilarityScorer

REDUCTION_BATCH_MASKS = 100


def build_sliding_window(
    spec: SlidingWindowSpec, scorer: SimilarityScorer, image_size_px: int, mode: str = FIXED
) -> SaliencyGenerator:
    """Return the generator: for one query and K references, K maps from one shared set of passes.

    Native maps are the display maps ("papers") or a value per window ("authors_code").

    Raises:
        BadSetting: settings out of their limits, or too few windows, see window_grid. The generator itself raises
            BadModel, see embed_perturbations, and in mode both BadSetting for a request without reference pixels.
    """
    windows = query_windows(spec, image_size_px)
    reference_windows = _reference_windows(spec, image_size_px) if mode == BOTH else None
    if spec.geometry == PAPERS:
        return build_sliding_window_with_masks(windows, scorer, reference_windows, spec.fill)

    def launch_grids(request: SaliencyRequest) -> Callable[[], SaliencyMaps]:
        scores = perturbed_query_scores(scorer, request, windows, reference_windows, spec.fill)
        side = spec.windows_per_side
        native_kcc = (1 - scores.scores_nk.T).reshape(-1, side, side)
        size = (image_size_px, image_size_px)
        display = functional.interpolate(native_kcc[:, None], size=size, mode="bilinear", align_corners=False)[:, 0]
        return _collecting(scores, display, native_kcc)

    return pipelined(launch_grids)


def build_sliding_window_with_masks(
    masks: MaskSource, scorer: SimilarityScorer, reference_masks: MaskSource | None = None, fill: Fill = MEAN
) -> SaliencyGenerator:
    """Return the generator for any masks: map = sum_i (s - s_i) (1 - M_i) / sum_i (1 - M_i).

    For masks of zeros and ones that is the mean drop of the score over the masks that remove the pixel.

    Args:
        masks: of the query; one pass more, of the whole query, gives s.
        scorer: the explained model.
        reference_masks: of each reference, whose mean score then takes the place of s and s_i; None: mode fixed.
        fill: what removed pixels become.
    """
    masks = resident(masks, scorer.device)
    coverage_hw = _coverage(masks, scorer.device)
    and_whole = WithUnmaskedImage(masks)

    def launch_mean_drops(request: SaliencyRequest) -> Callable[[], SaliencyMaps]:
        scores = perturbed_query_scores(scorer, request, and_whole, reference_masks, fill)
        scores_nk = scores.scores_nk
        maps_khw = mean_drops(scores_nk[:-1], scores_nk[-1], masks, coverage_hw)
        return _collecting(scores, maps_khw, maps_khw)

    return pipelined(launch_mean_drops)


def _collecting(scores: PerturbedScores, display: torch.Tensor, native: torch.Tensor) -> Callable[[], SaliencyMaps]:
    """Start to bring maps (reference, y, x) to the CPU, and return what waits for them."""
    check, fetched = scores.start_check(), fetch(display)
    fetched_native = fetched if native is display else fetch(native)

    def collect() -> SaliencyMaps:
        check()
        display_khw = fetched()
        native_khw = display_khw if native is display else fetched_native()
        return SaliencyMaps(display_khw, native_khw, scores.forward_passes)

    return collect


def query_masks(spec: SlidingWindowSpec, image_size_px: int) -> MaskSource:
    """Return all that is passed for a query, in the order in which its perturbed embeddings are kept.

    Raises:
        BadSetting: see build_sliding_window.
    """
    windows = query_windows(spec, image_size_px)
    return WithUnmaskedImage(windows) if spec.geometry == PAPERS else windows


def query_windows(spec: SlidingWindowSpec, image_size_px: int) -> WindowGrid:
    """Return the windows of the query.

    Raises:
        BadSetting: see build_sliding_window.
    """
    refuse_out_of_limits(spec, "saliency.sliding_window")
    side = WINDOW_SIDES[spec.geometry]
    return window_grid(spec.windows_per_side, side, QUERY_WINDOWS_AT_THE_EDGE, image_size_px)


def mean_drops(
    scores_nk: torch.Tensor, whole_k: torch.Tensor, masks: MaskSource, coverage_hw: torch.Tensor
) -> torch.Tensor:
    """Return float32 maps (reference, y, x) from float32 scores, on their device.

    Args:
        scores_nk: score of each masked query against each reference (mask, reference).
        whole_k: score of the whole query.
        masks: the masks.
        coverage_hw: float64 sum of what they remove, at least a little above 0.
    """
    drops_kn = (whole_k.double() - scores_nk.double()).float().T.contiguous()
    size = masks.image_size_px
    sums = torch.zeros(len(drops_kn), size * size, dtype=torch.float64, device=scores_nk.device)
    for start in range(0, len(masks), REDUCTION_BATCH_MASKS):
        stop = min(start + REDUCTION_BATCH_MASKS, len(masks))
        removed = 1 - masks.render(start, stop, str(scores_nk.device)).flatten(1)
        sums += drops_kn[:, start:stop] @ removed
    return (sums / coverage_hw.flatten()).float().reshape(-1, size, size)


def _coverage(masks: MaskSource, device: str) -> torch.Tensor:
    size = masks.image_size_px
    total = torch.zeros(size, size, dtype=torch.float64, device=device)
    for start in range(0, len(masks), REDUCTION_BATCH_MASKS):
        rendered = masks.render(start, min(start + REDUCTION_BATCH_MASKS, len(masks)), device)
        total += (1 - rendered).sum(dim=0, dtype=torch.float64)
    # A pixel that no mask ever removes has no evidence; dividing by a small number keeps its sum of 0 at 0.
    return total.clamp_min(1e-12)


def _reference_windows(spec: SlidingWindowSpec, image_size_px: int) -> WindowGrid:
    per_side, side = spec.reference_windows_per_side, WINDOW_SIDES[spec.geometry]
    return window_grid(per_side, side, REFERENCE_WINDOWS_AT_THE_EDGE, image_size_px)
