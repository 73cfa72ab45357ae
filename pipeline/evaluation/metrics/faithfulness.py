"""Figures of Table 1: how faithful each generator's maps are in each mode, and who beats the controls."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from pipeline.evaluation.metrics.measured_pairs import Columns, MeasuredPairs
from pipeline.evaluation.metrics.rows import comparison_row, count_row, metric_row

MEASURES: Final = ("insertion_auc", "deletion_auc", "insertion_auc_anchored", "deletion_auc_anchored")
# Each measure's difference, under its own name.
DIFFERENCES: Final = {measure: measure.replace("_auc", "_difference") for measure in MEASURES}
FLAT_CURVES: Final = ("insertion_is_flat", "deletion_is_flat")
MAP_CHANGE: Final = "map_change"
CENTRE: Final = "centre"

GeneratorMode = tuple[str, str]


@dataclass(frozen=True)
class _Measured:
    """What the table `faithfulness` says of one generator in one mode; measures (pair,) float64 over all test pairs.

    Pairs without a map of this generator are NaN everywhere, pairs without a measure there.
    """

    rows: int
    flat_curves: int
    left_out_anchored: int
    values: Mapping[str, np.ndarray]


def faithfulness_rows(
    pairs: MeasuredPairs, tables: Mapping[GeneratorMode, Columns], supervision: GeneratorMode
) -> list[dict[str, Any]]:
    """Return the rows of `saliency_faithfulness` and of `saliency_faithfulness_comparison`.

    Args:
        pairs: all test pairs.
        tables: of each generator and mode the columns of its table `faithfulness`: `pair_id`, the measures, which
            curves are flat and, where it is known, `map_change`; NaN where a value is null.
        supervision: whose maps supervise attributes; all are compared with these as well.

    Raises:
        BadSetting: fewer than 1 bootstrap sample.
    """
    measured = {key: _measured(pairs, columns) for key, columns in tables.items()}
    rows = [row for key, found in measured.items() for row in _generator_rows(pairs, key, found)]
    return rows + _comparison_rows(pairs, measured, supervision)


def _measured(pairs: MeasuredPairs, columns: Columns) -> _Measured:
    pair_ids = list(columns["pair_id"])
    # Results adopted from an earlier version know no change of maps.
    measures = (*MEASURES, *({MAP_CHANGE} & set(columns)))
    values = {measure: pairs.placed(pair_ids, columns[measure]) for measure in measures}
    flat = sum(int(np.sum(columns[curve])) for curve in FLAT_CURVES)
    left_out = len(pair_ids) - int(np.isfinite(values["insertion_auc_anchored"]).sum())
    return _Measured(len(pair_ids), flat, left_out, values)


def _generator_rows(pairs: MeasuredPairs, key: GeneratorMode, measured: _Measured) -> list[dict[str, Any]]:
    labels = {"generator": key[0], "mode": key[1]}
    table = "saliency_faithfulness"
    rows = [metric_row(table, measure, pairs.mean(measured.values[measure]), **labels) for measure in MEASURES]
    rows.append(count_row(table, "left_out_anchored", measured.left_out_anchored, measured.rows, **labels))
    rows.append(count_row(table, "flat_curves", measured.flat_curves, 2 * measured.rows, **labels))
    if MAP_CHANGE in measured.values:
        change = pairs.mean(measured.values[MAP_CHANGE])
        rows.append(metric_row(table, "map_change_with_reference", change, **labels))
    return rows


def _comparison_rows(
    pairs: MeasuredPairs, measured: Mapping[GeneratorMode, _Measured], supervision: GeneratorMode
) -> list[dict[str, Any]]:
    """Compare all with the blob and with the maps that supervise attributes, under one correction."""
    baselines = [key for key in measured if key[0] == CENTRE] + [key for key in measured if key == supervision]
    compared = [
        (key, baseline, measure)
        for baseline in baselines
        for key in measured
        # The blob against the supervising maps is these against the blob, which is there already.
        if key != baseline and not (key[0] == CENTRE and baseline == supervision)
        for measure in MEASURES
    ]
    differences = pairs.compare(
        [(measured[key].values[measure], measured[baseline].values[measure]) for key, baseline, measure in compared]
    )
    return [
        comparison_row(
            "saliency_faithfulness_comparison",
            DIFFERENCES[measure],
            difference,
            generator=key[0],
            mode=key[1],
            compared_with=baseline[0],
        )
        for (key, baseline, measure), difference in zip(compared, differences, strict=True)
    ]
