"""RISE maps of a few pairs in float32, in reduced precision, and in float32 with another mask seed, side by side.

Rank correlation alone would be flattered by smooth maps, so pixels, the top 10 % and the curves' areas are compared.
Cost a query: 3 N passes for N masks, and 198 a reference and 2 for each of the three.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.curves import CurvePair
from pipeline.evaluation.faithfulness import faithfulness_of_query
from pipeline.evaluation.precision.verdict import Agreement, MapDifference
from pipeline.randomness import derive_seed
from pipeline.saliency.contract import SaliencyRequest
from pipeline.saliency.rise.declaration import RiseSpec
from pipeline.saliency.rise.maps import build_rise
from pipeline.similarity.scorer import SimilarityScorer

TOP_SHARE = 0.1


@dataclass(frozen=True)
class ComparedQuery:
    """A query with the references that it is explained against.

    Attributes:
        query_id: names it.
        pixels_hwc: uint8 (y, x, 3).
        reference_pixels_khwc: uint8 (reference, y, x, 3).
    """

    query_id: str
    pixels_hwc: npt.NDArray[np.uint8]
    reference_pixels_khwc: npt.NDArray[np.uint8]


def with_nearest_references(
    scorer: SimilarityScorer,
    image_ids: Sequence[str],
    pixels_nhwc: npt.NDArray[np.uint8],
    queries: int,
    references: int,
) -> list[ComparedQuery]:
    """Return queries spread evenly over the images, each with the other images that the model finds most similar.

    Args:
        scorer: in float32.
        image_ids: of the images.
        pixels_nhwc: uint8 (image, y, x, 3), at least two images.
        queries: at most so many; fewer images give fewer.
        references: likewise.

    Raises:
        BadModel: see SimilarityScorer.embed.
    """
    embeddings_nd = scorer.embed(pixels_nhwc)
    chosen = np.unique(np.linspace(0, len(pixels_nhwc) - 1, queries).round().astype(int))
    found = []
    for query in chosen.tolist():
        scores_n = embeddings_nd @ embeddings_nd[query]
        scores_n[query] = -np.inf
        nearest = np.argsort(-scores_n, kind="stable")[: min(references, len(pixels_nhwc) - 1)]
        found.append(ComparedQuery(image_ids[query], pixels_nhwc[query], pixels_nhwc[nearest]))
    return found


def compare_precisions(
    exact: SimilarityScorer,
    reduced: SimilarityScorer,
    queries: Sequence[ComparedQuery],
    spec: RiseSpec,
    canvas_rgb: Sequence[int],
) -> Agreement:
    """Return what reduced precision changes in maps and their curves, beside what another mask seed does.

    Everything that a run makes with a scorer is made with it here: references' embeddings, maps and curves.

    Args:
        exact: the model in float32.
        reduced: the same model in reduced precision.
        queries: at least one, all of one size.
        spec: of RISE; other seeds are derived from its own.
        canvas_rgb: blank colour of the curves, 0..255.

    Raises:
        BadModel: a scorer returns NaN or zero vectors, see SimilarityScorer.
        BadSetting: see build_rise.
    """
    other = replace(spec, seed=derive_seed(spec.seed, "another mask seed"))
    base, coarse, reseeded = (
        _explained(scorer, queries, drawn, canvas_rgb, spec.seed)
        for scorer, drawn in ((exact, spec), (reduced, spec), (exact, other))
    )
    return Agreement(_mean_difference(base, coarse), _mean_difference(base, reseeded), len(base))


# A map (y, x) with its curves.
_Explained = tuple[npt.NDArray[np.float32], CurvePair]


def _explained(
    scorer: SimilarityScorer, queries: Sequence[ComparedQuery], spec: RiseSpec, canvas_rgb: Sequence[int], tie_seed: int
) -> list[_Explained]:
    generator = build_rise(spec, scorer, queries[0].pixels_hwc.shape[0])
    found: list[_Explained] = []
    for query in queries:
        references_kd = scorer.embed(query.reference_pixels_khwc)
        maps_khw = generator([SaliencyRequest(query.query_id, query.pixels_hwc, references_kd)])[0].display_khw
        tie_key = (tie_seed, query.query_id)
        curves = faithfulness_of_query(scorer, query.pixels_hwc, maps_khw, references_kd, canvas_rgb, tie_key).curves
        found += zip(maps_khw, curves, strict=True)
    return found


def _mean_difference(base: Sequence[_Explained], other: Sequence[_Explained]) -> MapDifference:
    figures = [_differences(*one, *two) for one, two in zip(base, other, strict=True)]
    return MapDifference(*np.mean(figures, axis=0).tolist())


def _differences(
    map_hw: npt.NDArray[np.float32], curves: CurvePair, other_hw: npt.NDArray[np.float32], other_curves: CurvePair
) -> tuple[float, ...]:
    return (
        map_error(map_hw, other_hw),
        top_lost(map_hw, other_hw),
        abs(curves.insertion_auc - other_curves.insertion_auc),
        abs(curves.deletion_auc - other_curves.deletion_auc),
    )


def map_error(map_hw: npt.NDArray[np.floating], other_hw: npt.NDArray[np.floating]) -> float:
    """Return the mean absolute difference as a share of the first map's range (of 1 where that is constant)."""
    spread = float(np.ptp(map_hw)) or 1.0
    return float(np.abs(np.asarray(map_hw, np.float64) - other_hw).mean()) / spread


def top_lost(map_hw: npt.NDArray[np.floating], other_hw: npt.NDArray[np.floating]) -> float:
    """Return the share of the first map's top 10 % of pixels that is not in the other's, 0 to 1."""
    count = max(1, round(TOP_SHARE * map_hw.size))
    tops = [set(np.argsort(-one.ravel(), kind="stable")[:count].tolist()) for one in (map_hw, other_hw)]
    return 1 - len(tops[0] & tops[1]) / count
