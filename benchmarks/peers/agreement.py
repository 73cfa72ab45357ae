"""Whether a peer that is given what we have (masks, windows, samples) makes the map that we make.

The peers run the network as it is built, we the folded one, so agreement is bounded by float32 rounding of scores.
Maps are divided by their largest absolute value, because peers scale them in ways of their own.
"""

from dataclasses import dataclass

import numpy as np
import torch
from scipy.stats import spearmanr

from benchmarks.peers import original_rise
from benchmarks.peers.installed import is_installed
from benchmarks.peers.rows_lime import segment, superpixel_spec
from benchmarks.peers.rows_windows import captum_windows, stride_of, window_px
from benchmarks.peers.workbench import Workbench
from benchmarks.perturbation_speed import REFERENCES
from pipeline.saliency.contract import SaliencyGenerator
from pipeline.saliency.grad_cam.declaration import GradCamSpec
from pipeline.saliency.grad_cam.maps import build_grad_cam
from pipeline.saliency.lime.declaration import LimeSpec
from pipeline.saliency.lime.maps import build_lime, draw_samples, sample_weights
from pipeline.saliency.perturbations import GivenMasks
from pipeline.saliency.rise.maps import build_rise_with_masks
from pipeline.saliency.sliding_window.declaration import SlidingWindowSpec
from pipeline.saliency.sliding_window.maps import build_sliding_window_with_masks, query_windows

SAME = "nowhere"


@dataclass(frozen=True)
class Agreement:
    """A peer's maps beside ours.

    Attributes:
        peer: whose maps.
        given: what both had.
        rank_correlation: Spearman's, the least of the references but those with which both maps are constant;
            NaN where one of the two is.
        largest_difference: of maps whose largest absolute value is 1.
        differs: by which definition.
    """

    peer: str
    given: str
    rank_correlation: float
    largest_difference: float
    differs: str


def agree(peer: str, given: str, theirs_khw: np.ndarray, ours_khw: np.ndarray, differs: str = SAME) -> Agreement:
    """Return how well maps (reference, y, x) agree."""
    correlations, differences = [], []
    for theirs, ours in zip(theirs_khw, ours_khw, strict=True):
        if np.ptp(theirs) > 0 or np.ptp(ours) > 0:
            correlations.append(spearmanr(theirs, ours, axis=None).statistic)
        differences.append(np.abs(_scaled(theirs) - _scaled(ours)).max())
    least = float(np.min(correlations)) if correlations else float("nan")
    return Agreement(peer, given, least, float(np.max(differences)), differs)


def compare_maps(bench: Workbench, masks: int, per_side: int, samples: int) -> list[Agreement]:
    """Return the agreement with each peer that is installed, and with the original RISE."""
    found = _original_rise(bench, masks)
    if is_installed("xaitk_saliency"):
        found += _xaitk_rise(bench, masks) + _xaitk_windows(bench, per_side)
    if is_installed("distance_explainer"):
        found += _distance_explainer(bench, masks)
    if is_installed("captum"):
        found += [_captum_occlusion(bench, per_side)]
    found += _lime(bench, samples)
    if is_installed("pytorch_grad_cam"):
        found += [_grad_cam(bench)]
    return found


def _scaled(map_hw: np.ndarray) -> np.ndarray:
    return map_hw / max(float(np.abs(map_hw).max()), 1e-30)


def _maps(generator: SaliencyGenerator, bench: Workbench, references: int = REFERENCES) -> np.ndarray:
    return generator([bench.request(references)])[0].display_khw


def _plain_scores(bench: Workbench, masks_nhw: np.ndarray) -> np.ndarray:
    """Return the plain network's scores (mask, reference) of the masked query."""
    masked = torch.split(bench.query_chw * torch.from_numpy(masks_nhw)[:, None], bench.case.batch)
    return torch.cat([bench.similarities(images, REFERENCES) for images in masked]).numpy()


def _original_rise(bench: Workbench, masks: int) -> list[Agreement]:
    masks_nhw = original_rise.make_masks(masks, bench.case.size_px)
    ours_khw = _maps(build_rise_with_masks(GivenMasks(masks_nhw), bench.scorer), bench)
    offsets_k = _plain_scores(bench, masks_nhw).astype(np.float64).mean(axis=0)

    def explain(offset: float, reference: int) -> np.ndarray:
        def score(images_nchw: torch.Tensor) -> torch.Tensor:
            return bench.similarities(images_nchw, REFERENCES)[:, reference] - offset

        return original_rise.explain(bench.query_chw, masks_nhw, score, bench.case.batch)

    published_khw = np.stack([explain(0.0, number) for number in range(REFERENCES)])
    centred_khw = np.stack([explain(offset, number) for number, offset in enumerate(offsets_k)])
    given = f"its {masks} masks"
    return [
        agree("original RISE", given, published_khw, ours_khw, "over N p, not over the coverage; scores not centred"),
        agree(
            "original RISE",
            f"{given}, centred scores; its map over the coverage",
            centred_khw / masks_nhw.mean(0),
            ours_khw,
        ),
    ]


def _xaitk_rise(bench: Workbench, masks: int) -> list[Agreement]:
    from benchmarks.peers import with_xaitk

    masks_nhw = with_xaitk.rise_masks(masks, bench.case.size_px)
    ours_khw = _maps(build_rise_with_masks(GivenMasks(masks_nhw), bench.scorer), bench)
    scores_nk = _plain_scores(bench, masks_nhw).astype(np.float64)
    sums_khw = with_xaitk.rise_weighted_sums(scores_nk - scores_nk.mean(axis=0), masks_nhw, keep_probability=0.0)
    given = f"its {masks} masks"
    definition = "sum of s (M - p), neither centred nor over the coverage"
    return [
        agree("xaitk-saliency RISEStack", given, with_xaitk.rise(bench, masks, REFERENCES), ours_khw, definition),
        agree(
            "xaitk-saliency RISEScoring",
            f"{given}, centred scores, p = 0; its map over the coverage",
            sums_khw / masks_nhw.mean(axis=0),
            ours_khw,
        ),
    ]


def _distance_explainer(bench: Workbench, masks: int) -> list[Agreement]:
    from benchmarks.peers import with_distance_explainer

    masks_nhw = with_distance_explainer.make_masks(masks, bench.case.size_px)
    theirs_khw = with_distance_explainer.explain_with_masks(bench, masks_nhw, REFERENCES)
    given = f"its {masks} masks"
    ours_khw = _maps(build_rise_with_masks(GivenMasks(masks_nhw), bench.scorer), bench)
    order_nk = np.argsort(-_plain_scores(bench, masks_nhw), axis=0)
    tenth = masks // 10
    # What its description says, from our scores.
    ends_khw = np.stack(
        [masks_nhw[order_n[:tenth]].mean(axis=0) - masks_nhw[order_n[-tenth:]].mean(axis=0) for order_n in order_nk.T]
    )
    definition = "mean of the best tenth of the masks minus that of the worst, not weighted by scores"
    return [
        agree("distance-explainer", given, theirs_khw, ours_khw, definition),
        agree("distance-explainer", f"{given}; ours by its definition", theirs_khw, ends_khw),
    ]


def _xaitk_windows(bench: Workbench, per_side: int) -> list[Agreement]:
    from benchmarks.peers import with_xaitk

    windows = query_windows(SlidingWindowSpec(windows_per_side=per_side), bench.case.size_px)
    ours_khw = _maps(build_sliding_window_with_masks(windows, bench.scorer), bench)
    masks_nhw = windows.render(0, len(windows)).numpy() > 0.5
    given = f"our {len(windows)} windows"
    confidences_khw = with_xaitk.occlusion_of_confidences(bench, masks_nhw, REFERENCES)
    descriptors_khw = with_xaitk.occlusion_of_descriptors(bench, masks_nhw, REFERENCES)
    return [
        agree("xaitk-saliency OcclusionScoring", given, confidences_khw, ours_khw),
        agree("xaitk-saliency SimilarityScoring", given, descriptors_khw, ours_khw, "a rise of the score counts as 0"),
    ]


def _captum_occlusion(bench: Workbench, per_side: int) -> Agreement:
    from benchmarks.peers import with_captum

    size_px = bench.case.size_px
    side, stride = window_px(size_px), stride_of(lambda stride: captum_windows(size_px, stride), per_side**2)
    masks = GivenMasks(with_captum.occlusion_masks(size_px, side, stride).astype(np.float32))
    ours_khw = _maps(build_sliding_window_with_masks(masks, bench.scorer), bench, 1)
    return agree(
        "captum Occlusion", f"its {len(masks)} windows", with_captum.occlusion(bench, side, stride)[None], ours_khw
    )


def _lime(bench: Workbench, samples: int) -> list[Agreement]:
    superpixels = superpixel_spec(bench.case.size_px)
    spec = LimeSpec(samples, regression="ridge", superpixels=superpixels)
    ridge_khw = _maps(build_lime(spec, bench.scorer), bench, 1)
    lasso_khw = _maps(build_lime(LimeSpec(samples, superpixels=superpixels), bench.scorer), bench, 1)
    superpixels_hw = segment(bench.pixels_khwc[0])
    is_on_ns = draw_samples(spec, "query", int(superpixels_hw.max()) + 1)
    given = f"our {samples} samples of {is_on_ns.shape[1]} superpixels"
    own = "its own samples, the same superpixels"
    found = []
    if is_installed("lime"):
        from benchmarks.peers import with_lime

        found.append(agree("lime", f"{given}, ridge", with_lime.explain_samples(bench, segment, is_on_ns), ridge_khw))
        found.append(
            agree("lime", own, with_lime.explain(bench, segment, samples), lasso_khw, "samples; ridge, we Lasso")
        )
    if is_installed("captum"):
        from benchmarks.peers import with_captum

        weights_n = sample_weights(is_on_ns, spec.kernel_width)
        by_ridge_hw = with_captum.lime_by_ridge(bench, superpixels_hw, is_on_ns, weights_n)
        found.append(agree("captum Lime", f"{given} and weights, ridge", by_ridge_hw[None], ridge_khw))
        default_hw = with_captum.lime(bench, superpixels_hw, samples)
        differs = "samples; weights by pixels; the Lasso's penalty is 0.01, ours chosen by BIC"
        found.append(agree("captum Lime", own, default_hw[None], lasso_khw, differs))
    return found


def _grad_cam(bench: Workbench) -> Agreement:
    from benchmarks.peers.with_grad_cam import GradCamOfPairs

    ours_khw = _maps(build_grad_cam(GradCamSpec(), bench.scorer, bench.case.size_px), bench)
    theirs_khw = GradCamOfPairs(bench).maps(1, REFERENCES)
    # It stretches each map from 0 to 1, so ours are, too.
    least_k11, largest_k11 = (bound(ours_khw, axis=(1, 2), keepdims=True) for bound in (np.min, np.max))
    stretched_khw = (ours_khw - least_k11) / np.maximum(largest_k11 - least_k11, 1e-30)
    empty = int((np.ptp(theirs_khw, axis=(1, 2)) == 0).sum())
    given = f"the last feature map; {empty} of {REFERENCES} maps all 0; ours stretched from 0 to 1"
    return agree("grad-cam GradCAM", given, theirs_khw, stretched_khw)
