"""Figures of pairs by name, with intervals and paired differences; used by the benchmarks of both sides of a match."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.stats import spearmanr

from pipeline.evaluation.bootstrap import Resampling
from pipeline.evaluation.metrics.measured_pairs import MeasuredPairs
from pipeline.saliency.correspondence.components import MatchComponents

# Way of explaining, what is asked, side of the match, map, measure.
Key = tuple[str, ...]


@dataclass
class Figures:
    """Values of pairs, collected one at a time.

    Attributes:
        clusters_p: int64 (pair,), what pairs share.
        resampling: of intervals.
    """

    clusters_p: np.ndarray
    resampling: Resampling
    _values: dict[Key, dict[int, float]] = field(default_factory=lambda: defaultdict(dict))

    def add(self, pair: int, key: Key, value: float | np.floating) -> None:
        """Take the value of a pair, given by its row."""
        self._values[key][pair] = float(value)

    def has(self, key: Key) -> bool:
        """Return whether any pair has this value."""
        return key in self._values

    def values(self, key: Key) -> np.ndarray:
        """Return float64 (pair,), NaN for pairs without a value."""
        values_p = np.full(len(self.clusters_p), np.nan)
        for pair, value in self._values[key].items():
            values_p[pair] = value
        return values_p

    def cell(self, key: Key) -> str:
        """Return the mean with its interval, x 100; a dash without values."""
        if not self.has(key):
            return "–"
        found = self._pairs().mean(self.values(key))
        return f"{100 * found.value:.1f} [{100 * found.low:.1f}, {100 * found.high:.1f}]"

    def differences(self, compared: Mapping[str, tuple[Key, Key]]) -> str:
        """Return a table of differences, first less second, x 100; all of them are one family for Holm."""
        lines = ["| difference | x 100 | p | pairs |", "| --- | --- | --- | ---: |"]
        measures = [(self.values(first), self.values(second)) for first, second in compared.values()]
        for name, found in zip(compared, self._pairs().compare(measures), strict=True):
            one, sign = found.interval, "≤" if found.is_bound else "="
            ends = f"{100 * one.value:+.1f} [{100 * one.low:+.1f}, {100 * one.high:+.1f}]"
            lines.append(f"| {name} | {ends} | {sign} {found.p_value:.3f} | {one.n} |")
        return "\n".join(lines)

    def _pairs(self) -> MeasuredPairs:
        return MeasuredPairs([str(row) for row in range(len(self.clusters_p))], self.clusters_p, self.resampling)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def rank_correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Return Spearman's correlation of two maps; 0 where one of them is constant."""
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return 0.0
    return float(spearmanr(first.ravel(), second.ravel()).statistic)


def matched_overlap(first: MatchComponents, second: MatchComponents) -> float:
    """Return how much of their regions the components of one pair share in two explanations, 0 to 1.

    Components are matched one to one so that they share most; what is negative in a region counts as nothing. One that
    has no counterpart shares nothing.
    """
    most = max(len(first.joint_k), len(second.joint_k))
    if most == 0:
        return 1.0
    sides = ((first.query_ku, second.query_ku), (first.reference_kv, second.reference_kv))
    shared_kk = np.mean([_shared(one, other) for one, other in sides], axis=0)
    rows, columns = linear_sum_assignment(shared_kk, maximize=True)
    return float(shared_kk[rows, columns].sum() / most)


def _shared(first_kc: np.ndarray, second_kc: np.ndarray) -> np.ndarray:
    """Return (component, component): the sum of the smaller of two regions, each brought to a sum of 1."""
    first, second = (_positive_shares(regions) for regions in (first_kc, second_kc))
    shared: np.ndarray = np.minimum(first[:, None], second[None]).sum(axis=2)
    return shared


def _positive_shares(regions_kc: np.ndarray) -> np.ndarray:
    positive = np.maximum(regions_kc, 0)
    sums = positive.sum(axis=1, keepdims=True)
    shares: np.ndarray = positive / np.where(sums > 0, sums, 1)
    return shares
