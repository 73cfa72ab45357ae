"""Does the map of the attribute that answers find it, and better than the map of the match does?"""

from typing import Any, Final

from pipeline.evaluation.metrics.measured_pairs import Columns, MeasuredPairs
from pipeline.evaluation.metrics.rows import comparison_row, metric_row

TABLE: Final = "attribute_localisation"


def attribute_localisation_rows(pairs: MeasuredPairs, table: Columns) -> list[dict[str, Any]]:
    """Return the rows of `attribute_localisation`: both maps' AUROC, and their difference on the pairs that have both.

    Args:
        pairs: all test pairs.
        table: the columns `pair_id`, `auroc` and `match_auroc` of the table of that name; NaN where a value is null.

    Raises:
        BadSetting: fewer than 1 bootstrap sample.
    """
    pair_ids = list(table["pair_id"])
    attribute_p, match_p = (pairs.placed(pair_ids, table[column]) for column in ("auroc", "match_auroc"))
    (difference,) = pairs.compare([(attribute_p, match_p)])
    return [
        metric_row(TABLE, "auroc", pairs.mean(attribute_p), variant="attribute"),
        metric_row(TABLE, "auroc", pairs.mean(match_p), variant="match"),
        comparison_row(TABLE, "auroc_difference", difference, variant="attribute", compared_with="match"),
    ]
