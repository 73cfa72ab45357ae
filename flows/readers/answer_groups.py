"""The answers' groups of attributes as the figures take them."""

import numpy as np
import pyarrow.compute as pc

from flows.engine.upstream import Upstream
from pipeline.evaluation.metrics.measured_pairs import MeasuredPairs

_COLUMNS = ("members", "attribute_effect", "group_effect", "largest_group_effect")


def read_answer_groups(
    upstream: Upstream, pairs: MeasuredPairs
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return members of the answer's group, and matched effects of attribute, group and the group named by directions.

    All float64 (pair,), NaN where there is none; reads `answer_groups`.
    """
    table = upstream.table("group_effects.test", "answer_groups")
    pair_ids = table["pair_id"].to_pylist()
    members, attribute, group, largest = (
        pairs.placed(pair_ids, pc.cast(table[name], "float64").to_numpy()) for name in _COLUMNS
    )
    return members, attribute, group, largest
