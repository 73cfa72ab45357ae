"""Faithfulness of a pair of maps, one over each image: how far does the score fall when both lose what ranks first?

Deletion as in v1 4.1, of both images at once and at a few shares instead of along a curve. A place that only one of
the images has to lose is found by the maps of either side alone; a match is lost fastest where both lose the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.errors import BadSetting
from pipeline.evaluation.manipulated_images import pixel_ranking
from pipeline.similarity.scorer import SimilarityScorer

SHARES = (0.05, 0.1, 0.2, 0.4)


@dataclass(frozen=True)
class BothSidedDeletion:
    """Scores of a pair whose images lack what their maps rank first.

    Attributes:
        full_score: cosine of the images as they are.
        scores_ms: float64 (pair of maps, share) cosine of both images with that share of their pixels blank.
        forward_passes: images that went through the network.
    """

    full_score: float
    scores_ms: npt.NDArray[np.float64]
    forward_passes: int

    @property
    def falls_ms(self) -> npt.NDArray[np.float64]:
        """How far the score falls, float64 (pair of maps, share); larger = more faithful."""
        return self.full_score - self.scores_ms


def both_sided_deletion(
    scorer: SimilarityScorer,
    pixels_2hwc: npt.NDArray[np.uint8],
    maps_m2hw: npt.NDArray[np.floating],
    canvas_rgb: Sequence[int],
    tie_key: Sequence[object],
    shares: Sequence[float] = SHARES,
) -> BothSidedDeletion:
    """Return how the score falls as both images lose the pixels that their maps rank first.

    Passes: two, and two for each pair of maps and each share. The general embedding is compared, without conditions.

    Args:
        scorer: the explained model.
        pixels_2hwc: query and reference (2, y, x, 3).
        maps_m2hw: pairs of maps (pair of maps, 2, y, x), over the query and over the reference; larger = goes first.
        canvas_rgb: the blank colour, 0..255.
        tie_key: seed and pair, see `pixel_ranking`; ties of the two images are broken apart from each other.
        shares: of the pixels, from 0 to 1; each is rounded to the nearest whole pixel, halves to the even one.

    Raises:
        BadSetting: a share outside 0 to 1.
        BadModel: a map is not finite, or see SimilarityScorer.embed.
    """
    if not all(0 <= share <= 1 for share in shares):
        raise BadSetting(
            expected="shares from 0 to 1", found=str(list(shares)), where="both-sided deletion", remedy="correct them"
        )
    images = [pixels_2hwc]
    for maps_2hw in maps_m2hw:
        of_sides = [
            _without_first(pixels_2hwc[side], pixel_ranking(maps_2hw[side], (*tie_key, side)), canvas_rgb, shares)
            for side in range(2)
        ]
        images.append(np.stack(of_sides, axis=1).reshape(-1, *pixels_2hwc.shape[1:]))
    together_nhwc = np.concatenate(images)
    embeddings_p2d = scorer.embed(together_nhwc).astype(np.float64).reshape(len(together_nhwc) // 2, 2, -1)
    scores_p = (embeddings_p2d[:, 0] * embeddings_p2d[:, 1]).sum(axis=1)
    scores_ms = scores_p[1:].reshape(len(maps_m2hw), len(shares))
    return BothSidedDeletion(float(scores_p[0]), scores_ms, len(together_nhwc))


def _without_first(
    pixels_hwc: npt.NDArray[np.uint8],
    ranking_v: npt.NDArray[np.int64],
    canvas_rgb: Sequence[int],
    shares: Sequence[float],
) -> npt.NDArray[np.uint8]:
    """Return uint8 (share, y, x, 3)."""
    blanked = np.repeat(pixels_hwc.reshape(1, -1, 3), len(shares), axis=0)
    for number, share in enumerate(shares):
        blanked[number, ranking_v[: round(share * len(ranking_v))]] = canvas_rgb
    return blanked.reshape(len(shares), *pixels_hwc.shape)
