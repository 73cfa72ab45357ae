"""Figures of the answers' groups: does removing all that labels cannot tell apart matter more than the attribute?"""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.audit.answers import ANSWER
from pipeline.evaluation.metrics.measured_pairs import MeasuredPairs
from pipeline.evaluation.metrics.rows import comparison_row, metric_row

TABLE: Final = "answer_group"
GROUP: Final = "answer|group"
DIRECTIONS: Final = "group_directions"


def group_rows(
    pairs: MeasuredPairs,
    members_p: npt.NDArray[np.float64],
    attribute_p: npt.NDArray[np.float64],
    group_p: npt.NDArray[np.float64],
    largest_p: npt.NDArray[np.float64],
) -> list[dict[str, Any]]:
    """Return the rows of `answer_group` and `answer_group_comparison`.

    `grouped`: share of the answers whose attribute shares its group with others. `matched_effect`: of the answer's
    attribute, of its whole group, and of the group whose own direction predicts the largest drop.

    Args:
        pairs: all test pairs.
        members_p: (pair,) attributes in the answer's group; NaN where there is no answer.
        attribute_p: (pair,) matched effect of the answer's attribute as a drop, NaN where undefined or no answer.
        group_p: (pair,) that of its group, likewise.
        largest_p: (pair,) that of the group that directions of groups name.

    Raises:
        BadSetting: fewer than 1 bootstrap sample.
        BadDataset: lengths differ.
    """
    grouped_p = np.where(np.isnan(members_p), np.nan, members_p > 1)
    drops = {ANSWER: attribute_p, GROUP: group_p, DIRECTIONS: largest_p}
    compared = [(GROUP, ANSWER), (GROUP, DIRECTIONS)]
    differences = pairs.compare([(drops[first], drops[second]) for first, second in compared])
    return [
        metric_row(TABLE, "grouped", pairs.mean(grouped_p), variant=ANSWER),
        *(
            metric_row(TABLE, "matched_effect", pairs.mean(drop_p), variant=variant, unit="cosine")
            for variant, drop_p in drops.items()
        ),
        *(
            comparison_row(
                f"{TABLE}_comparison",
                "matched_effect_difference",
                difference,
                variant=first,
                compared_with=second,
                unit="cosine",
            )
            for (first, second), difference in zip(compared, differences, strict=True)
        ),
    ]
