"""Rows of the audit beyond single answers: whole rankings against the truth, and answers that change with it.

Everything is clustered by query. Must not import torch.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.datasets.declaration import QUERY
from pipeline.evaluation.audit.answers import AuditedAnswers
from pipeline.evaluation.audit.outcomes import TrueEffects
from pipeline.evaluation.audit.rank_agreement import rank_agreement, replacement_validity
from pipeline.evaluation.audit.switching import AuditSide, pairs_sharing_a_query, switching_measures
from pipeline.evaluation.bootstrap import Resampling, clustered_interval
from pipeline.evaluation.metrics.rows import clustered_by, metric_row


@dataclass(frozen=True)
class ReplacementEffects:
    """What putting other images in a query's place changes, by one kind of replacement.

    Attributes:
        drop_pa: float64 (pair, attribute), s(query, reference) - s(replacement, reference); NaN where the kind has no
            effect that an edit of the attribute could be compared with.
        distance_pa: float64 (pair, attribute), mean distance of the replacements; NaN where unknown.
    """

    drop_pa: npt.NDArray[np.float64]
    distance_pa: npt.NDArray[np.float64]


def rank_agreement_rows(
    truth: TrueEffects,
    scores: Mapping[str, npt.NDArray[np.floating]],
    query_p: npt.NDArray[np.integer],
    resampling: Resampling,
) -> list[dict[str, Any]]:
    """Return the rows of `audit_ranking`: `rank_agreement` of each variant, its scores against true effects.

    The mean over pairs of Kendall's tau-b over the attributes that the query has; n counts the pairs where neither
    ranking is one tie.

    Args:
        truth: true effects of the pairs.
        scores: (pair, attribute) of each variant.
        query_p: (pair,) query of each pair.
        resampling: seed and number of bootstrap samples.

    Raises:
        BadSetting: fewer than 1 bootstrap sample.
    """
    seed, samples = resampling.seed, resampling.samples
    rows = []
    for variant, scores_pa in scores.items():
        agreement_p = rank_agreement(scores_pa, truth.delta_pa, truth.present_pa)
        interval = clustered_interval(agreement_p, query_p, seed=seed, samples=samples)
        rows.append(metric_row("audit_ranking", "rank_agreement", interval, variant=variant))
    return clustered_by(QUERY, rows)


def switching_rows(
    audited: AuditedAnswers, query_p: npt.NDArray[np.integer], resampling: Resampling
) -> list[dict[str, Any]]:
    """Return the rows of `audit_switching`: of each variant, how its answers follow the truth of two references.

    Every two pairs with the same query are one comparison; n counts those in which both are eligible and the truths
    differ, or agree.

    Args:
        audited: the truth and what variants name.
        query_p: (pair,) query of each pair.
        resampling: seed and number of bootstrap samples.

    Raises:
        BadSetting: fewer than 1 bootstrap sample.
    """
    first_c, second_c = pairs_sharing_a_query(query_p).T
    rows = []
    for variant, named_p in audited.named.items():
        first, second = (_side(audited.truth, named_p, side_c) for side_c in (first_c, second_c))
        measures = switching_measures(first, second, query_p[first_c], seed=resampling.seed, samples=resampling.samples)
        rows += [
            metric_row("audit_switching", metric, interval, variant=variant) for metric, interval in measures.items()
        ]
    return clustered_by(QUERY, rows)


def replacement_rows(
    effects: Mapping[str, ReplacementEffects],
    truth: TrueEffects,
    query_p: npt.NDArray[np.integer],
    resampling: Resampling,
) -> list[dict[str, Any]]:
    """Return the rows of `audit_replacements`: how well each kind of replacement tells the effect of an edit.

    `rank_agreement` (mean Spearman correlation within pairs), `bias` and `distance_slope` of each kind, which stands in
    the column of variants.

    Args:
        effects: by kind.
        truth: true effects of the pairs.
        query_p: (pair,) query of each pair.
        resampling: seed and number of bootstrap samples.

    Raises:
        BadSetting: fewer than 1 bootstrap sample.
    """
    rows = []
    for kind, found in effects.items():
        validity = replacement_validity(
            found.drop_pa,
            truth.delta_pa,
            found.distance_pa,
            query_p,
            seed=resampling.seed,
            samples=resampling.samples,
        )
        measures = {name: getattr(validity, name) for name in (field.name for field in fields(validity))}
        rows += [metric_row("audit_replacements", name, measure, variant=kind) for name, measure in measures.items()]
    return clustered_by(QUERY, rows)


def _side(truth: TrueEffects, named_p: npt.NDArray[np.int64], rows_c: npt.NDArray[np.integer]) -> AuditSide:
    of_rows = TrueEffects(truth.delta_pa[rows_c], truth.present_pa[rows_c], truth.floor)
    return AuditSide(of_rows, named_p[rows_c])
