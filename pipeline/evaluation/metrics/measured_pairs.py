"""The pairs that a table is about: values put into their order, means with intervals, comparisons between measures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.bootstrap import Interval, Resampling, clustered_interval
from pipeline.evaluation.comparisons import Difference, Measure, paired_comparisons

# Columns of a table over pairs: text as lists, numbers as arrays.
Columns = Mapping[str, Sequence[str] | np.ndarray]


@dataclass(frozen=True)
class MeasuredPairs:
    """Pairs with what intervals over them are made of.

    Attributes:
        pair_ids: of all pairs, in their order.
        clusters_p: integer (pair,), what each pair shares with others, see `CLUSTER_UNITS`; whole clusters are
            resampled.
        resampling: seed and number of bootstrap samples.
    """

    pair_ids: Sequence[str]
    clusters_p: npt.NDArray[np.integer]
    resampling: Resampling

    @cached_property
    def _row_of(self) -> dict[str, int]:
        return {pair_id: row for row, pair_id in enumerate(self.pair_ids)}

    def rows_of(self, pair_ids: Sequence[str]) -> list[int]:
        """Return the row of each id."""
        return [self._row_of[pair_id] for pair_id in pair_ids]

    def placed(self, pair_ids: Sequence[str], values: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return float64 (pair,): the value of each id in the row of its pair, NaN for pairs without one."""
        values_p = np.full(len(self.pair_ids), np.nan)
        values_p[self.rows_of(pair_ids)] = np.asarray(values, dtype=np.float64)
        return values_p

    def mean(self, values_p: npt.NDArray[np.floating]) -> Interval:
        """Return the mean of the values that are no NaN, with its interval.

        Raises:
            BadSetting: fewer than 1 bootstrap sample.
            BadDataset: not one value for each pair.
        """
        seed, samples = self.resampling.seed, self.resampling.samples
        return clustered_interval(values_p, self.clusters_p, seed=seed, samples=samples)

    def compare(self, measures: Sequence[tuple[Measure, Measure]]) -> list[Difference]:
        """Return the difference of each two measures, as one family; see `paired_comparisons`, also for errors."""
        seed, samples = self.resampling.seed, self.resampling.samples
        return paired_comparisons(measures, self.clusters_p, seed=seed, samples=samples)


def cluster_codes(names: Sequence[str]) -> npt.NDArray[np.int64]:
    """Return an integer for each name, equal for equal names, in the order of the names: (name,) int64."""
    return np.unique(np.array(names, dtype=str), return_inverse=True)[1].astype(np.int64)
