"""The count prior against a loop, its sum and its ties."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import BadSetting
from pipeline.explanation.count_prior import count_prior
from tests.oracles import count_prior as oracle


def example(seed: int = 0, n_pairs: int = 40) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    # rounding makes exact ties
    drops = rng.normal(size=(n_pairs, 6)).round(1)
    drops[rng.random(drops.shape) < 0.2] = np.nan
    return drops, rng.random(drops.shape) < 0.5


def test_equals_oracle_and_comparator_rejects_broken_copies() -> None:
    drops, present = example()
    expected = oracle.count_prior(drops, present, 1.0)
    np.testing.assert_allclose(count_prior(drops, present), expected)
    broken = {
        "sign": count_prior(-drops, present),
        "absent attributes": count_prior(drops, ~present),
        "attribute off by one": np.roll(count_prior(drops, present), 1),
        "next pair's presence": count_prior(drops, np.roll(present, 1, axis=0)),
        "no smoothing": count_prior(drops, present, smoothing=0),
    }
    for copy in broken.values():
        with pytest.raises(AssertionError):
            np.testing.assert_allclose(copy, expected)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), n_pairs=st.integers(0, 30), smoothing=st.floats(0.01, 50))
def test_sums_to_one_and_follows_permutations(seed: int, n_pairs: int, smoothing: float) -> None:
    drops, present = example(seed, n_pairs)
    prior = count_prior(drops, present, smoothing)
    assert prior.sum() == pytest.approx(1)
    assert prior.min() > 0
    order = np.random.default_rng(seed).permutation(6)
    np.testing.assert_allclose(count_prior(drops[:, order], present[:, order], smoothing), prior[order])


def test_equal_drops_share_the_vote() -> None:
    drops = np.array([[0.3, 0.3, 0.1]])
    prior = count_prior(drops, np.ones((1, 3), dtype=bool), smoothing=0)
    np.testing.assert_array_equal(prior, [0.5, 0.5, 0])


def test_pairs_without_a_candidate_cast_no_vote() -> None:
    drops = np.array([[np.nan, 0.2], [0.4, 0.1], [0.4, 0.1]])
    present = np.array([[True, False], [False, False], [True, True]])
    np.testing.assert_array_equal(count_prior(drops, present, smoothing=0), [1, 0])


def test_impossible_input_is_refused() -> None:
    drops, present = example()
    with pytest.raises(BadSetting, match="smoothing"):
        count_prior(drops, present, smoothing=-1)
    with pytest.raises(BadSetting, match="shape"):
        count_prior(drops[:3], present)
    with pytest.raises(BadSetting, match="no vote"):
        count_prior(drops, np.zeros_like(present), smoothing=0)
