"""Rows on the measures themselves: does replacing the query tell what editing the attribute alone does?

Must not import torch.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from pipeline.datasets.declaration import QUERY
from pipeline.evaluation.audit.outcomes import TrueEffects
from pipeline.evaluation.audit.rank_agreement import replacement_validity
from pipeline.evaluation.bootstrap import Resampling
from pipeline.evaluation.metrics.rows import clustered_by, metric_row

TABLE: Final = "audit_replacement"
# The kind that adds an attribute; the others take one away that the query has.
INSERTION: Final = "insertion"


@dataclass(frozen=True)
class MeasuredEffects:
    """One kind of replacement.

    Attributes:
        change_pa: (pair, attribute) float64, change of the score; NaN where undefined.
        distance_pa: (pair, attribute) float64, distance of the replacements from the query; NaN where there are none.
    """

    change_pa: np.ndarray
    distance_pa: np.ndarray


def replacement_rows(
    measured: Mapping[str, MeasuredEffects], truth: TrueEffects, query_p: np.ndarray, resampling: Resampling
) -> list[dict[str, Any]]:
    """Return the rows of `audit_replacement`: rank agreement with the truth, bias and slope on distance, by kind.

    Args:
        measured: of each kind, `insertion` among the absent attributes, all others among the present ones.
        truth: true effects of the same pairs.
        query_p: (pair,) row of each pair's query; whole queries are resampled.
        resampling: seed and number of bootstrap samples.

    Raises:
        BadSetting: fewer than 1 bootstrap sample.
        BadDataset: shapes differ.

    Both effects are drops here: the truth is what editing the attribute takes from the score, for an absent one by
    adding it.
    """
    rows = []
    for kind, one in measured.items():
        counted_pa = ~truth.present_pa if kind == INSERTION else truth.present_pa
        validity = replacement_validity(
            np.where(counted_pa, -one.change_pa, np.nan),
            truth.delta_pa,
            one.distance_pa,
            query_p,
            seed=resampling.seed,
            samples=resampling.samples,
        )
        rows += [
            metric_row(TABLE, "rank_agreement", validity.rank_agreement, variant=kind, unit="correlation"),
            metric_row(TABLE, "bias", validity.bias, variant=kind, unit="cosine"),
            metric_row(TABLE, "distance_slope", validity.distance_slope, variant=kind, unit="cosine"),
        ]
    return clustered_by(QUERY, rows)
