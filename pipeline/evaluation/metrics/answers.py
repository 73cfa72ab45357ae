"""Figures of the answers: how many pairs have one, what naming it achieves, and whether any variant does better."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.audit.answers import ANSWER
from pipeline.evaluation.metrics.measured_pairs import MeasuredPairs
from pipeline.evaluation.metrics.rows import comparison_row, metric_row
from pipeline.explanation.answer.naming import NOTHING_NAMED, drop_of_named

TABLE: Final = "answer"


def answer_rows(
    pairs: MeasuredPairs,
    answered_p: npt.NDArray[np.integer],
    named: Mapping[str, npt.NDArray[np.integer]],
    matched_drops_pa: npt.NDArray[np.floating],
    present_pa: npt.NDArray[np.bool_],
) -> list[dict[str, Any]]:
    """Return the rows of `answer` and `answer_comparison`.

    Args:
        pairs: all test pairs.
        answered_p: (pair,) attribute that answers, -1 where no attribute explains the match.
        named: (pair,) attribute that each variant names among the same candidates, -1 for none.
        matched_drops_pa: (pair, attribute) matched effect as a drop, NaN where undefined.
        present_pa: (pair, attribute) labels of the queries.

    Raises:
        BadSetting: fewer than 1 bootstrap sample.
        BadDataset: lengths differ.
    """
    drop_p = _drops(answered_p, matched_drops_pa, present_pa)
    is_answered_p = answered_p != NOTHING_NAMED
    true_p = np.where(is_answered_p, present_pa[np.arange(len(answered_p)), answered_p], np.nan)
    rows = [
        metric_row(TABLE, "answered", pairs.mean(is_answered_p.astype(np.float64)), variant=ANSWER),
        metric_row(TABLE, "top1_accuracy", pairs.mean(true_p), variant=ANSWER),
        metric_row(TABLE, "matched_effect", pairs.mean(drop_p), variant=ANSWER, unit="cosine"),
    ]
    others = {variant: _drops(named_p, matched_drops_pa, present_pa) for variant, named_p in named.items()}
    for variant, other_p in others.items():
        rows.append(metric_row(TABLE, "matched_effect", pairs.mean(other_p), variant=variant, unit="cosine"))
    differences = pairs.compare([(drop_p, other_p) for other_p in others.values()])
    return rows + [
        comparison_row(
            "answer_comparison",
            "matched_effect_difference",
            difference,
            variant=ANSWER,
            compared_with=variant,
            unit="cosine",
        )
        for variant, difference in zip(others, differences, strict=True)
    ]


def _drops(
    named_p: npt.NDArray[np.integer], matched_drops_pa: npt.NDArray[np.floating], present_pa: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64]:
    """Return (pair,) the matched effect of what was named, 0 where the query lacks it, NaN where nothing was named."""
    return np.where(named_p == NOTHING_NAMED, np.nan, drop_of_named(named_p, matched_drops_pa, present_pa))
