"""Figures of protocols by which others judge maps: `map_protocols` of any dataset, `map_parts` of rendered items."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from pipeline.evaluation.metrics.faithfulness import CENTRE, GeneratorMode
from pipeline.evaluation.metrics.measured_pairs import Columns, MeasuredPairs
from pipeline.evaluation.metrics.rows import comparison_row, metric_row

CORRELATION: Final = "correlation"


@dataclass(frozen=True)
class _MeasureTable:
    """A table's measures with their units, and those of which generators are compared with the centre blob.

    Sparseness is no merit by itself, and sensitivity is measured on few queries: neither is compared.
    """

    name: str
    units: Mapping[str, str]
    compared: Sequence[str]


PROTOCOLS: Final = _MeasureTable(
    "map_protocols",
    {
        "gini": "share",
        "faithfulness_correlation": CORRELATION,
        "deletion_imputed": "share",
        "deletion_blank": "share",
        "max_sensitivity": "share",
    },
    ("faithfulness_correlation", "deletion_imputed", "deletion_blank"),
)
PARTS: Final = _MeasureTable(
    "map_parts",
    {
        "mass_rank_correlation": CORRELATION,
        "mass_without_effect": "share",
        "relevance_mass_accuracy": "share",
        "relevance_rank_accuracy": "share",
    },
    ("mass_rank_correlation", "mass_without_effect", "relevance_mass_accuracy", "relevance_rank_accuracy"),
)
TARGETS: Final = _MeasureTable("target_sensitivity", {"is_right_move": "share", "moved_mass": "share"}, ())


def map_protocol_rows(pairs: MeasuredPairs, tables: Mapping[GeneratorMode, Columns]) -> list[dict[str, Any]]:
    """Return the rows of `map_protocols` in `metrics`: means over the pairs judged, differences from the centre blob.

    Args:
        pairs: all test pairs.
        tables: of each generator and mode the columns of its table `map_protocols`; NaN where a value is null.

    Raises:
        BadSetting: fewer than 1 bootstrap sample.
    """
    return _rows(PROTOCOLS, pairs, tables)


def map_part_rows(
    pairs: MeasuredPairs, tables: Mapping[GeneratorMode, Columns], pairs_with_best: Sequence[str]
) -> list[dict[str, Any]]:
    """Return the rows of `map_parts` in `metrics`, over the pairs in which an attribute matters.

    Args:
        pairs: all test pairs.
        tables: of each generator and mode the columns of its table `map_parts`; NaN where a value is null.
        pairs_with_best: ids of the pairs that the audit counts; in the others nothing matters more than a null edit.

    Raises:
        BadSetting: fewer than 1 bootstrap sample.
    """
    has_best_p = np.zeros(len(pairs.pair_ids), dtype=bool)
    has_best_p[pairs.rows_of(pairs_with_best)] = True
    return _rows(PARTS, pairs, tables, has_best_p)


def target_sensitivity_rows(pairs: MeasuredPairs, tables: Mapping[GeneratorMode, Columns]) -> list[dict[str, Any]]:
    """Return the rows of `target_sensitivity` in `metrics`; each comparison is resampled with what its pairs share.

    Args:
        pairs: all test pairs.
        tables: of each generator and mode the columns of its table `target_sensitivity`; NaN where a value is null.

    Raises:
        BadSetting: fewer than 1 bootstrap sample.
    """
    rows = []
    for key, columns in tables.items():
        first = list(columns["pair_id"])
        compared = MeasuredPairs(
            [f"{one} {other}" for one, other in zip(first, columns["other_pair_id"], strict=True)],
            pairs.clusters_p[np.array(pairs.rows_of(first), dtype=np.int64)],
            pairs.resampling,
        )
        values = {name: np.asarray(columns[name], dtype=np.float64) for name in TARGETS.units}
        rows += _mean_rows(TARGETS, compared, key, values)
    return rows


def _rows(
    table: _MeasureTable,
    pairs: MeasuredPairs,
    tables: Mapping[GeneratorMode, Columns],
    counted_p: np.ndarray | None = None,
) -> list[dict[str, Any]]:
    found = {
        key: {name: _placed(pairs, columns, name, counted_p) for name in table.units} for key, columns in tables.items()
    }
    means = [row for key, values in found.items() for row in _mean_rows(table, pairs, key, values)]
    return means + _comparison_rows(table, pairs, found)


def _placed(pairs: MeasuredPairs, columns: Columns, name: str, counted_p: np.ndarray | None) -> np.ndarray:
    values_p = pairs.placed(list(columns["pair_id"]), columns[name])
    return values_p if counted_p is None else np.where(counted_p, values_p, np.nan)


def _mean_rows(
    table: _MeasureTable, pairs: MeasuredPairs, key: GeneratorMode, values: Mapping[str, np.ndarray]
) -> list[dict[str, Any]]:
    generator, mode = key
    return [
        metric_row(table.name, name, pairs.mean(values[name]), generator=generator, mode=mode, unit=unit)
        for name, unit in table.units.items()
    ]


def _comparison_rows(
    table: _MeasureTable, pairs: MeasuredPairs, found: Mapping[GeneratorMode, Mapping[str, np.ndarray]]
) -> list[dict[str, Any]]:
    """Compare all with the blob on the pairs that both have, in one correction over the table."""
    blob = next((values for key, values in found.items() if key[0] == CENTRE), None)
    if blob is None:
        return []
    compared = [(key, name) for key in found if key[0] != CENTRE for name in table.compared]
    differences = pairs.compare([(found[key][name], blob[name]) for key, name in compared])
    return [
        comparison_row(
            table.name,
            f"{name}_difference",
            difference,
            generator=key[0],
            mode=key[1],
            compared_with=CENTRE,
            unit=table.units[name],
        )
        for (key, name), difference in zip(compared, differences, strict=True)
    ]
