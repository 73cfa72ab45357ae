"""LIME for image similarity, fixed reference (v1 B.2; Ribeiro et al., 2016).

A linear model of the score over the query's superpixels, fitted to samples in which they are switched on and off.
Cost: one forward pass for each sample that differs from those before it, whatever the number of references.
"""

from collections.abc import Callable

import numpy as np
import torch

from pipeline.device_transfer import fetch, send
from pipeline.randomness import keyed_rng
from pipeline.saliency.contract import SaliencyGenerator, SaliencyMaps, SaliencyRequest, pipelined
from pipeline.saliency.declaration import FIXED
from pipeline.saliency.lime.declaration import LimeSpec
from pipeline.saliency.lime.sparse_regression import Regression, fit_lasso, fit_ridge
from pipeline.saliency.lime.superpixels import SwitchedImages, find_superpixels
from pipeline.saliency.perturbed_embeddings import perturbed_scores, send_references
from pipeline.saliency.spec_fields import refuse_out_of_limits
from pipeline.similarity.scorer import SimilarityScorer


def build_lime(
    spec: LimeSpec, scorer: SimilarityScorer, _image_size_px: int | None = None, _mode: str = FIXED
) -> SaliencyGenerator:
    """Return the generator: a pixel's value is the coefficient of its superpixel. Sizes are those of the queries.

    Each map's notes: "alpha", the penalty; "superpixels", how many there are; "nonzero", how many of them have a
    coefficient. A map of zeros says that no superpixel explains the score: its "nonzero" is 0.
    Deliberate departures: the papers name the Lasso without a penalty, and scikit-learn's of 1 would leave nothing of
    cosines, so it is chosen along the path; samples that repeat an earlier one share its pass.

    Raises:
        BadSetting: settings out of their limits. The generator itself raises it where quickshift refuses its settings,
            and BadModel, see SimilarityScorer.embed_batches and perturbed_scores.
    """
    refuse_out_of_limits(spec, "saliency.lime")

    def launch(request: SaliencyRequest) -> Callable[[], SaliencyMaps]:
        superpixels_hw = find_superpixels(request.pixels_hwc, spec.superpixels)
        n_superpixels = int(superpixels_hw.max()) + 1
        is_on_ns = draw_samples(spec, request.query_id, n_superpixels)
        images = SwitchedImages(request.pixels_hwc, superpixels_hw, scorer.device, spec.fill)
        collect_scores, passes = _launch_scores(scorer, images, is_on_ns, request)

        def collect() -> SaliencyMaps:
            fitted = _fit(spec, is_on_ns.astype(np.float64), collect_scores())
            maps_khw = fitted.coefficients_ks.astype(np.float32)[:, superpixels_hw]
            notes = {
                "alpha": fitted.alphas_k,
                "superpixels": np.full(len(maps_khw), float(n_superpixels)),
                "nonzero": np.count_nonzero(fitted.coefficients_ks, axis=1).astype(np.float64),
            }
            return SaliencyMaps(maps_khw, maps_khw, forward_passes=passes, notes=notes)

        return collect

    return pipelined(launch)


def draw_samples(spec: LimeSpec, query_id: str, n_superpixels: int) -> np.ndarray:
    """Return bool (sample, superpixel), True where it is on; in the first sample all are."""
    is_on_ns = keyed_rng(spec.seed, query_id, "LIME samples").random((spec.samples, n_superpixels)) < 0.5
    is_on_ns[0] = True
    return is_on_ns


def sample_weights(is_on_ns: np.ndarray, kernel_width: float) -> np.ndarray:
    """Return float64 (sample,): sqrt(exp(-d^2 / width^2)), d the cosine distance of a sample to the whole image.

    Where everything is off the cosine is undefined, and d is 1.
    """
    distances_n = 1 - np.sqrt(is_on_ns.mean(axis=1, dtype=np.float64))
    weights: np.ndarray = np.sqrt(np.exp(-(distances_n**2) / kernel_width**2))
    return weights


def _launch_scores(
    scorer: SimilarityScorer, images: SwitchedImages, is_on_ns: np.ndarray, request: SaliencyRequest
) -> tuple[Callable[[], np.ndarray], int]:
    """Return what waits for float64 scores (sample, reference), and the passes that they take."""
    _, first_u, sorted_n = np.unique(is_on_ns, axis=0, return_index=True, return_inverse=True)
    # Distinct samples in their order of drawing, so that the first is the whole image whatever sorting does.
    order_u = np.argsort(first_u)
    place_u = np.empty_like(order_u)
    place_u[order_u] = np.arange(len(order_u))
    distinct_us = send(is_on_ns[first_u[order_u]], scorer.device)
    references_kd, conditions_kd = send_references(request, scorer.device)
    rows = torch.split(distinct_us, scorer.batch_size)
    embeddings_ud = scorer.launch_batches(images.render(some) for some in rows)
    scores = perturbed_scores(embeddings_ud, references_kd, conditions_kd)
    check, fetched = scores.start_check(), fetch(scores.scores_nk)

    def collect() -> np.ndarray:
        check()
        return fetched().astype(np.float64)[place_u[sorted_n.reshape(-1)]]

    return collect, len(first_u)


def _fit(spec: LimeSpec, columns_ns: np.ndarray, scores_nk: np.ndarray) -> Regression:
    weights_n = sample_weights(columns_ns, spec.kernel_width)
    if spec.regression == "ridge":
        return fit_ridge(columns_ns, scores_nk, weights_n, spec.ridge_alpha)
    return fit_lasso(columns_ns, scores_nk, weights_n, spec.selection)
