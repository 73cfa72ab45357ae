"""Eq. 4 against loops, its scales, ties and refusals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import BadSetting
from pipeline.explanation.combination import (
    AWA_PAPER_WEIGHTS,
    ExplanationTerms,
    ExplanationWeights,
    combine,
    explanation_terms,
    rank_attributes,
)
from pipeline.explanation.normalise_map import normalise_map
from tests.oracles import combination as oracle

WEIGHTS = (0.4, 0.6, 0.05)


def example(seed: int = 0) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 3, (6, 5)).astype(np.float32)
    activations = rng.normal(0, 2, (6, 5, 4, 4)).astype(np.float32)
    query_p = np.array([3, 0, 3, 5, 1, 0, 2])
    maps = normalise_map(rng.normal(size=(7, 9, 9)))
    return logits, activations, maps, query_p, rng.dirichlet(np.ones(5))


def test_equals_oracle() -> None:
    inputs = example()
    scores = combine(explanation_terms(*inputs), ExplanationWeights(*WEIGHTS))
    expected = oracle.scores(*inputs, WEIGHTS)
    np.testing.assert_allclose(scores, expected, rtol=1e-6)
    assert rank_attributes(scores).tolist() == [oracle.ranking(row) for row in expected]


def test_comparator_rejects_broken_copies() -> None:
    logits, activations, maps, query_p, prior = example()
    expected = oracle.scores(logits, activations, maps, query_p, prior, WEIGHTS)
    weights = ExplanationWeights(*WEIGHTS)
    broken = {
        "map axes swapped": (logits, activations, maps.transpose(0, 2, 1), query_p, prior),
        "next query": (logits, activations, maps, (query_p + 1) % 6, prior),
        "maps of the previous pair": (logits, activations, np.roll(maps, 1, axis=0), query_p, prior),
        "activation sign": (logits, -activations, maps, query_p, prior),
        "softmax over attributes": (
            logits,
            activations - np.log(np.exp(activations).sum(1, keepdims=True)),
            *(maps, query_p, prior),
        ),
    }
    for inputs in broken.values():
        with pytest.raises(AssertionError):
            np.testing.assert_allclose(combine(explanation_terms(*inputs), weights), expected, rtol=1e-6)
    swapped = ExplanationWeights(WEIGHTS[1], WEIGHTS[0], WEIGHTS[2])
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(
            combine(explanation_terms(logits, activations, maps, query_p, prior), swapped),
            expected,
            rtol=1e-6,
        )


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_terms_are_comparable_and_follow_permutations(seed: int) -> None:
    logits, activations, maps, query_p, prior = example(seed)
    terms = explanation_terms(logits, activations, maps, query_p, prior)
    for term in (terms.confidence_pa, terms.map_match_pa, terms.prior_pa):
        assert term.min() >= 0
        assert term.max() <= 1 + 1e-9
    np.testing.assert_allclose(terms.confidence_pa.max(axis=1), 1)
    np.testing.assert_allclose(terms.prior_pa.max(axis=1), 1)
    order = np.random.default_rng(seed).permutation(5)
    permuted = explanation_terms(logits[:, order], activations[:, order], maps, query_p, prior[order])
    weights = ExplanationWeights(*WEIGHTS)
    np.testing.assert_allclose(combine(permuted, weights), combine(terms, weights)[:, order], rtol=1e-9)
    pairs = np.random.default_rng(seed).permutation(7)
    shuffled = explanation_terms(logits, activations, maps[pairs], query_p[pairs], prior)
    np.testing.assert_allclose(combine(shuffled, weights), combine(terms, weights)[pairs], rtol=1e-9)


def test_offset_of_an_activation_map_does_not_change_its_match() -> None:
    logits, activations, maps, query_p, prior = example()
    first = explanation_terms(logits, activations, maps, query_p, prior).map_match_pa
    second = explanation_terms(logits, activations + 7, maps, query_p, prior).map_match_pa
    np.testing.assert_allclose(first, second, rtol=1e-5)


def test_only_ratios_of_weights_count() -> None:
    terms = explanation_terms(*example())
    tripled = ExplanationWeights(*(3 * weight for weight in WEIGHTS))
    simplex = tripled.on_simplex()
    assert simplex.confidence + simplex.map_match + simplex.prior == pytest.approx(1)
    np.testing.assert_array_equal(rank_attributes(combine(terms, tripled)), rank_attributes(combine(terms, simplex)))
    assert AWA_PAPER_WEIGHTS.without_prior() == ExplanationWeights(0.4, 0.6, 0.0)


def test_missing_map_matters_only_where_the_match_has_weight() -> None:
    logits, activations, maps, query_p, prior = example()
    maps[2] = np.nan
    terms = explanation_terms(logits, activations, maps, query_p, prior)
    assert np.isfinite(combine(terms, ExplanationWeights(1, 0, 0.2))).all()
    scores = combine(terms, ExplanationWeights(*WEIGHTS))
    assert np.isnan(scores).all(axis=1).tolist() == [False, False, True, False, False, False, False]
    with pytest.raises(BadSetting, match="1 of 7 pairs"):
        rank_attributes(scores)


def test_ties_keep_vocabulary_order_and_minus_infinity_is_last() -> None:
    ranks = rank_attributes(np.array([[1.0, 2, 2, -np.inf, 1], [0, 0, 0, 0, 0]]))
    assert ranks.tolist() == [[1, 2, 0, 4, 3], [0, 1, 2, 3, 4]]


def test_no_prior_is_a_zero_term() -> None:
    logits, activations, maps, query_p, _ = example()
    terms = explanation_terms(logits, activations, maps, query_p, None)
    assert isinstance(terms, ExplanationTerms)
    assert not terms.prior_pa.any()


def test_impossible_input_is_refused() -> None:
    logits, activations, maps, query_p, prior = example()
    with pytest.raises(BadSetting, match="weights"):
        ExplanationWeights(0, 0, 0)
    with pytest.raises(BadSetting, match="weights"):
        ExplanationWeights(1, -0.1, 0)
    with pytest.raises(BadSetting, match="prior"):
        explanation_terms(logits, activations, maps, query_p, np.zeros(5))
    with pytest.raises(BadSetting, match="grid"):
        explanation_terms(logits, activations, maps[:, :3, :3], query_p, prior)
    assert explanation_terms(logits, activations, maps[:0], query_p[:0], prior).map_match_pa.shape == (0, 5)
    with pytest.raises(BadSetting, match="terms"):
        explanation_terms(logits, activations, maps[:3], query_p, prior)
