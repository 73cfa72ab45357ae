"""The weight grid against nested loops, its ties, its restrictions and its speed."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import BadSetting
from pipeline.explanation.combination import ExplanationTerms, ExplanationWeights
from pipeline.explanation.weight_grid import (
    WeightGridSpec,
    choose_weights,
    cross_fit_halves,
    preset_weights,
    simplex_grid,
)
from tests.oracles import weight_grid as oracle


def example(seed: int = 0, n_pairs: int = 25, n_attributes: int = 6) -> tuple[ExplanationTerms, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    terms = ExplanationTerms(*(rng.random((n_pairs, n_attributes)) for _ in range(3)))
    # the objective rewards a mixture, so that the best point lies inside the simplex
    objective = terms.confidence_pa + terms.map_match_pa + 0.5 * terms.prior_pa
    objective = objective + rng.normal(0, 0.3, objective.shape)
    objective[rng.random(objective.shape) < 0.1] = np.nan
    return terms, objective, rng.random(objective.shape) < 0.6


def oracle_rows(
    terms: ExplanationTerms, objective: np.ndarray, present: np.ndarray, n_steps: int
) -> list[tuple[tuple[float, float, float], float, float]]:
    arrays = [terms.confidence_pa, terms.map_match_pa, terms.prior_pa]
    return [(point, *oracle.figures(arrays, objective, present, point)) for point in oracle.simplex(n_steps)]


@pytest.mark.parametrize("seed", range(4))
def test_equals_oracle(seed: int) -> None:
    terms, objective, present = example(seed)
    result = choose_weights(terms, objective, present, WeightGridSpec(step=0.2))
    expected = oracle_rows(terms, objective, present, 5)
    actual = [
        [row.confidence_weight, row.map_match_weight, row.prior_weight, row.objective, row.top1_accuracy]
        for row in result.rows
    ]
    np.testing.assert_allclose(actual, [[*point, o, t] for point, o, t in expected])
    best = oracle.choose(expected, 1e-3, (0.4, 0.6, 0.05))
    assert (result.best.confidence, result.best.map_match, result.best.prior) == pytest.approx(best)
    assert [row.is_best for row in result.rows].count(True) == 1


def test_comparator_rejects_broken_copies() -> None:
    terms, objective, present = example()
    expected = [row[1] for row in oracle_rows(terms, objective, present, 5)]
    swapped = ExplanationTerms(terms.map_match_pa, terms.confidence_pa, terms.prior_pa)
    spec = WeightGridSpec(step=0.2)
    broken = {
        "sign": choose_weights(terms, -objective, present, spec),
        "terms swapped": choose_weights(swapped, objective, present, spec),
        "absence": choose_weights(terms, objective, ~present, spec),
        "attribute off by one": choose_weights(terms, np.roll(objective, 1, axis=1), present, spec),
        "next pair": choose_weights(terms, np.roll(objective, 1, axis=0), present, spec),
    }
    for copy in broken.values():
        with pytest.raises(AssertionError):
            np.testing.assert_allclose([row.objective for row in copy.rows], expected)


def test_simplex_holds_231_points_at_the_default_step() -> None:
    assert len(simplex_grid(0.05)) == 231


@given(n_steps=st.integers(1, 40))
def test_simplex_points_are_distinct_and_sum_to_one(n_steps: int) -> None:
    points = simplex_grid(1 / n_steps)
    assert len({tuple(point) for point in points.tolist()}) == (n_steps + 1) * (n_steps + 2) // 2
    assert points.min() >= 0
    np.testing.assert_allclose(points.sum(axis=1), 1)
    np.testing.assert_allclose(points, oracle.simplex(n_steps))


@pytest.mark.parametrize("step", [0.3, 0.0, -0.05, 2.0, float("nan")])
def test_steps_that_do_not_divide_one_are_refused(step: float) -> None:
    with pytest.raises(BadSetting, match="divides 1"):
        simplex_grid(step)


def test_restricted_grids_leave_terms_without_weight() -> None:
    terms, objective, present = example()
    no_prior = choose_weights(terms, objective, present, WeightGridSpec(use_prior=False))
    assert len(no_prior.rows) == 21
    assert no_prior.best.prior == 0
    confidence = WeightGridSpec(use_prior=False, use_map_match=False)
    alone = choose_weights(terms, objective, present, confidence)
    assert alone.best == ExplanationWeights(1, 0, 0)
    assert len(alone.rows) == 1


def test_ties_go_to_top1_then_to_the_preferred_point() -> None:
    # both attributes earn nothing, but only the one that the map match names is present
    terms = ExplanationTerms(np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]]), np.array([[1.0, 0.0]]))
    nothing = np.zeros((1, 2))
    result = choose_weights(terms, nothing, np.array([[False, True]]), WeightGridSpec())
    assert (result.best.confidence, result.best.map_match, result.best.prior) == pytest.approx((0.4, 0.55, 0.05))
    towards_confidence = WeightGridSpec(preferred=ExplanationWeights(0.9, 0.05, 0.05))
    result = choose_weights(terms, nothing, np.array([[False, True]]), towards_confidence)
    assert result.best.map_match > 0.5
    result = choose_weights(terms, nothing, np.array([[True, True]]), towards_confidence)
    assert (result.best.confidence, result.best.map_match) == pytest.approx((0.9, 0.05))


def test_tolerance_decides_what_is_a_tie() -> None:
    terms = ExplanationTerms(np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]]), np.zeros((1, 2)))
    objective = np.array([[1.0, 0.9995]])
    present = np.ones((1, 2), dtype=bool)
    loose = choose_weights(terms, objective, present, WeightGridSpec(use_prior=False))
    strict = choose_weights(terms, objective, present, WeightGridSpec(use_prior=False, tolerance=1e-6))
    assert loose.best == ExplanationWeights(0.4, 0.6, 0)
    assert strict.best.confidence >= 0.5


def test_weights_that_were_fixed_beforehand_are_one_more_row_and_are_chosen() -> None:
    terms, objective, present = example()
    searched = choose_weights(terms, objective, present, WeightGridSpec(step=0.2))
    fixed = preset_weights(terms, objective, present, WeightGridSpec(step=0.2), ExplanationWeights(0.1, 0.9, 0.05))
    assert [row.is_best for row in fixed.rows] == [False] * 21 + [True]
    assert [row.objective for row in fixed.rows[:-1]] == [row.objective for row in searched.rows]
    row = fixed.rows[-1]
    chosen = (row.confidence_weight, row.map_match_weight, row.prior_weight)
    assert chosen == pytest.approx((0.1 / 1.05, 0.9 / 1.05, 0.05 / 1.05))
    assert (fixed.best.confidence, fixed.best.map_match, fixed.best.prior) == pytest.approx(chosen)
    arrays = [terms.confidence_pa, terms.map_match_pa, terms.prior_pa]
    assert [row.objective, row.top1_accuracy] == pytest.approx(oracle.figures(arrays, objective, present, chosen))
    on_the_grid = preset_weights(
        terms, objective, present, WeightGridSpec(step=0.2), ExplanationWeights(0.2, 0.2, 0.6)
    ).rows
    assert on_the_grid[-1].objective == next(
        row.objective for row in on_the_grid if (row.confidence_weight, row.map_match_weight) == (0.2, 0.2)
    )
    bare = preset_weights(
        terms, objective, present, WeightGridSpec(step=0.2, use_prior=False), ExplanationWeights(0.1, 0.9, 0.05)
    )
    assert (bare.best.confidence, bare.best.map_match, bare.best.prior) == pytest.approx((0.1, 0.9, 0.0))


def test_undefined_and_absent_attributes_earn_nothing() -> None:
    terms = ExplanationTerms(np.eye(3), np.eye(3), np.eye(3))
    objective = np.array([[0.6, 0, 0], [0, np.nan, 0], [0, 0, 5.0]])
    present = np.array([[True, True, True], [True, True, True], [True, True, False]])
    row = choose_weights(terms, objective, present, WeightGridSpec(step=1)).rows[0]
    assert row.objective == pytest.approx(0.2)
    assert row.undefined_share == pytest.approx(1 / 3)
    assert row.top1_accuracy == pytest.approx(2 / 3)


def test_pairs_without_a_map_are_left_out_and_counted() -> None:
    terms, objective, present = example()
    terms.map_match_pa[[2, 5]] = np.nan
    result = choose_weights(terms, objective, present, WeightGridSpec(step=0.2))
    assert (result.n_pairs, result.n_pairs_left_out) == (23, 2)
    kept = np.delete(np.arange(25), [2, 5])
    without = ExplanationTerms(terms.confidence_pa[kept], terms.map_match_pa[kept], terms.prior_pa[kept])
    assert choose_weights(without, objective[kept], present[kept], WeightGridSpec(step=0.2)).rows == result.rows
    with pytest.raises(BadSetting, match="0 pairs with a map"):
        choose_weights(
            ExplanationTerms(terms.confidence_pa, np.full_like(objective, np.nan), terms.prior_pa),
            objective,
            present,
            WeightGridSpec(),
        )


def test_a_full_grid_takes_seconds_at_most() -> None:
    terms, objective, present = example(n_pairs=2000, n_attributes=85)
    started_s = time.process_time()
    result = choose_weights(terms, objective, present, WeightGridSpec())
    assert len(result.rows) == 231
    assert time.process_time() - started_s < 4


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1000), n_queries=st.integers(2, 40))
def test_halves_are_balanced_and_never_cut_a_query(seed: int, n_queries: int) -> None:
    clusters = np.random.default_rng(seed).permutation(np.repeat(np.arange(n_queries), 3))
    halves = cross_fit_halves(clusters, seed)
    first, second = set(clusters[halves].tolist()), set(clusters[~halves].tolist())
    assert not first & second
    assert abs(len(first) - len(second)) <= 1
    np.testing.assert_array_equal(cross_fit_halves(clusters[::-1], seed), halves[::-1])
    np.testing.assert_array_equal(cross_fit_halves(clusters.astype(str), seed), halves)


def test_halves_depend_on_the_seed_and_need_two_queries() -> None:
    clusters = np.arange(50)
    assert (cross_fit_halves(clusters, 1) != cross_fit_halves(clusters, 2)).any()
    with pytest.raises(BadSetting, match="two queries"):
        cross_fit_halves(np.zeros(5, dtype=int), 0)
