"""Figures of sets of attributes: how large they are, and on rendered items whether they account for what they say."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.audit.set_outcomes import ALL, CHOSEN, GREEDY, LEADING, RANDOM, SMALLEST
from pipeline.evaluation.bootstrap import clustered_ratio_interval
from pipeline.evaluation.metrics.measured_pairs import MeasuredPairs
from pipeline.evaluation.metrics.rows import comparison_row, metric_row

TABLE: Final = "answer_set"
COMPARISON: Final = "answer_set_comparison"
# What sums of single effects are compared with joint ones under.
SUM: Final = "sum_of_effects"


@dataclass(frozen=True)
class MeasuredSets:
    """One kind of set of rendered pairs, all (pair,) float64: columns of the table `answer_set_outcomes`, null as NaN.

    Attributes:
        size_p, effect_p, total_p, reaches_p, single_sum_p, predicted_p, predicted_sum_p: see the table.
        eligible_p: 1 where all attributes together matter more than the noise floor.
    """

    size_p: npt.NDArray[np.float64]
    effect_p: npt.NDArray[np.float64]
    total_p: npt.NDArray[np.float64]
    reaches_p: npt.NDArray[np.float64]
    single_sum_p: npt.NDArray[np.float64]
    predicted_p: npt.NDArray[np.float64]
    predicted_sum_p: npt.NDArray[np.float64]
    eligible_p: npt.NDArray[np.float64]

    def counted(self, values_p: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return the values of eligible pairs, NaN elsewhere."""
        return np.where(self.eligible_p > 0, values_p, np.nan)

    @property
    def strictly_reaches_p(self) -> npt.NDArray[np.float64]:
        """Whether the set of an eligible pair reaches the share; a pair without a set does not. NaN elsewhere."""
        return self.counted(np.nan_to_num(self.reaches_p, nan=0.0))


def set_rows(pairs: MeasuredPairs, size_p: npt.NDArray[np.float64]) -> list[dict[str, Any]]:
    """Return the rows of `answer_set` that any dataset has: which pairs have a set, and how large it is.

    Args:
        pairs: all test pairs.
        size_p: (pair,) attributes in the set, NaN where there is none.

    Raises:
        BadSetting: fewer than 1 bootstrap sample.
        BadDataset: lengths differ.
    """
    is_one_p = np.where(np.isnan(size_p), np.nan, size_p == 1)
    return [
        metric_row(TABLE, "has_set", pairs.mean((~np.isnan(size_p)).astype(np.float64)), variant=CHOSEN),
        metric_row(TABLE, "size", pairs.mean(size_p), variant=CHOSEN, unit="count"),
        metric_row(TABLE, "one_suffices", pairs.mean(is_one_p), variant=CHOSEN),
    ]


def measured_set_rows(pairs: MeasuredPairs, sets: Mapping[str, MeasuredSets]) -> list[dict[str, Any]]:
    """Return the rows of `answer_set_audit` and `answer_set_comparison`, over eligible rendered pairs.

    `reaches`: share of pairs whose set truly reaches the chosen share; without a set it does not. `share_of_joint`:
    true joint effects of the sets over those of all attributes, both summed over pairs. `size_excess`: attributes
    beyond the truly smallest set's. `joint_effect`: mean true joint effect. `joint_effect_error`: mean distance of
    the predicted joint effect from the true one, for the joint prediction and for the sum of single ones.
    `additivity`: summed true single effects over summed joint ones (1: they add up). `interaction`: mean distance
    between the two.

    Args:
        pairs: all test pairs.
        sets: of each kind.

    Raises:
        BadSetting: fewer than 1 bootstrap sample.
        BadDataset: lengths differ.
    """
    table = f"{TABLE}_audit"
    rows = []
    for kind in (CHOSEN, GREEDY, LEADING, RANDOM, SMALLEST):
        one = sets[kind]
        rows.append(metric_row(table, "reaches", pairs.mean(one.strictly_reaches_p), variant=kind))
        rows.append(_ratio(pairs, table, "share_of_joint", one, one.effect_p, one.total_p, variant=kind))
        rows.append(metric_row(table, "true_size", pairs.mean(one.counted(one.size_p)), variant=kind, unit="count"))
    for kind in (CHOSEN, GREEDY):
        excess_p = sets[kind].counted(sets[kind].size_p - sets[SMALLEST].size_p)
        rows.append(metric_row(table, "size_excess", pairs.mean(excess_p), variant=kind, unit="count"))
    for kind in (CHOSEN, ALL):
        one = sets[kind]
        rows.append(_ratio(pairs, table, "additivity", one, one.single_sum_p, one.effect_p, variant=kind))
        rows.append(
            metric_row(table, "joint_effect", pairs.mean(one.counted(one.effect_p)), variant=kind, unit="cosine")
        )
        apart_p = one.counted(np.abs(one.single_sum_p - one.effect_p))
        rows.append(metric_row(table, "interaction", pairs.mean(apart_p), variant=kind, unit="cosine"))
    return [*rows, *_error_rows(pairs, table, sets[CHOSEN]), *_comparison_rows(pairs, sets)]


def _error_rows(pairs: MeasuredPairs, table: str, chosen: MeasuredSets) -> list[dict[str, Any]]:
    errors = {CHOSEN: _error(chosen, chosen.predicted_p), SUM: _error(chosen, chosen.predicted_sum_p)}
    return [
        metric_row(table, "joint_effect_error", pairs.mean(error_p), variant=variant, unit="cosine")
        for variant, error_p in errors.items()
    ]


def _comparison_rows(pairs: MeasuredPairs, sets: Mapping[str, MeasuredSets]) -> list[dict[str, Any]]:
    chosen = sets[CHOSEN]
    others = [LEADING, RANDOM, GREEDY]
    reach = pairs.compare([(chosen.strictly_reaches_p, sets[other].strictly_reaches_p) for other in others])
    (error,) = pairs.compare([(_error(chosen, chosen.predicted_p), _error(chosen, chosen.predicted_sum_p))])
    return [
        *(
            comparison_row(COMPARISON, "reaches_difference", difference, variant=CHOSEN, compared_with=other)
            for other, difference in zip(others, reach, strict=True)
        ),
        comparison_row(
            COMPARISON, "joint_effect_error_difference", error, variant=CHOSEN, compared_with=SUM, unit="cosine"
        ),
    ]


def _error(one: MeasuredSets, predicted_p: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return one.counted(np.abs(predicted_p - one.effect_p))


def _ratio(
    pairs: MeasuredPairs,
    table: str,
    metric: str,
    one: MeasuredSets,
    numerator_p: npt.NDArray[np.float64],
    denominator_p: npt.NDArray[np.float64],
    variant: str,
) -> dict[str, Any]:
    counted_p = one.counted(numerator_p)
    interval = clustered_ratio_interval(
        counted_p,
        np.where(np.isnan(counted_p), np.nan, denominator_p),
        pairs.clusters_p,
        seed=pairs.resampling.seed,
        samples=pairs.resampling.samples,
    )
    return metric_row(table, metric, interval, variant=variant)
