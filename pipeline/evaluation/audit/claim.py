"""The claim that the audit tests: reading the embedding beats what is cheap and what is simple.

Who claims and who is to be beaten stands in the table of variants, fixed before any figure is seen.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.datasets.declaration import QUERY
from pipeline.evaluation.audit.measures import regret_ratio
from pipeline.evaluation.audit.outcomes import AuditOutcomes
from pipeline.evaluation.bootstrap import Resampling
from pipeline.evaluation.comparisons import paired_comparisons
from pipeline.evaluation.metrics.families import is_told_labels
from pipeline.evaluation.metrics.rows import clustered_by, comparison_row
from pipeline.explanation.variants import VARIANTS, in_order


def claim_rows(
    outcomes: Mapping[str, AuditOutcomes], clusters_p: npt.NDArray[np.integer], resampling: Resampling
) -> list[dict[str, Any]]:
    """Return the rows of `audit_comparison`: normalised regret of the claimant minus that of each it should beat.

    Negative: the claimant is better. The claim "A beats B" rests on these rows and nothing else; their p-values are
    corrected by Holm over the table. None without the claimant among the outcomes.

    Args:
        outcomes: of each variant, by name.
        clusters_p: (pair,) query of each pair.
        resampling: seed and number of bootstrap samples.

    Raises:
        BadSetting: fewer than 1 bootstrap sample.
        BadDataset: lengths differ.
    """
    beaten = in_order({name: variant.claim_order for name, variant in VARIANTS.items() if name in outcomes})
    # Who is told the query's labels is not measured against who has to find them out.
    compared = [
        (name, other)
        for name in outcomes
        if _claims(name)
        for other in beaten
        if is_told_labels(name) == is_told_labels(other)
    ]
    differences = paired_comparisons(
        [(regret_ratio(outcomes[claimant]), regret_ratio(outcomes[other])) for claimant, other in compared],
        clusters_p,
        seed=resampling.seed,
        samples=resampling.samples,
    )
    rows = [
        comparison_row("audit_comparison", "regret_difference", difference, variant=claimant, compared_with=other)
        for (claimant, other), difference in zip(compared, differences, strict=True)
    ]
    return clustered_by(QUERY, rows)


def _claims(name: str) -> bool:
    return name in VARIANTS and VARIANTS[name].is_claimant
