"""Captum: `Occlusion` and `Lime` of the similarity to one reference, as many perturbations per call as our batch.

Both explain one output at a time, so several references cost their passes again for each.
"""

from collections.abc import Iterator

import numpy as np
import torch
from captum._utils.models.linear_model import SkLearnRidge
from captum.attr import Lime, Occlusion

from benchmarks.peers.workbench import Workbench
from pipeline.images import normalise_pixels


def occlusion(bench: Workbench, window_px: int, stride_px: int) -> np.ndarray:
    """Return its map (y, x): windows that begin at the border and end within it, baseline 0."""
    with torch.inference_mode():
        attributions = Occlusion(lambda images: bench.similarities(images)[:, 0]).attribute(
            bench.query_chw[None],
            sliding_window_shapes=(3, window_px, window_px),
            strides=(3, stride_px, stride_px),
            baselines=0,
            perturbations_per_eval=bench.case.batch,
        )
    # A window covers all channels, which therefore agree.
    return np.asarray(attributions[0, 0].numpy())


def occlusion_masks(size_px: int, window_px: int, stride_px: int) -> np.ndarray:
    """Return its windows as bool (window, y, x), False where they remove."""
    starts = np.arange(-(-(size_px - window_px) // stride_px) + 1) * stride_px
    pixels = np.arange(size_px)
    is_removed_np = (starts[:, None] <= pixels) & (pixels < starts[:, None] + window_px)
    return ~(is_removed_np[:, None, :, None] & is_removed_np[None, :, None, :]).reshape(-1, size_px, size_px)


def lime(bench: Workbench, superpixels_hw: np.ndarray, samples: int) -> np.ndarray:
    """Return the map (y, x) by its defaults: a Lasso of penalty 0.01, weights by the pixels' cosine distance."""
    explainer = Lime(lambda images: bench.similarities(images)[:, 0])
    return _attribute(explainer, bench, superpixels_hw, samples)


def lime_by_ridge(
    bench: Workbench, superpixels_hw: np.ndarray, is_on_ns: np.ndarray, weights_n: np.ndarray
) -> np.ndarray:
    """Return the map (y, x) of given samples (sample, superpixel) and weights (sample,), by ridge of penalty 1."""
    weights = iter(weights_n.tolist())

    def given_samples(_image: torch.Tensor, **_settings: object) -> Iterator[torch.Tensor]:
        for is_on_s in is_on_ns:
            yield torch.from_numpy(is_on_s[None].astype(np.int64))

    def given_weight(_image: torch.Tensor, _perturbed: torch.Tensor, _row: torch.Tensor, **_settings: object) -> float:
        return float(next(weights))

    explainer = Lime(
        lambda images: bench.similarities(images)[:, 0],
        interpretable_model=SkLearnRidge(alpha=1.0),
        similarity_func=given_weight,
        perturb_func=given_samples,
    )
    return _attribute(explainer, bench, superpixels_hw, len(is_on_ns))


def _attribute(explainer: Lime, bench: Workbench, superpixels_hw: np.ndarray, samples: int) -> np.ndarray:
    black = normalise_pixels(np.zeros_like(bench.pixels_khwc[:1])).contiguous()
    attributions = explainer.attribute(
        bench.query_chw[None],
        baselines=black,
        feature_mask=torch.from_numpy(superpixels_hw)[None, None].expand(1, 3, -1, -1),
        n_samples=samples,
        perturbations_per_eval=bench.case.batch,
    )
    return np.asarray(attributions[0, 0].numpy())
