"""What removing several attributes at once would do to the score, read off the embedding.

The shifts of `removal_shifts` are added up and the query's embedding is moved by their sum; the cosine with the
reference then falls by less, or by more, than the single effects together. Must not import torch. Cost: that of the
directions, and for each set of attributes a few sums of dot products.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.explanation.effects_by_condition import LabelledEmbeddings
from pipeline.explanation.embedding_effect import removal_shifts
from pipeline.explanation.pair_effects import EmbeddedPairs, fitted_spaces

# As in `predicted_effects`: a shift may cancel an embedding, but for rounding.
_LEAST_SQUARE = 1e-12


@dataclass(frozen=True)
class RemovalGeometry:
    """Pairs whose queries share directions, with the dot products that the joint effect of any set follows from.

    Attributes:
        pairs_b: int64 (pair,), rows of these pairs among all.
        query_square_b: (pair,) squared norm of the query's embedding.
        reference_norm_b: (pair,) norm of the reference's.
        dot_b: (pair,) dot product of both.
        query_dots_ba: (pair, attribute), of the query's embedding and each attribute's removal shift.
        reference_dots_ba: (pair, attribute), likewise of the reference's.
        gram_aa: (attribute, attribute), of the shifts with each other.
    """

    pairs_b: npt.NDArray[np.int64]
    query_square_b: npt.NDArray[np.float64]
    reference_norm_b: npt.NDArray[np.float64]
    dot_b: npt.NDArray[np.float64]
    query_dots_ba: npt.NDArray[np.float64]
    reference_dots_ba: npt.NDArray[np.float64]
    gram_aa: npt.NDArray[np.float64]

    def effects(self, sets_ba: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
        """Return (pair,) the predicted drop of each pair's score without its own set, bool (pair, attribute)."""
        chosen_ba = sets_ba.astype(np.float64)
        square_b = np.einsum("ba,ba->b", chosen_ba @ self.gram_aa, chosen_ba)
        query_b = np.einsum("ba,ba->b", chosen_ba, self.query_dots_ba)
        reference_b = np.einsum("ba,ba->b", chosen_ba, self.reference_dots_ba)
        return _drop(self._bases(slice(None)), query_b, reference_b, square_b)

    def effects_of_pair(self, pair: int, sets_sa: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
        """Return (set,) the predicted drop of one pair's score without each of many sets, bool (set, attribute).

        `pair` is the place among these pairs.
        """
        members = np.flatnonzero(sets_sa.any(axis=0))
        chosen_sm = sets_sa[:, members].astype(np.float64)
        square_s = np.einsum("sm,sm->s", chosen_sm @ self.gram_aa[np.ix_(members, members)], chosen_sm)
        query_s = chosen_sm @ self.query_dots_ba[pair, members]
        reference_s = chosen_sm @ self.reference_dots_ba[pair, members]
        return _drop(self._bases(slice(pair, pair + 1)), query_s, reference_s, square_s)

    def effects_with_one_more(self, sets_ba: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
        """Return (pair, attribute) the predicted drop without a pair's set and one more attribute, NaN for members."""
        chosen_ba = sets_ba.astype(np.float64)
        cross_ba = chosen_ba @ self.gram_aa
        square_ba = np.einsum("ba,ba->b", cross_ba, chosen_ba)[:, None] + 2 * cross_ba + np.diag(self.gram_aa)
        query_ba = np.einsum("ba,ba->b", chosen_ba, self.query_dots_ba)[:, None] + self.query_dots_ba
        reference_ba = np.einsum("ba,ba->b", chosen_ba, self.reference_dots_ba)[:, None] + self.reference_dots_ba
        first, second, third = self._bases(slice(None))
        bases = (first[:, None], second[:, None], third[:, None])
        return np.where(sets_ba, np.nan, _drop(bases, query_ba, reference_ba, square_ba))

    def _bases(self, rows: slice) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        return self.query_square_b[rows], self.reference_norm_b[rows], self.dot_b[rows]


def removal_geometries(train: LabelledEmbeddings, pairs: EmbeddedPairs) -> Iterator[RemovalGeometry]:
    """Yield every pair once, with the directions of its condition and of its query's type, as for single effects.

    Raises:
        BadModel, BadSetting: see `fit_attribute_directions`.

    Deliberate departure: where the training labels are of classes, single effects come from neighbours, which have no
    joint counterpart; sets rest on the directions over all images there.
    """
    for space in fitted_spaces(train, pairs):
        types_p = np.asarray(space.types_n, dtype=str)[space.query_p]
        embeddings_nd = space.embeddings_nd.astype(np.float64)
        for name in np.unique(types_p):
            rows = np.flatnonzero(types_p == name)
            shifts_ad = removal_shifts(space.directions.of(str(name)).directions_ad, pairs.attribute_groups)
            queries_bd, references_bd = embeddings_nd[space.query_p[rows]], embeddings_nd[space.reference_p[rows]]
            yield RemovalGeometry(
                space.pairs_p[rows],
                np.einsum("bd,bd->b", queries_bd, queries_bd),
                np.linalg.norm(references_bd, axis=1),
                np.einsum("bd,bd->b", queries_bd, references_bd),
                queries_bd @ shifts_ad.T,
                references_bd @ shifts_ad.T,
                shifts_ad @ shifts_ad.T,
            )


def _drop(
    bases: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]],
    query_dots: npt.NDArray[np.float64],
    reference_dots: npt.NDArray[np.float64],
    shift_squares: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """Return the drop of the score for summed dot products of shifts.

    `bases` are the query's squared norm, the reference's norm and their dot product, placed along the sums' axes.
    """
    square, reference_norm, dot = bases
    moved_square = np.maximum(square + 2 * query_dots + shift_squares, _LEAST_SQUARE * square)
    moved = (dot + reference_dots) / (np.sqrt(moved_square) * reference_norm)
    return np.asarray(dot / (np.sqrt(square) * reference_norm) - np.clip(moved, -1, 1), dtype=np.float64)
