"""The measures of a query's maps that need passes of the network but no truth, all from one set of images.

Cost per query: 2 passes for the query and the blank image, one for each held-out removal, and 18 for each distinct
ranking among its maps.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.manipulated_images import pixel_ranking
from pipeline.evaluation.map_protocols.faithfulness_correlation import faithfulness_correlation, held_out_removals
from pipeline.evaluation.map_protocols.imputed_deletion import DeletionAreas, deleted_images, deletion_areas
from pipeline.evaluation.map_protocols.protocol import DELETED_IMAGES, END_IMAGES, Protocol
from pipeline.evaluation.map_protocols.sparseness import gini_index
from pipeline.similarity.conditions import conditioned_cosines
from pipeline.similarity.scorer import SimilarityScorer


@dataclass(frozen=True)
class JudgedQuery:
    """A query whose maps are judged.

    Attributes:
        query_id: keys what is drawn.
        pixels_hwc: uint8 (y, x, 3), at the size of the maps, square.
        maps_khw: (reference, y, x), finite.
        reference_embeddings_kd: unit-norm embeddings of the references, projected where there are masks.
        condition_masks_kd: (reference, D), None for a model without conditions.
    """

    query_id: str
    pixels_hwc: npt.NDArray[np.uint8]
    maps_khw: npt.NDArray[np.floating]
    reference_embeddings_kd: npt.NDArray[np.floating]
    condition_masks_kd: npt.NDArray[np.floating] | None = None


@dataclass(frozen=True)
class MapJudgement:
    """What is found of one map.

    Attributes:
        gini: see `gini_index`.
        faithfulness_correlation: see there.
        deletion: see `DeletionAreas`.
    """

    gini: float
    faithfulness_correlation: float
    deletion: DeletionAreas


def judge_query(scorer: SimilarityScorer, query: JudgedQuery, protocol: Protocol) -> tuple[list[MapJudgement], int]:
    """Return what is found of the query's map for each reference, in their order, and how many images passed.

    Raises:
        BadModel: a map is not finite, or the model returns NaN, zero vectors or the wrong shape.
        BadDataset: an image of fewer than ten pixels.
    """
    key = (protocol.seed, query.query_id)
    rankings = [pixel_ranking(map_hw, key) for map_hw in query.maps_khw]
    # Maps that rank the pixels alike share their passes.
    number_of: dict[bytes, int] = {}
    for ranking_v in rankings:
        number_of.setdefault(ranking_v.tobytes(), len(number_of))
    distinct = [np.frombuffer(content, dtype=np.int64) for content in number_of]
    removed_nhw = held_out_removals(query.query_id, protocol.seed, protocol.removals, len(query.pixels_hwc))
    canvas = np.asarray(protocol.canvas_rgb, dtype=np.uint8)
    images_nhwc = np.concatenate(
        [
            query.pixels_hwc[None],
            np.broadcast_to(canvas, (1, *query.pixels_hwc.shape)),
            np.where(removed_nhw[..., None], canvas, query.pixels_hwc),
            *(deleted_images(query.pixels_hwc, ranking_v, protocol.canvas_rgb, key) for ranking_v in distinct),
        ]
    )
    scores_nk = _scores(scorer.embed(images_nhwc), query)
    removal_scores_nk, deleted_nk = np.split(scores_nk[END_IMAGES:], [protocol.removals])
    found = []
    for k, ranking_v in enumerate(rankings):
        map_hw, full, blank = query.maps_khw[k], float(scores_nk[0, k]), float(scores_nk[1, k])
        start = DELETED_IMAGES * number_of[ranking_v.tobytes()]
        found.append(
            MapJudgement(
                gini_index(map_hw),
                faithfulness_correlation(map_hw, removed_nhw, full - removal_scores_nk[:, k]),
                deletion_areas(deleted_nk[start : start + DELETED_IMAGES, k], full, blank),
            )
        )
    return found, len(images_nhwc)


def _scores(embeddings_nd: npt.NDArray[np.floating], query: JudgedQuery) -> npt.NDArray[np.float64]:
    """Return the score of each image with each reference under its condition, float64 (image, reference)."""
    embeddings = embeddings_nd.astype(np.float64)
    references_kd = np.asarray(query.reference_embeddings_kd, dtype=np.float64)
    if query.condition_masks_kd is None:
        scores: npt.NDArray[np.float64] = embeddings @ references_kd.T
        return scores
    return conditioned_cosines(embeddings, references_kd, np.asarray(query.condition_masks_kd, dtype=np.float64))
