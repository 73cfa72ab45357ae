"""Insertion and deletion: does showing (hiding) the pixels a map ranks first restore (destroy) the score?

Cost per query: 2 (steps - 1) passes for each distinct ranking among its maps, plus 2 passes for the full and the blank
image; all of them in batches of one size, whatever curve or reference an image belongs to.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.curves import CURVE_STEPS, CurvePair, curve_pair
from pipeline.evaluation.manipulated_images import ManipulatedImages, pixel_ranking
from pipeline.similarity.conditions import conditioned_cosines
from pipeline.similarity.scorer import SimilarityScorer


@dataclass(frozen=True)
class QueryFaithfulness:
    """What insertion and deletion say of a query's maps.

    Attributes:
        curves: of each reference, in their order.
        forward_passes: images that went through the network.
    """

    curves: list[CurvePair]
    forward_passes: int


def faithfulness_of_query(
    scorer: SimilarityScorer,
    pixels_hwc: npt.NDArray[np.uint8],
    maps_khw: npt.NDArray[np.floating],
    reference_embeddings_kd: npt.NDArray[np.floating],
    canvas_rgb: Sequence[int],
    tie_key: Sequence[object],
    steps: int = CURVE_STEPS,
    condition_masks_kd: npt.NDArray[np.floating] | None = None,
) -> QueryFaithfulness:
    """Return insertion and deletion of a query's map for each of its K references.

    Args:
        scorer: the explained model; its batch size is the batch size here.
        pixels_hwc: the query at the size of its maps.
        maps_khw: one map per reference. References whose maps rank the pixels alike share their passes.
        reference_embeddings_kd: unit-norm embeddings of the unmanipulated references.
        canvas_rgb: the blank colour, 0..255.
        tie_key: see `pixel_ranking`.
        steps: curves have steps + 1 points.
        condition_masks_kd: (reference, dimension) mask under which the query is compared with each reference, whose
            embedding is projected already; None for a model without conditions. Passes are shared all the same.

    Raises:
        BadModel: a map is not finite, or the model returns NaN, zero vectors or the wrong shape, or a mask leaves
            nothing of them.
    """
    distinct: dict[bytes, npt.NDArray[np.int64]] = {}
    keys_k = []
    for map_hw in maps_khw:
        ranking = pixel_ranking(map_hw, tie_key)
        keys_k.append(ranking.tobytes())
        distinct.setdefault(keys_k[-1], ranking)
    images = ManipulatedImages(pixels_hwc, list(distinct.values()), canvas_rgb, steps, scorer.device)
    embeddings_nd = scorer.embed_batches(images.batches(scorer.batch_size)).cpu().numpy().astype(np.float64)
    # (ranking, curve, step, dimension) after the two end points.
    between = embeddings_nd[2:].reshape(len(distinct), 2, steps - 1, -1)
    blank_1d, full_1d = embeddings_nd[:1], embeddings_nd[1:2]
    place = {key: number for number, key in enumerate(distinct)}
    references_kd = np.asarray(reference_embeddings_kd, dtype=np.float64)
    curves = []
    for k, key in enumerate(keys_k):
        inserted_td, deleted_td = between[place[key]]
        is_constant = bool(maps_khw[k].max() == maps_khw[k].min())
        mask_d = None if condition_masks_kd is None else condition_masks_kd[k]
        insertion = _scores(np.concatenate([blank_1d, inserted_td, full_1d]), references_kd[k], mask_d)
        deletion = _scores(np.concatenate([full_1d, deleted_td, blank_1d]), references_kd[k], mask_d)
        curves.append(curve_pair(insertion, deletion, is_constant))
    return QueryFaithfulness(curves, len(images))


def _scores(
    embeddings_td: npt.NDArray[np.float64],
    reference_d: npt.NDArray[np.float64],
    mask_d: npt.NDArray[np.floating] | None,
) -> npt.NDArray[np.float64]:
    if mask_d is None:
        return embeddings_td @ reference_d
    scores_t1 = conditioned_cosines(embeddings_td, reference_d[None], np.asarray(mask_d, dtype=np.float64)[None])
    return scores_t1[:, 0]
