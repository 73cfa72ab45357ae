"""Reading the chosen weights back from the grid."""

from flows.engine.upstream import Upstream
from pipeline.explanation.combination import ExplanationWeights


def best_weights(upstream: Upstream, prior_kind: str) -> ExplanationWeights:
    """Return the best point of the grid with ("count") or without ("none") the prior."""
    rows = upstream.rows("explanation_weights", "weight_grid")
    best = next(row for row in rows if row["is_best"] and row["prior_kind"] == prior_kind)
    return ExplanationWeights(best["confidence_weight"], best["map_match_weight"], best["prior_weight"])
