"""What the weights near the chosen ones name and achieve, against nested loops."""

import dataclasses
import math

import numpy as np
import pytest

from pipeline.explanation.combination import ExplanationTerms, ExplanationWeights
from pipeline.explanation.weight_grid import GridResult, WeightGridSpec, choose_weights, preset_weights
from pipeline.explanation.weight_sensitivity import WeightSensitivity, weight_sensitivity
from tests.oracles import weight_grid as oracle
from tests.pipeline.explanation.test_weight_grid import example


def expected(terms: ExplanationTerms, result: GridResult, radius: float) -> tuple[float, ...]:
    arrays = [terms.confidence_pa, terms.map_match_pa, terms.prior_pa]
    pairs = [pair for pair in range(len(arrays[0])) if not any(math.isnan(value) for value in arrays[1][pair])]
    (best,) = (row for row in result.rows if row.is_best)
    chosen = (best.confidence_weight, best.map_match_weight, best.prior_weight)
    before = [oracle.named_attribute(arrays, pair, chosen) for pair in pairs]
    shares, renamed, objectives = [], set(), [best.objective]
    for row in result.rows:
        point = (row.confidence_weight, row.map_match_weight, row.prior_weight)
        if row is best or any(round(abs(a - b), 6) > radius for a, b in zip(point, chosen, strict=True)):
            continue
        after = [oracle.named_attribute(arrays, pair, point) for pair in pairs]
        changed = {pair for pair, old, new in zip(pairs, before, after, strict=True) if old != new}
        renamed |= changed
        shares.append(len(changed) / len(pairs))
        objectives.append(row.objective)
    mean = sum(shares) / len(shares) if shares else 0.0
    ever = len(renamed) / len(pairs)
    return (len(objectives), min(objectives), max(objectives), mean, max(shares, default=0.0), ever, len(pairs))


def found(one: WeightSensitivity) -> tuple[float, ...]:
    objectives = (one.least_objective, one.largest_objective)
    return (one.n_points, *objectives, one.mean_changed, one.most_changed, one.ever_changed, one.n_pairs)


@pytest.mark.parametrize("seed", range(4))
def test_equals_loops(seed: int) -> None:
    terms, objective, present = example(seed, n_pairs=40)
    terms.map_match_pa[3] = np.nan
    result = choose_weights(terms, objective, present, WeightGridSpec())
    assert found(weight_sensitivity(terms, result)) == pytest.approx(expected(terms, result, 0.1))


def test_the_comparison_notices_broken_copies() -> None:
    terms, objective, present = example(1, n_pairs=40)
    result = choose_weights(terms, objective, present, WeightGridSpec())
    right = expected(terms, result, 0.1)
    swapped = ExplanationTerms(terms.map_match_pa, terms.confidence_pa, terms.prior_pa)
    others = [dataclasses.replace(row, is_best=position == 0) for position, row in enumerate(result.rows)]
    broken = {
        "wider": weight_sensitivity(terms, result, radius=0.15),
        "terms swapped": weight_sensitivity(swapped, result),
        "around another point": weight_sensitivity(terms, dataclasses.replace(result, rows=tuple(others))),
    }
    for name, copy in broken.items():
        assert found(copy) != pytest.approx(right), name


def test_a_coarse_grid_has_no_other_point_near() -> None:
    terms, objective, present = example()
    one = weight_sensitivity(terms, choose_weights(terms, objective, present, WeightGridSpec(step=0.2)))
    assert (one.n_points, one.mean_changed, one.most_changed, one.ever_changed) == (1, 0.0, 0.0, 0.0)
    assert one.least_objective == one.objective == one.largest_objective


def test_weights_that_were_fixed_are_compared_with_the_points_of_the_grid_near_them() -> None:
    terms, objective, present = example()
    preset = ExplanationWeights(0.42, 0.53, 0.05)
    result = preset_weights(terms, objective, present, WeightGridSpec(), preset)
    one = weight_sensitivity(terms, result)
    assert one.chosen == preset
    # Nine points of the grid lie within 0.1 of them with every weight, and themselves.
    assert found(one) == pytest.approx(expected(terms, result, 0.1))
    assert one.n_points > 5
