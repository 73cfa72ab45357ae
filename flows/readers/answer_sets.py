"""Sets of attributes as the figures take them: how large they are, and what they truly account for."""

import numpy as np
import pyarrow.compute as pc

from flows.engine.upstream import Upstream
from pipeline.evaluation.metrics.answer_sets import MeasuredSets
from pipeline.evaluation.metrics.measured_pairs import MeasuredPairs

# In the order of the fields of `MeasuredSets`.
_COLUMNS = (
    "size",
    "effect",
    "total_effect",
    "reaches",
    "sum_of_effects",
    "predicted_effect",
    "predicted_sum",
    "eligible",
)


def read_set_sizes(upstream: Upstream, pairs: MeasuredPairs) -> np.ndarray:
    """Return the size of each pair's set, float64 (pair,), NaN where there is none; reads `answer_sets`."""
    table = upstream.table("answer_sets", "answer_sets")
    sizes = pc.cast(table["size"], "float64").to_numpy()
    return pairs.placed(table["pair_id"].to_pylist(), sizes)


def read_measured_sets(upstream: Upstream, pairs: MeasuredPairs) -> dict[str, MeasuredSets]:
    """Return what the sets of each kind account for; reads `answer_set_outcomes`."""
    table = upstream.table("answer_sets", "answer_set_outcomes")
    found = {}
    for kind in dict.fromkeys(table["kind"].to_pylist()):
        rows = table.filter(pc.equal(table["kind"], kind))
        pair_ids = rows["pair_id"].to_pylist()
        found[kind] = MeasuredSets(
            *(pairs.placed(pair_ids, pc.cast(rows[name], "float64").to_numpy()) for name in _COLUMNS)
        )
    return found
