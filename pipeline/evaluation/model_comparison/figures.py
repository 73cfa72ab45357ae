"""Figures of two models on the pairs that both have, with paired tests under one correction."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.bootstrap import Interval, Ratio, clustered_ratio_interval
from pipeline.evaluation.comparisons import Difference, Measure
from pipeline.evaluation.metrics.measured_pairs import MeasuredPairs


@dataclass(frozen=True)
class TwoMeasures:
    """One measure of two models.

    Attributes:
        metric: its name, as in the table `metrics`.
        generator: of the maps that it is about, None where it is about none.
        mode: of that generator.
        unit: as in the table `metrics`.
        first: of the first model, over all pairs; NaN where it has no value.
        second: likewise of the second.
    """

    metric: str
    generator: str | None
    mode: str | None
    unit: str
    first: Measure
    second: Measure


@dataclass(frozen=True)
class ComparedFigure:
    """One figure of two models, all on the pairs that both have.

    Attributes:
        metric: its name; generator, mode and unit as in `TwoMeasures`.
        first: of the first model.
        second: of the second model.
        difference: first minus second, with Holm's p-value over all figures that are compared together.
    """

    metric: str
    generator: str | None
    mode: str | None
    unit: str
    first: Interval
    second: Interval
    difference: Difference


def compared_figures(pairs: MeasuredPairs, measures: Sequence[TwoMeasures]) -> list[ComparedFigure]:
    """Return each measure of both models and its difference; all differences are one family for Holm.

    Both figures rest on the pairs in which both measures have a value, so that their difference is the difference.

    Args:
        pairs: the pairs that both models explain, with what they share.
        measures: of both models, over these pairs.

    Raises:
        BadSetting: fewer than 1 bootstrap sample.
        BadDataset: lengths differ.
    """
    differences = pairs.compare([(one.first, one.second) for one in measures])
    found = []
    for one, difference in zip(measures, differences, strict=True):
        first, second = _where_both(_as_ratio(one.first), _as_ratio(one.second))
        intervals = (_interval(pairs, first), _interval(pairs, second))
        found.append(ComparedFigure(one.metric, one.generator, one.mode, one.unit, *intervals, difference))
    return found


def _as_ratio(measure: Measure) -> Ratio:
    return measure if isinstance(measure, Ratio) else Ratio(measure, np.ones(len(measure)))


def _where_both(first: Ratio, second: Ratio) -> tuple[Ratio, Ratio]:
    parts = (first.numerator_p, first.denominator_p, second.numerator_p, second.denominator_p)
    is_missing_p = np.isnan(np.stack(parts)).any(axis=0)

    def kept(values_p: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        return np.where(is_missing_p, np.nan, values_p)

    return Ratio(kept(parts[0]), kept(parts[1])), Ratio(kept(parts[2]), kept(parts[3]))


def _interval(pairs: MeasuredPairs, ratio: Ratio) -> Interval:
    seed, samples = pairs.resampling.seed, pairs.resampling.samples
    return clustered_ratio_interval(
        ratio.numerator_p, ratio.denominator_p, pairs.clusters_p, seed=seed, samples=samples
    )
