"""Both directions of a pair: does the query's answer agree with the one given when the reference is the query?

A score is the same both ways, but each direction edits another image, so truth and answers may differ.
Must not import torch.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.datasets.declaration import QUERY
from pipeline.evaluation.audit.answers import AuditedAnswers
from pipeline.evaluation.audit.outcomes import AuditOutcomes, best_present_attributes
from pipeline.evaluation.bootstrap import Resampling, clustered_interval
from pipeline.evaluation.metrics.rows import clustered_by, metric_row

TABLE = "audit_directions"
ORACLE = "oracle"


def swapped_rows(query_p: npt.NDArray[np.integer], reference_p: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
    """Return (comparison, 2) int64: the rows of the two directions of each pair that has both, in row order."""
    row_of = {pair: row for row, pair in enumerate(zip(query_p.tolist(), reference_p.tolist(), strict=True))}
    found = [
        (row, row_of[reference, query])
        for (query, reference), row in row_of.items()
        if row_of.get((reference, query), -1) > row
    ]
    return np.asarray(found, dtype=np.int64).reshape(-1, 2)


def direction_clusters(query_p: npt.NDArray[np.integer], reference_p: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
    """Return the image that stands for each pair, (pair,) int64, equal for its two directions.

    Of the two images the one with more pairs as a query, of equals the one with the smaller row; so the pairs of a
    sampled query mostly stay together. A pair that is there in one direction keeps its query.

    Deliberate choice: pairs that share only the other image are taken for independent, as pairs that share a reference
    are everywhere: joined, chains of images would make most pairs one cluster.

    Args:
        query_p: row of each pair's query among the images.
        reference_p: row of each pair's reference.
    """
    clusters_p = np.asarray(query_p, dtype=np.int64).copy()
    pairs_of = np.bincount(clusters_p, minlength=int(max(clusters_p.max(), np.max(reference_p))) + 1)
    for both in swapped_rows(query_p, reference_p):
        clusters_p[both] = min(query_p[both].tolist(), key=lambda image: (-pairs_of[image], image))
    return clusters_p


def direction_rows(
    audited: AuditedAnswers,
    query_p: npt.NDArray[np.integer],
    reference_p: npt.NDArray[np.integer],
    resampling: Resampling,
) -> list[dict[str, Any]]:
    """Return the rows of `audit_directions`: of each variant, how its answers for both directions compare.

    `same_attribute`: it names the same attribute in both; of `oracle` how often the truths do. `hit_in_both`: it hits
    in both. `regret_gap`: mean size of the difference of its regrets, Delta* - Delta(named), a score difference.
    n counts the pairs with both directions eligible in which the figure is defined; intervals are clustered by
    `direction_clusters`. No row where no pair has both directions.

    Args:
        audited: the truth and what variants name.
        query_p: row of each pair's query among the images.
        reference_p: row of each pair's reference.
        resampling: seed and number of bootstrap samples.

    Raises:
        BadSetting: fewer than 1 bootstrap sample.
    """
    rows_c2 = swapped_rows(query_p, reference_p)
    if not len(rows_c2):
        return []
    clusters_c = direction_clusters(query_p, reference_p)[rows_c2[:, 0]]
    named = {**audited.named, ORACLE: best_present_attributes(audited.truth)}
    rows = []
    for variant, named_p in named.items():
        for metric, values_c in _measures(audited.outcomes[variant], named_p, rows_c2).items():
            interval = clustered_interval(values_c, clusters_c, seed=resampling.seed, samples=resampling.samples)
            unit = "cosine" if metric == "regret_gap" else "share"
            rows.append(metric_row(TABLE, metric, interval, variant=variant, unit=unit))
    return clustered_by(QUERY, rows)


def _measures(
    outcomes: AuditOutcomes, named_p: npt.NDArray[np.integer], rows_c2: npt.NDArray[np.int64]
) -> dict[str, npt.NDArray[np.float64]]:
    """Return values by comparison, NaN unless both directions are eligible."""
    first_c, second_c = rows_c2.T
    eligible_c = outcomes.eligible_p[first_c] & outcomes.eligible_p[second_c]
    regret_p = outcomes.best_p - outcomes.effect_p
    measures = {
        "same_attribute": (named_p[first_c] == named_p[second_c]).astype(np.float64),
        "hit_in_both": outcomes.hit_p[first_c] * outcomes.hit_p[second_c],
        "regret_gap": np.abs(regret_p[first_c] - regret_p[second_c]),
    }
    return {metric: np.where(eligible_c, values_c, np.nan) for metric, values_c in measures.items()}
