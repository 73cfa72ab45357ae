"""Faithfulness of a pair of maps, one over each image: how far does the score fall as the images lose what ranks first?

Deletion as in v1 4.1, of the query, of the reference and of both at once, at a few shares instead of along a curve.
Two images that have lost the same are alike in that: with both images deleted the score may rise, the more so the
more is gone. So each image deleted alone, against the other as it is, says how faithful the maps are; both together
say what is left of a match.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.errors import BadSetting
from pipeline.evaluation.manipulated_images import pixel_ranking
from pipeline.evaluation.map_protocols.imputation import impute_pixels
from pipeline.randomness import keyed_rng
from pipeline.similarity.conditions import project
from pipeline.similarity.scorer import SimilarityScorer

SHARES = (0.05, 0.1, 0.2, 0.4)
# Which image loses pixels.
DELETED = ("both", "query", "reference")


@dataclass(frozen=True)
class BothSidedDeletion:
    """Scores of a pair whose images lack what their maps rank first.

    Attributes:
        full_score: cosine of the images as they are.
        scores_3ms: float64 (DELETED, pair of maps, share) cosine with that share of the pixels gone: of both images, of
            the query alone, of the reference alone.
        forward_passes: images that went through the network.
    """

    full_score: float
    scores_3ms: npt.NDArray[np.float64]
    forward_passes: int

    @property
    def falls_3ms(self) -> npt.NDArray[np.float64]:
        """How far the score falls, float64 (DELETED, pair of maps, share); larger = more faithful."""
        return self.full_score - self.scores_3ms


def both_sided_deletion(
    scorer: SimilarityScorer,
    pixels_2hwc: npt.NDArray[np.uint8],
    maps_m2hw: npt.NDArray[np.floating],
    canvas_rgb: Sequence[int] | None,
    tie_key: Sequence[object],
    shares: Sequence[float] = SHARES,
    condition_mask_d: npt.NDArray[np.floating] | None = None,
) -> BothSidedDeletion:
    """Return how the score falls as the images lose the pixels that their maps rank first.

    Passes: two, and two for each pair of maps and each share.

    Args:
        scorer: the explained model.
        pixels_2hwc: query and reference (2, y, x, 3).
        maps_m2hw: pairs of maps (pair of maps, 2, y, x), over the query and over the reference; larger = goes first.
        canvas_rgb: the colour of lost pixels, 0..255; None: they are filled in from their surroundings, see
            impute_pixels.
        tie_key: seed and pair, keys what is random; ties of the two images are broken apart from each other.
        shares: of the pixels, from 0 to 1; each is rounded to the nearest whole pixel, halves to the even one.
        condition_mask_d: (D,) mask of the condition under which the pair is compared; None compares the general
            embeddings.

    Raises:
        BadSetting: a share outside 0 to 1.
        BadModel: a map is not finite, the mask leaves nothing of an embedding, or see SimilarityScorer.embed.
        BadDataset: nothing is left to fill in from.
    """
    if not all(0 <= share <= 1 for share in shares):
        raise BadSetting(
            expected="shares from 0 to 1", found=str(list(shares)), where="both-sided deletion", remedy="correct them"
        )
    images = [pixels_2hwc]
    for maps_2hw in maps_m2hw:
        of_sides = [
            _without_first(pixels_2hwc[side], maps_2hw[side], canvas_rgb, (*tie_key, side), shares) for side in range(2)
        ]
        images.append(np.stack(of_sides, axis=1).reshape(-1, *pixels_2hwc.shape[1:]))
    together_nhwc = np.concatenate(images)
    embeddings_nd = scorer.embed(together_nhwc).astype(np.float64)
    if condition_mask_d is not None:
        embeddings_nd = project(embeddings_nd, condition_mask_d)
    embeddings_p2d = embeddings_nd.reshape(len(together_nhwc) // 2, 2, -1)
    (full_query_d, full_reference_d), queries_pd, references_pd = embeddings_p2d[0], *embeddings_p2d[1:].swapaxes(0, 1)
    scores_3p = ((queries_pd * references_pd).sum(axis=1), queries_pd @ full_reference_d, references_pd @ full_query_d)
    scores_3ms = np.stack(scores_3p).reshape(len(DELETED), len(maps_m2hw), len(shares))
    return BothSidedDeletion(float(full_query_d @ full_reference_d), scores_3ms, len(together_nhwc))


def _without_first(
    pixels_hwc: npt.NDArray[np.uint8],
    map_hw: npt.NDArray[np.floating],
    canvas_rgb: Sequence[int] | None,
    key: Sequence[object],
    shares: Sequence[float],
) -> npt.NDArray[np.uint8]:
    """Return uint8 (share, y, x, 3)."""
    ranking_v = pixel_ranking(map_hw, key)
    found = []
    for share in shares:
        lost_v = np.zeros(len(ranking_v), dtype=np.bool_)
        lost_v[ranking_v[: round(share * len(ranking_v))]] = True
        lost_hw = lost_v.reshape(map_hw.shape)
        if canvas_rgb is None:
            found.append(impute_pixels(pixels_hwc, lost_hw, keyed_rng("both-sided deletion", *key, share)))
        else:
            found.append(np.where(lost_hw[:, :, None], np.asarray(canvas_rgb, dtype=np.uint8), pixels_hwc))
    return np.stack(found)
