"""How sure an effect is, against the definition and in worlds where the answer is known."""

import numpy as np
import pytest

from pipeline.explanation.answer import uncertainty
from pipeline.explanation.answer.refits import exchanged_effects, reweighted_effects
from pipeline.explanation.answer.uncertainty import effect_uncertainty
from pipeline.explanation.pair_effects import pair_effects
from tests.pipeline.evaluation.broken_copy import broken_copy
from tests.pipeline.explanation.answer.test_refits import linear_world

RNG = np.random.default_rng(0)
N_PAIRS, N_ATTRIBUTES, DRAWS = 12, 5, 30
CANDIDATES = RNG.random((N_PAIRS, N_ATTRIBUTES)) < 0.6
CANDIDATES[:, 0] = True
EFFECTS = RNG.normal(size=(N_PAIRS, N_ATTRIBUTES))
# Large beside what chance gives, and yet its refits scatter below 0.
EFFECTS[7, 0] = 4.0
NAMED = np.where(CANDIDATES, EFFECTS, -np.inf).argmax(axis=1)
NAMED[3] = -1
NAMED[5] = 0
SPREAD = np.where(np.arange(N_PAIRS) == 7, 6.0, 0.3)[:, None]
REWEIGHTED = [EFFECTS + SPREAD * RNG.normal(size=EFFECTS.shape) for _ in range(DRAWS)]
EXCHANGED = [0.8 * RNG.normal(size=EFFECTS.shape) for _ in range(DRAWS)]


def compare_with_loops(module):
    found = module.effect_uncertainty(NAMED, CANDIDATES, EFFECTS, iter(REWEIGHTED), iter(EXCHANGED))
    for pair in range(N_PAIRS):
        named = NAMED[pair]
        if named < 0:
            assert np.isnan([found.effect_p[pair], found.low_p[pair], found.p_value_p[pair]]).all()
            assert np.isnan(found.agreement_p[pair])
            assert not found.told_p[pair]
            assert not found.told_by_all_p(True)[pair]
            continue
        candidates = np.flatnonzero(CANDIDATES[pair])
        draws = sorted(refit[pair, named] for refit in REWEIGHTED)
        low, high = np.quantile(draws, [0.025, 0.975])
        assert found.effect_p[pair] == EFFECTS[pair, named]
        assert found.low_p[pair] == pytest.approx(min(low, EFFECTS[pair, named]))
        assert found.high_p[pair] == pytest.approx(max(high, EFFECTS[pair, named]))
        wins = sum(max(candidates, key=lambda a: refit[pair, a]) == named for refit in REWEIGHTED)  # noqa: B023
        assert found.agreement_p[pair] == pytest.approx(wins / DRAWS)
        largest = max(EFFECTS[pair, a] for a in candidates)
        as_large = sum(max(null[pair, a] for a in candidates) >= largest for null in EXCHANGED)
        assert found.p_value_p[pair] == pytest.approx((1 + as_large) / (1 + DRAWS))
        assert found.told_p[pair] == (found.p_value_p[pair] <= 0.05 and found.low_p[pair] > 0)
        by_all = found.p_value_p[pair] > 0.05 and found.low_p[pair] > 0
        assert found.told_by_all_p(True)[pair] == by_all
        assert not found.told_by_all_p(False)[pair]
    assert 0 < found.told_p.sum() < N_PAIRS


def test_uncertainty_is_its_definition():
    compare_with_loops(uncertainty)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("LEVEL / 2, 1 - LEVEL / 2", "LEVEL, 1 - LEVEL"),
        ("(1 + exceeded_p) / (1 + n_exchanged)", "exceeded_p / n_exchanged"),
        ("np.where(candidates_pa, refit_pa, -np.inf).argmax(axis=1)", "refit_pa.argmax(axis=1)"),
        ("_largest(null_pa, candidates_pa) >= largest_p", "_of_named(null_pa, named_p) >= largest_p"),
        ("(self.p_value_p <= LEVEL) & (self.low_p > 0)", "self.p_value_p <= LEVEL"),
        ("~self.told_p & (self.low_p > 0) & all_matter", "(self.low_p > 0) & all_matter"),
        ("~self.told_p & (self.low_p > 0) & all_matter", "~self.told_p & all_matter"),
        ("np.minimum(low_p, effect_p)", "low_p + 0 * effect_p + 1e-3"),
    ],
)
def test_a_wrong_uncertainty_is_noticed(tmp_path, right, wrong):
    with pytest.raises(AssertionError):
        compare_with_loops(broken_copy(uncertainty, tmp_path, right, wrong))


def test_pairs_that_match_by_an_attribute_are_explained_and_others_are_not():
    train, pairs = linear_world(n_images=200)
    everything = np.ones((len(pairs.query_p), 3), dtype=bool)
    queries, references = (train.labels_na[rows] for rows in (pairs.query_p, pairs.reference_p))

    def explained(candidates, rows):
        effects = pair_effects(train, pairs)
        named = np.where(candidates, effects, -np.inf).argmax(axis=1)
        found = effect_uncertainty(
            named,
            candidates,
            effects,
            reweighted_effects(train, pairs, 0, 30),
            exchanged_effects(train, pairs, 0, 39),
        )
        return found.told_p[rows]

    both = queries[:, 0] & references[:, 0]
    assert explained(everything & queries, both).mean() > 0.95
    # The model does not use the third attribute: where it is all that there is to name, nothing explains the match.
    only_unused = everything & (np.arange(3) == 2)
    assert explained(only_unused, queries[:, 2]).mean() < 0.1
