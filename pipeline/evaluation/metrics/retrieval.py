"""Figures of `retrieval`: how well the explained model finds images of a query's class among images it never saw."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from pipeline.datasets.declaration import CLASS
from pipeline.evaluation.bootstrap import Resampling, clustered_interval
from pipeline.evaluation.metrics.rows import clustered_by, count_row, metric_row

TABLE: Final = "retrieval"
WITHOUT_MATCH: Final = "queries_without_match"


def retrieval_rows(
    values_by_metric: Mapping[str, Sequence[float]], classes_q: np.ndarray, resampling: Resampling
) -> list[dict[str, Any]]:
    """Return a row a figure, its interval over classes resampled whole, and how many queries had no match.

    Args:
        values_by_metric: what each query has of each figure, NaN without a match.
        classes_q: integer (query,).
        resampling: seed and number of bootstrap samples.

    Raises:
        BadSetting: fewer than 1 bootstrap sample.
    """
    rows = []
    alone = 0
    for metric, values in values_by_metric.items():
        values_q = np.asarray(values, dtype=np.float64)
        alone = int(np.isnan(values_q).sum())
        interval = clustered_interval(values_q, classes_q, seed=resampling.seed, samples=resampling.samples)
        rows.append(metric_row(TABLE, metric, interval))
    return clustered_by(CLASS, [*rows, count_row(TABLE, WITHOUT_MATCH, alone, len(classes_q))])
