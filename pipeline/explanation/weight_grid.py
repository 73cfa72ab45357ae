"""Choosing the weights of Eq. 4 on held-out pairs, over a grid on the simplex.

Only ratios of weights matter for an argmax, so the simplex holds every choice once. Imports no torch.
Cost: one combination and one argmax per grid point (231 at a step of 0.05).
"""

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.errors import BadSetting
from pipeline.explanation.combination import AWA_PAPER_WEIGHTS, ExplanationTerms, ExplanationWeights, combine
from pipeline.randomness import derive_seed


@dataclass(frozen=True)
class WeightGridSpec:
    """What is searched and how ties are settled.

    Attributes:
        step: spacing of the grid; must divide 1.
        tolerance: points whose objective is within this share of the best one's size count as tied. The
            default, 1/1000, is about one or two pairs of 2,000; a bootstrap standard error would tie most of
            the grid and hand the decision to top-1 accuracy.
        use_map_match: whether the map match may have weight.
        use_prior: whether the prior may have weight; False for `sane+match`.
        preferred: weights to stay close to where tied points also have equal top-1 accuracy.
    """

    step: float = 0.05
    tolerance: float = 1e-3
    use_map_match: bool = True
    use_prior: bool = True
    preferred: ExplanationWeights = AWA_PAPER_WEIGHTS


@dataclass(frozen=True)
class GridRow:
    """One grid point and what naming attributes by it achieves.

    Attributes:
        confidence_weight, map_match_weight, prior_weight: the point; the three sum to 1.
        objective: mean drop achieved by the named attribute, undefined and absent ones counting 0.
        top1_accuracy: share of pairs whose named attribute the query has.
        undefined_share: share of pairs whose named attribute is present but has no defined drop.
        is_best: whether this point was chosen.
    """

    confidence_weight: float
    map_match_weight: float
    prior_weight: float
    objective: float
    top1_accuracy: float
    undefined_share: float
    is_best: bool


@dataclass(frozen=True)
class GridResult:
    """The searched grid.

    Attributes:
        rows: one per grid point, in the order of `simplex_grid`.
        best: the chosen weights.
        n_pairs: pairs that the objective was averaged over.
        n_pairs_left_out: pairs without a saliency map, left out at every point alike.
    """

    rows: tuple[GridRow, ...]
    best: ExplanationWeights
    n_pairs: int
    n_pairs_left_out: int


def simplex_grid(step: float) -> npt.NDArray[np.float64]:
    """Return all (confidence, map_match, prior) points of the simplex at this step: (points, 3), float64.

    231 points at 0.05, ordered by confidence, then map match; each sums to 1.

    Raises:
        BadSetting: the step is not in (0, 1] or does not divide 1.
    """
    n_steps = round(1 / step) if 0 < step <= 1 else 0
    if n_steps == 0 or abs(n_steps * step - 1) > 1e-9:
        raise BadSetting(
            expected="a step in (0, 1] that divides 1",
            found=f"weight_grid_step = {step}",
            where="weight grid",
            remedy="use 0.05, 0.1 or 0.2",
        )
    points = [(i, j, n_steps - i - j) for i in range(n_steps + 1) for j in range(n_steps + 1 - i)]
    return np.array(points, dtype=np.float64) / n_steps


def choose_weights(
    terms: ExplanationTerms,
    objective_pa: npt.NDArray[np.floating[Any]],
    present_pa: npt.NDArray[np.bool_],
    spec: WeightGridSpec,
) -> GridResult:
    """Return the grid point whose named attributes drop the score most on average, and the whole grid.

    `objective_pa` is the drop (positive: the attribute mattered) achieved by naming attribute a for pair p,
    NaN where undefined; naming an attribute that the query lacks (`present_pa` False) earns 0 whatever it
    holds. Ties within the tolerance go to the highest top-1 accuracy, then to the point nearest the preferred
    weights, then to the first.

    Raises:
        BadSetting: shapes disagree, no pair has a map, or the step does not divide 1.

    Departure: the papers name no objective. An undefined drop counts 0 rather than being left out, or a point
    could win by naming attributes that cannot be tested.
    """
    usable_p = _usable_pairs(terms, objective_pa, present_pa)
    kept = ExplanationTerms(terms.confidence_pa[usable_p], terms.map_match_pa[usable_p], terms.prior_pa[usable_p])
    objective_pa, present_pa = objective_pa[usable_p], present_pa[usable_p]
    points_g3 = _restricted_points(spec)
    figures_g3 = np.array([_evaluate(kept, point, objective_pa, present_pa) for point in points_g3])
    best = _best_point(points_g3, figures_g3, spec)
    rows = tuple(_grid_row(points_g3[index], figures_g3[index], index == best) for index in range(len(points_g3)))
    return GridResult(
        rows=rows,
        best=ExplanationWeights(*map(float, points_g3[best])),
        n_pairs=int(usable_p.sum()),
        n_pairs_left_out=int((~usable_p).sum()),
    )


def preset_weights(
    terms: ExplanationTerms,
    objective_pa: npt.NDArray[np.floating[Any]],
    present_pa: npt.NDArray[np.bool_],
    spec: WeightGridSpec,
    preset: ExplanationWeights,
) -> GridResult:
    """Return the whole grid with one more row that is chosen whatever its figures: weights fixed beforehand.

    Arguments as in `choose_weights`; a term that `spec` switches off gets no weight.

    Raises:
        BadSetting: as `choose_weights`; or nothing is left of the preset.
    """
    searched = choose_weights(terms, objective_pa, present_pa, spec)
    usable_p = _usable_pairs(terms, objective_pa, present_pa)
    kept = ExplanationTerms(terms.confidence_pa[usable_p], terms.map_match_pa[usable_p], terms.prior_pa[usable_p])
    chosen = preset.on_simplex() if spec.use_prior else preset.without_prior()
    point_3 = np.array([chosen.confidence, chosen.map_match, chosen.prior])
    figures_3 = np.array(_evaluate(kept, point_3, objective_pa[usable_p], present_pa[usable_p]))
    rows = tuple(dataclasses.replace(row, is_best=False) for row in searched.rows)
    rows += (_grid_row(point_3, figures_3, is_best=True),)
    return dataclasses.replace(searched, rows=rows, best=chosen)


def cross_fit_halves(pair_clusters: npt.NDArray[Any], seed: int) -> npt.NDArray[np.bool_]:
    """Return (pairs,) True for the half that fits the prior, False for the half that fits the weights.

    `pair_clusters` names each pair's query; no query is in both halves, which differ by at most one query.
    Queries are ordered by the hash of seed and name, so the split does not depend on the order of pairs.

    Raises:
        BadSetting: fewer than two queries.

    Departure: not in the papers. Fitting both on the same pairs inflates the prior's weight.
    """
    clusters = pair_clusters.tolist()
    names = sorted(set(clusters), key=lambda name: derive_seed(seed, str(name), "cross-fit half"))
    if len(names) < 2:
        raise BadSetting(
            expected="held-out pairs of at least two queries",
            found=f"{len(names)} queries",
            where="cross-fitting of prior and weights",
            remedy="sample more held-out pairs",
        )
    prior_half = set(names[: len(names) // 2])
    return np.array([name in prior_half for name in clusters], dtype=np.bool_)


def _usable_pairs(
    terms: ExplanationTerms, objective_pa: npt.NDArray[np.floating[Any]], present_pa: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """Return which pairs have a saliency map, refusing input that holds none or does not fit together."""
    usable_p = ~np.isnan(terms.map_match_pa).any(axis=1)
    if not terms.confidence_pa.shape == objective_pa.shape == present_pa.shape or not usable_p.any():
        raise BadSetting(
            expected="terms, objective and presence of one shape (pairs, attributes), a map for some pair",
            found=f"{terms.confidence_pa.shape}, {objective_pa.shape}, {present_pa.shape}, "
            f"{int(usable_p.sum())} pairs with a map",
            where="weight grid",
            remedy="pass the held-out pairs in one order, after their saliency maps were computed",
        )
    return np.asarray(usable_p, dtype=np.bool_)


def _restricted_points(spec: WeightGridSpec) -> npt.NDArray[np.float64]:
    """Return the grid's points that give no weight to a term that is switched off."""
    points_g3 = simplex_grid(spec.step)
    allowed_g = (spec.use_map_match | (points_g3[:, 1] == 0)) & (spec.use_prior | (points_g3[:, 2] == 0))
    return np.asarray(points_g3[allowed_g], dtype=np.float64)


def _evaluate(
    terms: ExplanationTerms,
    point_3: npt.NDArray[np.float64],
    objective_pa: npt.NDArray[np.floating[Any]],
    present_pa: npt.NDArray[np.bool_],
) -> tuple[float, float, float]:
    """Return objective, top-1 accuracy and undefined share of one grid point."""
    # argmax takes the first of equal scores: vocabulary order, as in the final ranking
    named_p = combine(terms, ExplanationWeights(*map(float, point_3))).argmax(axis=1)
    rows_p = np.arange(len(named_p))
    present_p = present_pa[rows_p, named_p]
    drop_p = np.where(present_p, objective_pa[rows_p, named_p], 0.0)
    undefined_p = np.isnan(drop_p)
    return (
        float(np.where(undefined_p, 0.0, drop_p).mean()),
        float(present_p.mean()),
        float(undefined_p.mean()),
    )


def _grid_row(point_3: npt.NDArray[np.float64], figures_3: npt.NDArray[np.float64], is_best: bool) -> GridRow:
    """Return a grid point and its figures as a table row of plain numbers."""
    confidence_weight, map_match_weight, prior_weight = point_3.tolist()
    objective, top1_accuracy, undefined_share = figures_3.tolist()
    return GridRow(
        confidence_weight, map_match_weight, prior_weight, objective, top1_accuracy, undefined_share, is_best
    )


def _best_point(points_g3: npt.NDArray[np.float64], figures_g3: npt.NDArray[np.float64], spec: WeightGridSpec) -> int:
    """Return the index of the chosen point."""
    objective_g, top1_g = figures_g3[:, 0], figures_g3[:, 1]
    best_objective = objective_g.max()
    # 1e-12 absorbs the rounding of equal sums
    tied_g = objective_g >= best_objective - max(spec.tolerance * abs(best_objective), 1e-12)
    tied_g &= top1_g >= top1_g[tied_g].max() - 1e-12
    preferred = spec.preferred.on_simplex()
    preferred_3 = np.array([preferred.confidence, preferred.map_match, preferred.prior])
    distance_g = np.linalg.norm(points_g3 - preferred_3, axis=1).round(12)
    return int(np.where(tied_g, distance_g, np.inf).argmin())
