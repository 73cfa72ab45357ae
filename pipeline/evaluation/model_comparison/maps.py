"""How alike the maps of two models are, pair by pair, beside maps of pairs that have nothing to do with each other."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.bootstrap import Interval
from pipeline.evaluation.reference_dependence import map_rank_correlations


@dataclass(frozen=True)
class MapAgreement:
    """Agreement of the maps of one generator and mode.

    Attributes:
        generator: of the maps.
        mode: of the maps.
        agreement: mean rank correlation of both models' maps of a pair.
        of_other_queries: the same of one model's map of a pair with the other's maps of other queries: what maps have
            in common whatever they explain, such as a bright centre.
    """

    generator: str
    mode: str
    agreement: Interval
    of_other_queries: Interval


def map_agreements(
    first_phw: npt.NDArray[np.floating], second_phw: npt.NDArray[np.floating], queries: Sequence[str]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return two float64 (pair,), -1 to 1: the correlation of both maps of a pair, and that with other queries' maps.

    Spearman's over at most 14 x 14 cells, so that maps of different resolution may be compared; see
    `map_rank_correlations`. The second is the mean over the other queries' pairs given here, NaN without any.

    Args:
        first_phw: maps of the first model (pair, y, x).
        second_phw: maps of the second model, of any resolution.
        queries: of the pairs.

    Raises:
        BadDataset: not three axes, or a value that is not finite.
    """
    correlations_pp = map_rank_correlations(first_phw, second_phw)
    names = np.array(queries, dtype=str)
    is_other_pp = names[:, None] != names[None, :]
    n_others_p = is_other_pp.sum(axis=1)
    sums_p = np.where(is_other_pp, correlations_pp, 0).sum(axis=1)
    others_p = np.divide(sums_p, n_others_p, out=np.full(len(names), np.nan), where=n_others_p > 0)
    return correlations_pp.diagonal().copy(), others_p
