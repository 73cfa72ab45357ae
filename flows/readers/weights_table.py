"""Reading the chosen weights and the priors back."""

from collections.abc import Sequence

import numpy as np

from flows.engine.upstream import Upstream
from pipeline.explanation.combination import ExplanationWeights


def best_weights(upstream: Upstream, model: str, prior_kind: str) -> ExplanationWeights:
    """Return the best point of an attribute model's grid with ("count") or without ("none") the prior."""
    rows = upstream.rows("explanation_weights", "weight_grid")
    wanted = (model, prior_kind)
    best = next(row for row in rows if row["is_best"] and (row["model"], row["prior_kind"]) == wanted)
    return ExplanationWeights(best["confidence_weight"], best["map_match_weight"], best["prior_weight"])


def read_prior(upstream: Upstream, kind: str, attribute_names: Sequence[str]) -> np.ndarray:
    """Return the prior of a kind, "count" or "tcav", float64 (attribute,) in the order of the names."""
    rows = upstream.rows("explanation_weights", "prior")
    value = {row["attribute"]: row["value"] for row in rows if row["kind"] == kind}
    return np.array([value[name] for name in attribute_names])
