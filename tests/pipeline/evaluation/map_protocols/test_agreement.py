"""Agreement of measures: against loops, and on measures whose agreement is known."""

import numpy as np
import pytest

import tests.oracles.map_protocols as oracle
from pipeline.evaluation.bootstrap import Resampling
from pipeline.evaluation.map_protocols import agreement
from tests.pipeline.evaluation.broken_copy import broken_copy

GENERATORS, PAIRS = 4, 30
RNG = np.random.default_rng(0)
# Few levels, so that there are ties; some values are missing.
MEASURE = RNG.integers(0, 5, (GENERATORS, PAIRS)).astype(float)
TRUTH = RNG.integers(0, 4, (GENERATORS, PAIRS)).astype(float)
MEASURE[0, :3] = TRUTH[1, 2:5] = MEASURE[:, 9] = np.nan


def compare_with_oracle(module):
    expected = oracle.right_choices(MEASURE.tolist(), TRUTH.tolist())
    found = module.right_choices(MEASURE, TRUTH)
    assert np.isnan(found[9])
    assert expected[9] is None
    known = [pair for pair in range(PAIRS) if expected[pair] is not None]
    assert found[known] == pytest.approx([expected[pair] for pair in known])
    correlations = []
    for measure, truth in zip(MEASURE, TRUTH, strict=True):
        both = np.isfinite(measure) & np.isfinite(truth)
        correlations.append(oracle.spearman(measure[both].tolist(), truth[both].tolist()))
    assert module.over_pairs(MEASURE, TRUTH) == pytest.approx(np.mean(correlations))
    means = [np.nanmean(values, axis=1).tolist() for values in (MEASURE, TRUTH)]
    assert module.over_generators(MEASURE, TRUTH) == pytest.approx(oracle.spearman(*means))


def test_all_three_are_their_definitions():
    compare_with_oracle(agreement)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (" & (better_p != 0)", ""),
        ("(1 + preferred_p * better_p) / 2", "(preferred_p == better_p)"),
        ("np.corrcoef(rankdata(first), rankdata(second))", "np.corrcoef(first, second)"),
        ("np.nansum(values_gp, axis=1)", "np.nansum(values_gp, axis=1) ** 2"),
        ("np.isfinite(first_n) & np.isfinite(second_n)", "np.isfinite(first_n)"),
    ],
    ids=["equal truths", "ties are wrong", "no ranks", "means", "missing truth"],
)
def test_broken_copies_are_noticed(tmp_path, right, wrong):
    broken = broken_copy(agreement, tmp_path, right, wrong)
    with pytest.raises(AssertionError):
        compare_with_oracle(broken)


def test_the_truth_agrees_with_itself_its_opposite_never_and_a_constant_by_chance():
    clusters = np.arange(PAIRS) // 3
    measures = {"same": TRUTH, "opposite": -TRUTH, "constant": np.ones_like(TRUTH)}
    found = agreement.choice_intervals(measures, TRUTH, clusters, Resampling(0, 100))
    assert {name: (one.value, one.low, one.high) for name, one in found.items()} == {
        "same": (1, 1, 1),
        "opposite": (0, 0, 0),
        "constant": (0.5, 0.5, 0.5),
    }
    assert found["same"].n_clusters == 10
    assert agreement.over_generators(TRUTH, TRUTH) == pytest.approx(1)
    assert agreement.over_pairs(-TRUTH, TRUTH) == pytest.approx(-1)
    assert np.isnan(agreement.over_pairs(np.ones_like(TRUTH), TRUTH))
    assert np.isnan(agreement.over_pairs(TRUTH[:, :5], TRUTH[:, :5]))
