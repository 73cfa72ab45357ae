"""Reading the chosen weights back from the grid."""

from flows.engine.upstream import Upstream
from pipeline.explanation.combination import ExplanationWeights


def best_weights(upstream: Upstream, model: str, prior_kind: str) -> ExplanationWeights:
    """Return the best point of an attribute model's grid with ("count") or without ("none") the prior."""
    rows = upstream.rows("explanation_weights", "weight_grid")
    wanted = (model, prior_kind)
    best = next(row for row in rows if row["is_best"] and (row["model"], row["prior_kind"]) == wanted)
    return ExplanationWeights(best["confidence_weight"], best["map_match_weight"], best["prior_weight"])
