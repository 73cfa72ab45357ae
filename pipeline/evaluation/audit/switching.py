"""Switching: does the answer change exactly when the truth does?

Compares two audits of one kind: the same pairs under two models, or pairs that share their query but not
their reference. Must not import torch.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.audit.outcomes import (
    AuditOutcomes,
    TrueEffects,
    audit_outcomes,
    best_present_attributes,
)
from pipeline.evaluation.bootstrap import Interval, clustered_interval


@dataclass(frozen=True)
class AuditSide:
    """One side of a comparison: the truth of a set of pairs, and the attributes named for them."""

    truth: TrueEffects
    named_p: npt.NDArray[np.integer]


def pairs_sharing_a_query(query_p: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
    """Return (comparison, 2) int64: every two pairs with the same query, in pair order."""
    compared = [
        (members[i], members[j])
        for members in (np.flatnonzero(query_p == query) for query in np.unique(query_p))
        for i in range(members.size)
        for j in range(i + 1, members.size)
    ]
    return np.asarray(compared, dtype=np.int64).reshape(-1, 2)


def switching_measures(
    first: AuditSide,
    second: AuditSide,
    clusters_p: npt.NDArray[np.integer],
    *,
    seed: int,
    samples: int = 1000,
) -> dict[str, Interval]:
    """Return how often answers switch with the truth, over comparisons eligible on both sides.

    Keys: `both_hit_when_truths_differ` and `unchanged_when_truths_agree`. Truths differ where the attribute
    of Delta* does.

    Args:
        first: one side, row p of each array belonging to comparison p.
        second: the other side, likewise.
        clusters_p: (comparison,) query.
        seed: see `clustered_interval`, as for samples.

    Raises:
        BadSetting: fewer than one sample.
        BadDataset: lengths differ, or a name is no attribute.
    """
    outcomes: list[AuditOutcomes] = [audit_outcomes(side.truth, side.named_p) for side in (first, second)]
    eligible_p = outcomes[0].eligible_p & outcomes[1].eligible_p
    differ_p = best_present_attributes(first.truth) != best_present_attributes(second.truth)
    both_hit_p = outcomes[0].hit_p * outcomes[1].hit_p
    unchanged_p = (first.named_p == second.named_p).astype(np.float64)
    cases = {
        "both_hit_when_truths_differ": np.where(eligible_p & differ_p, both_hit_p, np.nan),
        "unchanged_when_truths_agree": np.where(eligible_p & ~differ_p, unchanged_p, np.nan),
    }
    return {
        name: clustered_interval(values_p, clusters_p, seed=seed, samples=samples) for name, values_p in cases.items()
    }
