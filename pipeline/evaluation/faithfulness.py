"""Insertion and deletion: does showing (hiding) the pixels a map ranks first restore (destroy) the score?

Images are numpy; the model is a callable, so this file needs no torch. Cost per query: 2 (steps - 1) passes
for each distinct ranking among its maps, plus 2 passes for the full and the blank image.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.errors import BadModel
from pipeline.randomness import keyed_rng
from pipeline.similarity.conditions import conditioned_cosines

# (image, y, x, 3) uint8 -> (image, dimension) float, unit norm.
Embed = Callable[[npt.NDArray[np.uint8]], npt.NDArray[np.floating]]

# Below this range of its own scores a curve says nothing; below this gap the end points do not anchor it.
FLAT_RANGE = 1e-4
SMALLEST_ANCHOR_GAP = 0.02
_UNIT_NORM_TOLERANCE = 1e-2


@dataclass(frozen=True)
class CurvePair:
    """Insertion and deletion of one map against one reference; areas are fractions, not percent.

    Attributes:
        insertion_curve: (steps + 1,) float64 cosine with the reference, from the blank to the full image.
        deletion_curve: (steps + 1,) float64, from the full to the blank image.
        insertion_auc: area under the curve scaled by its own range (larger = more faithful).
        deletion_auc: likewise (smaller = more faithful).
        insertion_auc_anchored: area under the curve scaled by the end points; NaN where their gap is small.
        deletion_auc_anchored: likewise.
        insertion_is_flat: the curve's range is under 1e-4, so its area was set to 0.5.
        deletion_is_flat: likewise.
        is_constant: all values of the map are equal, so that the ranking is the tie-breaking permutation.
    """

    insertion_curve: npt.NDArray[np.float64]
    deletion_curve: npt.NDArray[np.float64]
    insertion_auc: float
    deletion_auc: float
    insertion_auc_anchored: float
    deletion_auc_anchored: float
    insertion_is_flat: bool
    deletion_is_flat: bool
    is_constant: bool


def pixel_ranking(map_hw: npt.NDArray[np.floating], tie_key: Sequence[object]) -> npt.NDArray[np.int64]:
    """Return the flat indices of the pixels, (y * x,) int64, most salient first.

    Args:
        map_hw: (y, x) saliency, larger = matters more; leave missing slots (NaN maps) out.
        tie_key: what keys the permutation that breaks ties: seed and query id, alike for all generators.

    Raises:
        BadModel: the map holds a value that is not finite.

    Source: v1 4.1. Row order among ties would favour the top of the image, often the sky.
    Deliberate departure: the permutation is keyed per query, not per pair, so that a map that does not
    depend on the reference (centre blob, random) gives the same manipulated images for every reference of
    a query, and one set of passes serves them all.
    """
    values = np.asarray(map_hw, dtype=np.float64).ravel()
    if not np.isfinite(values).all():
        raise BadModel(
            expected="a saliency map of finite numbers",
            found=f"{int((~np.isfinite(values)).sum())} of {values.size} values NaN or infinite",
            where=f"a map of {tuple(str(part) for part in tie_key)}",
            remedy="leave missing slots out, and check the generator that made this map",
        )
    shuffled = keyed_rng("saliency ties", *tie_key).permutation(values.size)
    ranking: npt.NDArray[np.int64] = shuffled[np.argsort(-values[shuffled], kind="stable")]
    return ranking


def pixels_per_step(n_pixels: int, steps: int = 100) -> npt.NDArray[np.int64]:
    """Return how many pixels are manipulated at each step: (steps + 1,) int64 from 0 to n_pixels.

    Step t counts t / steps of the pixels, rounded to the nearest whole pixel, halves to the even one.

    Deliberate departure: none at t = 0 (the authors' code changes one pixel there), so that the curves
    start and end exactly at the blank and the full image.
    """
    return np.rint(np.arange(steps + 1) * n_pixels / steps).astype(np.int64)


def insertion_images(
    pixels_hwc: npt.NDArray[np.uint8],
    ranking: npt.NDArray[np.int64],
    canvas_rgb: tuple[int, int, int],
    steps: int = 100,
) -> npt.NDArray[np.uint8]:
    """Return the image with its first-ranked pixels pasted onto a blank canvas: (steps + 1, y, x, 3) uint8.

    The first is blank, the last is the image. Source: v1 4.1.
    """
    top_thw = _top_pixels(pixels_hwc, ranking, steps)
    canvas = np.asarray(canvas_rgb, dtype=np.uint8)
    return np.where(top_thw[..., None], pixels_hwc, canvas)


def deletion_images(
    pixels_hwc: npt.NDArray[np.uint8],
    ranking: npt.NDArray[np.int64],
    canvas_rgb: tuple[int, int, int],
    steps: int = 100,
) -> npt.NDArray[np.uint8]:
    """Return the image with its first-ranked pixels blanked: (steps + 1, y, x, 3) uint8.

    The first is the image, the last is blank. Source: v1 4.1.
    """
    top_thw = _top_pixels(pixels_hwc, ranking, steps)
    canvas = np.asarray(canvas_rgb, dtype=np.uint8)
    return np.where(top_thw[..., None], canvas, pixels_hwc)


def curve_measures(curve: npt.NDArray[np.floating]) -> tuple[float, bool]:
    """Return the area under a curve scaled to its own range, in [0, 1], and whether the curve is flat.

    Args:
        curve: (steps + 1,) scores at equally spaced fractions 0..1 of manipulated pixels.

    Source: v1 4.1 and Table 1 (there x 100). Averaging scaled curves and then integrating, as the paper
    does, equals averaging these areas. A range under 1e-4 is noise: its area is 0.5, to be counted.
    """
    scores = np.asarray(curve, dtype=np.float64)
    lowest, spread = scores.min(), scores.max() - scores.min()
    if spread < FLAT_RANGE:
        return 0.5, True
    return _trapezoid((scores - lowest) / spread), False


def anchored_auc(curve: npt.NDArray[np.floating], blank_score: float, full_score: float) -> float:
    """Return the area under (s_t - s_blank) / (s_full - s_blank), unclipped; NaN if |gap| is under 0.02.

    Own measure: with the same end points for all generators it is monotone in the scores, whereas scaling
    by a curve's own range punishes a curve that falls below the blank score and recovers.
    """
    gap = full_score - blank_score
    if abs(gap) < SMALLEST_ANCHOR_GAP:
        return float("nan")
    return _trapezoid((np.asarray(curve, dtype=np.float64) - blank_score) / gap)


def faithfulness_of_query(
    embed: Embed,
    pixels_hwc: npt.NDArray[np.uint8],
    maps_khw: npt.NDArray[np.floating],
    reference_embeddings_kd: npt.NDArray[np.floating],
    canvas_rgb: tuple[int, int, int],
    tie_key: Sequence[object],
    steps: int = 100,
    condition_masks_kd: npt.NDArray[np.floating] | None = None,
) -> list[CurvePair]:
    """Return insertion and deletion of a query's map for each of its K references, in their order.

    Args:
        embed: the explained model, (n, y, x, 3) uint8 -> (n, dimension) unit norm; it may batch as it likes.
        pixels_hwc: the query at the size of its maps.
        maps_khw: one map per reference. References whose maps rank the pixels alike share their passes.
        reference_embeddings_kd: unit-norm embeddings of the unmanipulated references.
        canvas_rgb: the blank colour, 0..255.
        tie_key: see `pixel_ranking`.
        steps: curves have steps + 1 points.
        condition_masks_kd: (reference, dimension) mask under which the query is compared with each reference, whose
            embedding is projected already; None for a model without conditions. Passes are shared all the same.

    Raises:
        BadModel: a map is not finite, or the model returns NaN, the wrong shape or vectors of other length, or a
            mask leaves nothing of them.
    """
    blank = np.broadcast_to(np.asarray(canvas_rgb, dtype=np.uint8), pixels_hwc.shape)
    ends_2d = _checked_embeddings(embed, np.stack([blank, pixels_hwc]))
    references_kd = np.asarray(reference_embeddings_kd, dtype=np.float64)
    rankings = [pixel_ranking(map_hw, tie_key) for map_hw in maps_khw]
    sharing: dict[bytes, list[int]] = {}
    for k, ranking in enumerate(rankings):
        sharing.setdefault(ranking.tobytes(), []).append(k)
    curves: dict[int, CurvePair] = {}
    for members in sharing.values():
        ranking = rankings[members[0]]
        # The end points are known already: only the steps between them need passes.
        inserted = insertion_images(pixels_hwc, ranking, canvas_rgb, steps)[1:-1]
        deleted = deletion_images(pixels_hwc, ranking, canvas_rgb, steps)[1:-1]
        between = _checked_embeddings(embed, np.concatenate([inserted, deleted]))
        insertion_td = np.concatenate([ends_2d[:1], between[: steps - 1], ends_2d[1:]])
        deletion_td = np.concatenate([ends_2d[1:], between[steps - 1 :], ends_2d[:1]])
        for k in members:
            is_constant = bool(maps_khw[k].max() == maps_khw[k].min())
            mask_d = None if condition_masks_kd is None else condition_masks_kd[k]
            scores = [_scores(between_td, references_kd[k], mask_d) for between_td in (insertion_td, deletion_td)]
            curves[k] = _curve_pair(scores[0], scores[1], is_constant)
    return [curves[k] for k in range(len(rankings))]


def _scores(
    embeddings_td: npt.NDArray[np.float64],
    reference_d: npt.NDArray[np.float64],
    mask_d: npt.NDArray[np.floating] | None,
) -> npt.NDArray[np.float64]:
    if mask_d is None:
        return embeddings_td @ reference_d
    scores_t1 = conditioned_cosines(embeddings_td, reference_d[None], np.asarray(mask_d, dtype=np.float64)[None])
    return scores_t1[:, 0]


def _curve_pair(insertion: npt.NDArray[np.float64], deletion: npt.NDArray[np.float64], is_constant: bool) -> CurvePair:
    blank_score, full_score = float(insertion[0]), float(insertion[-1])
    insertion_auc, insertion_is_flat = curve_measures(insertion)
    deletion_auc, deletion_is_flat = curve_measures(deletion)
    return CurvePair(
        insertion_curve=insertion,
        deletion_curve=deletion,
        insertion_auc=insertion_auc,
        deletion_auc=deletion_auc,
        insertion_auc_anchored=anchored_auc(insertion, blank_score, full_score),
        deletion_auc_anchored=anchored_auc(deletion, blank_score, full_score),
        insertion_is_flat=insertion_is_flat,
        deletion_is_flat=deletion_is_flat,
        is_constant=is_constant,
    )


def _top_pixels(pixels_hwc: npt.NDArray[np.uint8], ranking: npt.NDArray[np.int64], steps: int) -> npt.NDArray[np.bool_]:
    """Return (step, y, x) bool: whether a pixel is among the first-ranked ones of that step."""
    height, width = pixels_hwc.shape[:2]
    rank_of_pixel = np.empty(ranking.size, dtype=np.int64)
    rank_of_pixel[ranking] = np.arange(ranking.size)
    top = rank_of_pixel < pixels_per_step(ranking.size, steps)[:, None]
    return top.reshape(steps + 1, height, width)


def _trapezoid(values: npt.NDArray[np.float64]) -> float:
    """Return the integral over 0..1 of equally spaced values."""
    return float(np.trapezoid(values, dx=1 / (values.size - 1)))


def _checked_embeddings(embed: Embed, images_nhwc: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    vectors = np.asarray(embed(images_nhwc), dtype=np.float64)
    expected_shape = vectors.ndim == 2 and vectors.shape[0] == images_nhwc.shape[0]
    if expected_shape and (np.abs(np.linalg.norm(vectors, axis=1) - 1) < _UNIT_NORM_TOLERANCE).all():
        return vectors
    raise BadModel(
        expected=f"{images_nhwc.shape[0]} finite embeddings of norm 1",
        found=f"an array of shape {vectors.shape}"
        + (", with NaN, zero or unnormalised vectors" if expected_shape else ""),
        where="the similarity model, on manipulated images",
        remedy="check the model on a plain grey image; embeddings are to be normalised over their dimension",
    )
