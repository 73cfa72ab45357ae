"""Rows of the table `metrics`, built from intervals."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from pipeline.evaluation.bootstrap import Interval
from pipeline.evaluation.comparisons import Difference


def metric_row(table_name: str, metric: str, interval: Interval, **labels: str | float | None) -> dict[str, Any]:
    """Return one row: a value with its interval, n and number of clusters; NaN becomes null."""
    return {
        "table_name": table_name,
        "metric": metric,
        "value": _finite(interval.value),
        "ci_low": _finite(interval.low),
        "ci_high": _finite(interval.high),
        "n": interval.n,
        "n_clusters": interval.n_clusters,
        "unit": "share",
        **labels,
    }


def comparison_row(table_name: str, metric: str, difference: Difference, **labels: str | None) -> dict[str, Any]:
    """Return one row for a difference with its p-value, null where there is none, and whether that is a bound."""
    p_value = _finite(difference.p_value)
    row = metric_row(table_name, metric, difference.interval, p_value=p_value, **labels)
    return {**row, "p_is_bound": None if p_value is None else difference.is_bound}


def count_row(table_name: str, metric: str, value: float, n: int, **labels: str | None) -> dict[str, Any]:
    """Return one row for a plain count or measured constant, which has no interval."""
    return {
        "table_name": table_name,
        "metric": metric,
        "value": _finite(value),
        "n": n,
        "unit": "count",
        **labels,
    }


def clustered_by(cluster_unit: str, rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows, those with an interval naming what its clusters are: one of `CLUSTER_UNITS`."""
    return [{**row, "cluster_unit": cluster_unit} if "n_clusters" in row else dict(row) for row in rows]


def completed(row: Mapping[str, Any], shared: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row with what all rows of a run share, such as dataset and seed."""
    return {**shared, **row}


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
