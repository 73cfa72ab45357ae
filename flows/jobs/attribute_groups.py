"""Groups of attributes that the training labels cannot tell apart."""

import logging
import math
from typing import Any

import numpy as np

from flows.engine.shard_task import JobInputs, JobResult
from flows.readers.pair_frame import read_labels
from pipeline.explanation.attribute_groups import group_names
from pipeline.explanation.exclusive_factors import exclusive_factors
from pipeline.explanation.separability import Separability, separability

LOG = logging.getLogger("sane")


def run(inputs: JobInputs) -> JobResult:
    """Return a row of `attribute_groups` per attribute, and the one of `label_separability`."""
    vocabulary = inputs.upstream.table("vocabulary", "vocabulary")
    names: list[str] = vocabulary["attribute"].to_pylist()
    labels_na = read_labels(inputs.upstream, "train")[1]
    factors = exclusive_factors(names, vocabulary["group"].to_pylist(), labels_na)
    found = separability(labels_na, factors, inputs.settings["group_correlation"], inputs.settings["group_condition"])
    summary = _summary(labels_na, found)
    together = summary["attributes"] - int((np.bincount(found.group_a[found.group_a >= 0]) == 1).sum())
    if together:
        LOG.warning(
            "training labels cannot tell apart %d of %d attributes that vary: explanations name their groups, %d in "
            "all: table attribute_groups",
            together,
            summary["attributes"],
            found.n_groups,
        )
    parts = {
        "attribute_groups": inputs.table("attribute_groups", _rows(names, labels_na, found)),
        "label_separability": inputs.table("label_separability", [summary]),
    }
    return JobResult(parts, {"attributes": len(names), "groups": found.n_groups})


def _rows(names: list[str], labels_na: np.ndarray, found: Separability) -> list[dict[str, Any]]:
    named = group_names(names, found)
    rows = []
    for attribute, (name, group) in enumerate(zip(names, found.group_a.tolist(), strict=True)):
        varies = group >= 0
        correlation = float(found.sign_a[attribute] * found.correlation_a[attribute])
        rows.append(
            {
                "attribute": name,
                "group": group if varies else None,
                "group_name": named[group] if varies else None,
                "members": int((found.group_a == group).sum()) if varies else None,
                "correlation": correlation if varies else None,
                "training_images": int(labels_na[:, attribute].sum()),
            }
        )
    return rows


def _summary(labels_na: np.ndarray, found: Separability) -> dict[str, Any]:
    return {
        "training_images": len(labels_na),
        "label_rows": len(np.unique(np.packbits(labels_na, axis=1), axis=0)),
        "attributes": int((found.group_a >= 0).sum()),
        "rank": found.rank,
        "condition": found.condition if math.isfinite(found.condition) else None,
        "groups": found.n_groups,
        "group_condition": found.group_condition,
    }
