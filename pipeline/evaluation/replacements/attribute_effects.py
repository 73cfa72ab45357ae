"""Deletion, insertion and matched effects: K replacements by attributes, and as many that keep the attribute.

Must not import torch. Cost: neighbours (`opposite_neighbours`), two matrix products over pairs and pool, and for
matched effects K passes over the pairs that have each attribute and the images that have it.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.errors import BadSetting
from pipeline.evaluation.replacements.attribute_space import AttributeSpace
from pipeline.evaluation.replacements.keepers import matched_keepers
from pipeline.evaluation.replacements.neighbours import opposite_neighbours
from pipeline.evaluation.replacements.pool import (
    NO_IMAGE,
    ReplacedPairs,
    ReplacementEffects,
    ReplacementPool,
    ReplacementReason,
    check_pool,
)
from pipeline.evaluation.replacements.scored_blocks import ScoredBlock, scored_blocks


@dataclass(frozen=True)
class AttributeEffects:
    """The three kinds of replacement by attributes; all over the same pairs and attributes.

    Attributes:
        deletion: the query's attribute taken away.
        insertion: an attribute added that the query lacks.
        matched: what deletion changes beyond replacing the query by images equally far that keep the attribute.
    """

    deletion: ReplacementEffects
    insertion: ReplacementEffects
    matched: ReplacementEffects


def attribute_effects(
    pool: ReplacementPool, pairs: ReplacedPairs, space: AttributeSpace, n_replacements: int
) -> AttributeEffects:
    """Return what the score changes when the query is replaced by images that differ in one attribute.

    Args:
        pool: the images.
        pairs: the pairs.
        space: of the pool's images.
        n_replacements: K, images in the query's place.

    Raises:
        BadModel: an embedding is not finite or not of norm 1, or a mask leaves nothing of it.
        BadDataset: lengths differ, or a pair names a row outside the pool.
        BadSetting: K is below 1.

    Source: ECCV 2 (deletion, insertion): the mean over the K images nearest in attribute space that lack an attribute
    that the query has, or have one that it lacks. Matched: this project's; for each of the images that lack the
    attribute, nearest first, the image that has it whose distance from the query (of embeddings, as it bounds the
    change of the score) is closest, none twice, ties to the earlier image; the mean difference of the two effects.
    Where fewer images keep the attribute, the effect rests on the first that lack it. The query, the reference and
    their duplicates are excluded, and images of other types.
    """
    check_pool(pool, pairs)
    _check_count(n_replacements)
    chosen_pak = opposite_neighbours(pool, pairs, space, n_replacements)
    keepers_pak = np.full_like(chosen_pak, NO_IMAGE)
    means = _Means.empty(chosen_pak.shape[:2])
    for block in scored_blocks(pool, pairs):
        keepers_bak = matched_keepers(pool, pairs, block, chosen_pak[block.pairs_b])
        means.fill(block.pairs_b, _changes(block, chosen_pak[block.pairs_b]), _changes(block, keepers_bak))
        keepers_pak[block.pairs_b] = keepers_bak
    has_pa = pool.has_na[pairs.query_p]
    deletion = _one_side(chosen_pak, means, has_pa, 0.0, ReplacementReason.QUERY_LACKS)
    insertion = _one_side(chosen_pak, means, ~has_pa, np.nan, ReplacementReason.QUERY_HAS)
    return AttributeEffects(deletion, insertion, _matched(keepers_pak, means, has_pa))


def _check_count(n_replacements: int) -> None:
    if n_replacements < 1:
        raise BadSetting(
            expected="at least one replacement",
            found=str(n_replacements),
            where="evaluation.replacements",
            remedy="set it to 1 or more; the papers' is 5",
        )


def _changes(
    block: ScoredBlock, chosen_bak: npt.NDArray[np.int32]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the change of the score and the distance from the query of each chosen image; NaN where none is."""
    columns, row = block.columns_of(chosen_bak), np.arange(len(chosen_bak))
    before_b = block.score_bn[row, block.query_column_b]
    effect_bak = block.score_bn[row[:, None, None], columns] - before_b[:, None, None]
    distance_bak = block.distance_bn[row[:, None, None], columns]
    missing = chosen_bak == NO_IMAGE
    effect_bak[missing], distance_bak[missing] = np.nan, np.nan
    return effect_bak, distance_bak


@dataclass(frozen=True)
class _Means:
    """Means over places, (pair, attribute) float64: of the images of the opposite presence, and of matched ones.

    The two halves are every other place, from the first and from the second.
    """

    effect_pa: npt.NDArray[np.float64]
    distance_pa: npt.NDArray[np.float64]
    matched_pa: npt.NDArray[np.float64]
    keeping_distance_pa: npt.NDArray[np.float64]
    distance_difference_pa: npt.NDArray[np.float64]
    matched_half_pa: npt.NDArray[np.float64]
    matched_other_half_pa: npt.NDArray[np.float64]

    @classmethod
    def empty(cls, shape_pa: tuple[int, ...]) -> "_Means":
        return cls(*(np.full(shape_pa, np.nan) for _ in range(7)))

    def fill(
        self,
        pairs_b: npt.NDArray[np.int64],
        opposite: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]],
        keeping: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]],
    ) -> None:
        """Fill in the pairs of a block from effects and distances of single images (pair, attribute, place)."""
        self.effect_pa[pairs_b], self.distance_pa[pairs_b] = (_mean_found(values) for values in opposite)
        # NaN where there is no match, so that both means are over the same places.
        matched_bak = opposite[0] - keeping[0]
        self.matched_pa[pairs_b] = _mean_found(matched_bak)
        self.matched_half_pa[pairs_b] = _mean_found(matched_bak[:, :, 0::2])
        self.matched_other_half_pa[pairs_b] = _mean_found(matched_bak[:, :, 1::2])
        self.keeping_distance_pa[pairs_b] = _mean_found(keeping[1])
        self.distance_difference_pa[pairs_b] = _mean_found(opposite[1] - keeping[1])


def _one_side(
    chosen_pak: npt.NDArray[np.int32],
    means: _Means,
    counted_pa: npt.NDArray[np.bool_],
    effect_elsewhere: float,
    reason_elsewhere: ReplacementReason,
) -> ReplacementEffects:
    chosen_pak = np.where(counted_pa[:, :, None], chosen_pak, np.int32(NO_IMAGE))
    effect_pa = np.where(counted_pa, means.effect_pa, effect_elsewhere)
    distance_pa = np.where(counted_pa, means.distance_pa, np.nan)
    return ReplacementEffects(chosen_pak, _reasons(chosen_pak, counted_pa, reason_elsewhere), effect_pa, distance_pa)


def _matched(keepers_pak: npt.NDArray[np.int32], means: _Means, has_pa: npt.NDArray[np.bool_]) -> ReplacementEffects:
    return ReplacementEffects(
        keepers_pak,
        _reasons(keepers_pak, has_pa, ReplacementReason.QUERY_LACKS),
        np.where(has_pa, means.matched_pa, 0.0),
        means.keeping_distance_pa,
        means.distance_difference_pa,
        # Nothing is kept where the query lacks the attribute, so there is no effect either.
        np.stack([means.matched_half_pa, means.matched_other_half_pa]),
    )


def _reasons(
    chosen_pak: npt.NDArray[np.int32], counted_pa: npt.NDArray[np.bool_], reason_elsewhere: ReplacementReason
) -> npt.NDArray[np.int8]:
    n_found_pa = (chosen_pak != NO_IMAGE).sum(axis=2)
    reason_pa = np.full(counted_pa.shape, ReplacementReason.REPLACED, dtype=np.int8)
    reason_pa[n_found_pa < chosen_pak.shape[2]] = ReplacementReason.TOO_FEW
    reason_pa[n_found_pa == 0] = ReplacementReason.NONE_FOUND
    reason_pa[~counted_pa] = reason_elsewhere
    return reason_pa


def _mean_found(values_pak: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the mean over places that are no NaN; NaN where none is: (pair, attribute) float64."""
    found = ~np.isnan(values_pak)
    n_found_pa = found.sum(axis=2)
    means_pa = np.full(n_found_pa.shape, np.nan)
    np.divide(np.where(found, values_pak, 0.0).sum(axis=2), n_found_pa, out=means_pa, where=n_found_pa > 0)
    return means_pa
