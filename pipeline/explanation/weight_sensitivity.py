"""How much hangs on the chosen weights of Eq. 4: what the grid points near them would name and achieve.

Imports no torch. Cost: one combination and one argmax for each point near the chosen one.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.explanation.combination import ExplanationTerms, ExplanationWeights, combine
from pipeline.explanation.weight_grid import GridResult, GridRow

RADIUS: Final = 0.1
# Weights are multiples of the step: sums of them miss the radius by rounding alone.
_ROUNDING: Final = 1e-9


@dataclass(frozen=True)
class WeightSensitivity:
    """What happens within `RADIUS` of the chosen weights, that is, while no weight moves by more than it.

    Attributes:
        chosen: the chosen weights, on the simplex.
        n_points: grid points near them, themselves included.
        objective: of the chosen weights.
        least_objective: smallest mean drop near them; at most `objective`.
        largest_objective: largest mean drop near them; at least `objective`.
        mean_changed: share of pairs whose first attribute changes, on average over the other points near.
        most_changed: the same at the point where most pairs change.
        ever_changed: share of pairs whose first attribute changes at some point near.
        n_pairs: pairs with a map, which all shares are of.
    """

    chosen: ExplanationWeights
    n_points: int
    objective: float
    least_objective: float
    largest_objective: float
    mean_changed: float
    most_changed: float
    ever_changed: float
    n_pairs: int


def weight_sensitivity(terms: ExplanationTerms, result: GridResult, radius: float = RADIUS) -> WeightSensitivity:
    """Return what the grid points within a radius of the chosen weights achieve, and how many pairs they rename.

    A grid without other points that near (its step is larger than the radius) changes nothing: shares are 0 and
    `n_points` is 1.

    Args:
        terms: of the pairs that the grid was searched on; those without a map are left out, as there.
        result: the grid with its chosen point.
        radius: largest difference of each weight.

    Source: this project's own; the papers state weights without saying how much hangs on them.
    """
    usable_p = ~np.isnan(terms.map_match_pa).any(axis=1)
    kept = ExplanationTerms(terms.confidence_pa[usable_p], terms.map_match_pa[usable_p], terms.prior_pa[usable_p])
    chosen = next(row for row in result.rows if row.is_best)
    near = [row for row in result.rows if row.is_best or _is_near(row, chosen, radius)]
    named_p = _named(kept, chosen)
    others = [_named(kept, row) != named_p for row in near if not row.is_best]
    changed_gp = np.stack(others) if others else np.zeros((1, len(named_p)), dtype=np.bool_)
    objectives = [row.objective for row in near]
    return WeightSensitivity(
        chosen=ExplanationWeights(*_weights(chosen).tolist()),
        n_points=len(near),
        objective=chosen.objective,
        least_objective=min(objectives),
        largest_objective=max(objectives),
        mean_changed=float(changed_gp.mean()),
        most_changed=float(changed_gp.mean(axis=1).max()),
        ever_changed=float(changed_gp.any(axis=0).mean()),
        n_pairs=len(named_p),
    )


def _is_near(row: GridRow, chosen: GridRow, radius: float) -> bool:
    return bool(np.abs(_weights(row) - _weights(chosen)).max() <= radius + _ROUNDING)


def _weights(row: GridRow) -> npt.NDArray[np.float64]:
    return np.array([row.confidence_weight, row.map_match_weight, row.prior_weight])


def _named(terms: ExplanationTerms, row: GridRow) -> npt.NDArray[np.int64]:
    """Return (pair,) the first attribute at a grid point; of equal scores the first in the vocabulary."""
    return np.asarray(combine(terms, ExplanationWeights(*_weights(row).tolist())).argmax(axis=1), dtype=np.int64)
