"""Shares and effects by hand, their intervals those of the rest of the project."""

import numpy as np
import pytest

from pipeline.evaluation.bootstrap import clustered_interval
from pipeline.report.answer_checks import PairKnowledge
from pipeline.report.overview.shares import (
    attribute_shares,
    contradicted_share,
    group_shares,
    sure_shares,
    unanswered_share,
)
from pipeline.report.replacement_test import ReplacementTest
from tests.pipeline.report.report_cases import make_pair_table, unknown

ANSWERS = [
    {"attribute": name, "effect": effect}
    for name, effect in (("red", 0.2), ("red", 0.4), ("dots", 0.1), (None, 0.9), ("red", 0.3), ("dots", 0.3))
]
GROUPS = ["bag", "bag", "shirt", "shirt", "shirt", "shirt"]


@pytest.fixture
def pairs():
    return make_pair_table(6, answers=ANSWERS, groups=GROUPS, clusters_p=np.array([0, 0, 1, 1, 2, 3]))


def test_shares_and_effects_are_right_by_hand(pairs) -> None:
    red, dots = attribute_shares(pairs)
    assert (red.attribute, red.pairs, red.share.value) == ("red", 3, 0.5)
    assert red.effect.value == pytest.approx(0.3)
    assert (dots.attribute, dots.share.value) == ("dots", pytest.approx(1 / 3))
    assert dots.effect.value == pytest.approx(0.2)
    assert unanswered_share(pairs).value == pytest.approx(1 / 6)


def test_intervals_resample_clusters(pairs) -> None:
    values = np.array([1.0, 1, 0, 0, 1, 0])
    expected = clustered_interval(values, pairs.clusters_p, seed=0, samples=200)
    assert attribute_shares(pairs)[0].share == expected
    effects = np.array([0.2, 0.4, np.nan, np.nan, 0.3, np.nan])
    assert attribute_shares(pairs)[0].effect == clustered_interval(effects, pairs.clusters_p, seed=0, samples=200)
    alone = clustered_interval(values, np.arange(6), seed=0, samples=200)
    assert attribute_shares(pairs)[0].share != alone


def test_groups_are_counted_by_themselves(pairs) -> None:
    shirt, bag = group_shares(pairs)
    assert (shirt.group, shirt.pairs, shirt.unanswered.value) == ("shirt", 4, 0.25)
    assert [(one.attribute, one.share.value) for one in shirt.leading] == [("dots", 0.5), ("red", 0.25)]
    assert (bag.group, bag.leading[0].share.value) == ("bag", 1.0)
    # Both of its pairs are one cluster.
    assert np.isnan(bag.leading[0].share.low)


def test_how_sure_is_a_share_of_the_answers_that_name_an_attribute() -> None:
    test = ReplacementTest(-0.1, 0.1)
    truth = {"attribute": "red", "eligible": True, "hit": True, "effect": 0.2, "best_effect": 0.2}
    known = [PairKnowledge(test), PairKnowledge(test, truth), PairKnowledge(), PairKnowledge(test)]
    known += [PairKnowledge(ReplacementTest(-0.1, -0.1)), PairKnowledge(ReplacementTest(None, None))]
    pairs = make_pair_table(6, answers=ANSWERS, knowledge=known)
    shares = {level: share.value for level, share in sure_shares(pairs).items()}
    assert shares == pytest.approx({"sure": 0.4, "unsure": 0.4, "contradicted": 0.2, "nothing to be sure of": 0})
    # Of the two answers that were tested and whose truth is not measured.
    assert (contradicted_share(pairs).value, contradicted_share(pairs).n) == (0.5, 2)
    assert contradicted_share(make_pair_table(6, knowledge=unknown(6))).n == 0


def test_one_group_is_no_table(pairs) -> None:
    assert group_shares(make_pair_table(6, groups=["bag"] * 6)) == []


def test_few_are_shown_the_largest_first() -> None:
    pairs = make_pair_table(60)
    shares = attribute_shares(pairs, 2)
    assert len(shares) == 2
    assert shares[0].pairs >= shares[1].pairs
    assert [one.group for one in group_shares(pairs, 1)] == ["bag"] or group_shares(pairs, 1)[0].pairs == 20
