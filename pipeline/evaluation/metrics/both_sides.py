"""Figures of both sides of a match: do maps find its causes, are two told apart, are components named rightly?"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from pipeline.evaluation.metrics.measured_pairs import Columns, MeasuredPairs
from pipeline.evaluation.metrics.rows import comparison_row, metric_row

TABLE: Final = "correspondence"
MEASURES: Final = ("auroc", "pointing_hit")
CONTROLS: Final = ("one_sided", "centre")
OF_PAIRS: Final = (
    "told_apart_by_region",
    "told_apart_by_components",
    "first_named",
    "second_named",
    "a_cause_named",
)


def both_sides_rows(
    pairs: MeasuredPairs, located: Sequence[Mapping[str, Any]], causes: Columns
) -> list[dict[str, Any]]:
    """Return the rows of `correspondence` in `metrics`: means by cause, side and map, and differences from controls.

    `variant` is the map, `mode` the side; a metric ends with the cause that it is about. Differences from the one-sided
    map and from a blob in the middle are one family.

    Args:
        pairs: all test pairs.
        located: rows of `correspondence_localisation`.
        causes: columns of `correspondence_causes`; NaN where a value is null.

    Raises:
        BadSetting: fewer than 1 bootstrap sample.
    """
    values = {
        (cause, side, name, measure): _placed(
            pairs, [row for row in located if key_of(row) == (cause, side, name)], measure
        )
        for cause, side, name in sorted({key_of(row) for row in located})
        for measure in MEASURES
    }
    rows = [
        metric_row(TABLE, f"{measure}_{cause}_cause", pairs.mean(values_p), variant=name, mode=side)
        for (cause, side, name, measure), values_p in values.items()
    ]
    compared = [
        (key, control)
        for key in values
        for control in CONTROLS
        if key[2] not in CONTROLS and (*key[:2], control, key[3]) in values
    ]
    differences = pairs.compare([(values[key], values[*key[:2], control, key[3]]) for key, control in compared])
    rows += [
        comparison_row(
            TABLE,
            f"{measure}_{cause}_cause_difference",
            difference,
            variant=name,
            mode=side,
            compared_with=control,
        )
        for ((cause, side, name, measure), control), difference in zip(compared, differences, strict=True)
    ]
    pair_ids = list(causes["pair_id"])
    rows += [metric_row(TABLE, name, pairs.mean(pairs.placed(pair_ids, causes[name]))) for name in OF_PAIRS]
    return rows


def key_of(row: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return what a row of `correspondence_localisation` is about: cause, side and map."""
    return row["cause"], row["side"], row["map"]


def _placed(pairs: MeasuredPairs, rows: Sequence[Mapping[str, Any]], measure: str) -> np.ndarray:
    values = [np.nan if row[measure] is None else row[measure] for row in rows]
    return pairs.placed([row["pair_id"] for row in rows], values)
