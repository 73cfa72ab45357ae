"""Does the map of the attribute that answers find it, and better than the map of the match and a blob do?"""

from typing import Any, Final

from pipeline.evaluation.metrics.measured_pairs import Columns, MeasuredPairs
from pipeline.evaluation.metrics.rows import comparison_row, metric_row

TABLE: Final = "attribute_localisation"
# By what is said of them in `metrics`: columns of the table.
MAPS: Final = {"attribute": "auroc", "match": "match_auroc", "centre": "centre_auroc"}
COMPARED: Final = (("attribute", "match"), ("attribute", "centre"), ("match", "centre"))


def attribute_localisation_rows(pairs: MeasuredPairs, table: Columns) -> list[dict[str, Any]]:
    """Return the rows of `attribute_localisation`: each map's AUROC, and differences on the pairs that have both maps.

    Args:
        pairs: all test pairs.
        table: `pair_id`, `auroc`, `match_auroc` and `centre_auroc` of the table of that name; NaN where a value is
            null. Tables of earlier code lack the last, whose figures are then left out.

    Raises:
        BadSetting: fewer than 1 bootstrap sample.
    """
    pair_ids = list(table["pair_id"])
    values = {name: pairs.placed(pair_ids, table[column]) for name, column in MAPS.items() if column in table}
    compared = [(one, other) for one, other in COMPARED if other in values]
    differences = pairs.compare([(values[one], values[other]) for one, other in compared])
    return [
        *(metric_row(TABLE, "auroc", pairs.mean(values_p), variant=name) for name, values_p in values.items()),
        *(
            comparison_row(TABLE, "auroc_difference", difference, variant=one, compared_with=other)
            for (one, other), difference in zip(compared, differences, strict=True)
        ),
    ]
