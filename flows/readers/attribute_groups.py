"""The groups of attributes that training labels cannot tell apart, as explanations name them."""

import numpy as np

from flows.engine.upstream import Upstream
from pipeline.explanation.separability import CONSTANT, Separability


def group_name_of_attribute(upstream: Upstream) -> dict[str, str]:
    """Return the name of each attribute's group, of attributes that share theirs; reads `attribute_groups`.

    Attributes that the labels tell from all others have no entry, nor have those that no image tells anything of.
    """
    table = upstream.table("attribute_groups", "attribute_groups")
    columns = (table[name].to_pylist() for name in ("attribute", "group_name", "members"))
    return {name: group for name, group, members in zip(*columns, strict=True) if members is not None and members > 1}


def read_separability(upstream: Upstream) -> Separability:
    """Return the groups as they were found, in the vocabulary's order; reads both tables of `attribute_groups`."""
    table = upstream.table("attribute_groups", "attribute_groups")
    group_a, correlation_a = (table[name].to_numpy().astype(np.float64) for name in ("group", "correlation"))
    (summary,) = upstream.rows("attribute_groups", "label_separability")
    return Separability(
        np.where(np.isnan(group_a), CONSTANT, np.nan_to_num(group_a)).astype(np.int64),
        np.where(correlation_a < 0, -1, 1).astype(np.int64),
        np.abs(correlation_a),
        int(summary["rank"]),
        float("inf") if summary["condition"] is None else float(summary["condition"]),
        float(summary["group_condition"]),
    )
