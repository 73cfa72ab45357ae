"""Table 2 from answers made by hand: who is right, what removal costs, and who differs from the classifier."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.evaluation.bootstrap import Resampling
from pipeline.evaluation.comparisons import paired_comparisons
from pipeline.evaluation.metrics import removal as module
from pipeline.evaluation.metrics.measured_pairs import MeasuredPairs
from pipeline.evaluation.metrics.removal import ExplainedPairs
from tests.pipeline.evaluation.broken_copy import broken_copy

N_PAIRS, N_ATTRIBUTES = 60, 4
RNG = np.random.default_rng(2)
QUERY_P = np.arange(N_PAIRS) // 3
# Every image has attribute 3: it is constant.
LABELS = np.column_stack([RNG.random((20, 3)) < 0.6, np.ones(20, dtype=bool)])
PRESENT = LABELS[QUERY_P]
EFFECTS = np.where(PRESENT, -RNG.random((N_PAIRS, N_ATTRIBUTES)), 0.0)
EFFECTS[RNG.random(EFFECTS.shape) < 0.15] = np.nan
EXPLAINED = ExplainedPairs(
    MeasuredPairs([f"p{n}" for n in range(N_PAIRS)], QUERY_P, Resampling(1, 300)), QUERY_P, LABELS, EFFECTS
)
NAMED = {
    name: RNG.integers(0, N_ATTRIBUTES, N_PAIRS) for name in ("classifier", "sane", "embedding_effect", "sane+match")
}
SCORES = {name: np.eye(N_ATTRIBUTES)[named_p] for name, named_p in NAMED.items()}


def drops_of(name: str) -> np.ndarray:
    return np.array([-EFFECTS[pair, attribute] for pair, attribute in enumerate(NAMED[name])])


def assert_table_2(tested=module) -> None:
    rows = tested.removal_rows(EXPLAINED, SCORES)
    found = {(row["metric"], row.get("variant")): row for row in rows}
    assert len(found) == len(rows) == 4 * 5 + 1 + 3
    for name, named_p in NAMED.items():
        drop = drops_of(name)
        assert found["top1_accuracy", name]["value"] == pytest.approx(PRESENT[np.arange(N_PAIRS), named_p].mean())
        assert found["removal", name]["value"] == pytest.approx(np.nanmean(drop))
        assert (found["removal", name]["unit"], found["removal", name]["n_clusters"]) == ("cosine", 20)
        undefined = found["removal_undefined", name]
        assert (undefined["value"], undefined["n"]) == (np.isnan(drop).sum(), N_PAIRS)
        differs = np.mean(named_p != NAMED["classifier"])
        assert found["differs_from_classifier", name]["value"] == pytest.approx(differs)
        answers = [set(named_p[query == QUERY_P].tolist()) for query in range(20)]
        share = {1: 0.0, 2: 2 / 3, 3: 1.0}
        distinct = np.mean([share[len(one)] for one in answers])
        assert found["distinct_per_query", name]["value"] == pytest.approx(distinct)
    constant = found["constant_attributes", None]
    assert (constant["value"], constant["n"]) == (1, N_ATTRIBUTES)


def test_figures_are_those_of_the_answers() -> None:
    assert_table_2()


def assert_comparisons(tested=module) -> None:
    rows = tested.removal_rows(EXPLAINED, SCORES)
    found = {row["variant"]: row for row in rows if row["table_name"] == "attribute_explanation_comparison"}
    assert list(found) == ["sane", "sane+match", "embedding_effect"]
    # The one that is told the labels is no part of the family of those that are not.
    families = (["sane", "sane+match"], ["embedding_effect"])
    expected = [
        difference
        for family in families
        for difference in paired_comparisons(
            [(drops_of(name), drops_of("classifier")) for name in family], QUERY_P, seed=1, samples=300
        )
    ]
    for (name, row), difference in zip(found.items(), expected, strict=True):
        both = np.isfinite(drops_of(name)) & np.isfinite(drops_of("classifier"))
        assert row["n"] == both.sum() < N_PAIRS
        assert row["value"] == pytest.approx((drops_of(name) - drops_of("classifier"))[both].mean())
        assert (row["compared_with"], row["unit"]) == ("classifier", "cosine")
        assert (row["ci_low"], row["ci_high"]) == (difference.interval.low, difference.interval.high)
        assert (row["p_value"], row["p_is_bound"]) == (difference.p_value, difference.is_bound)


def test_all_are_compared_with_the_classifier_on_shared_pairs() -> None:
    assert_comparisons()


@pytest.mark.parametrize(
    ("right", "wrong", "noticed_by"),
    [
        ("(named_p != named[CLASSIFIER])", "(named_p == named[CLASSIFIER])", assert_table_2),
        (
            "explained.labels_na[explained.query_p]",
            "explained.labels_na[: len(named_p)].repeat(3, axis=0)[::-1]",
            assert_table_2,
        ),
        ("np.isnan(drop_p).sum()", "np.isfinite(drop_p).sum()", assert_table_2),
        ("(drops[variant], drops[CLASSIFIER])", "(drops[CLASSIFIER], drops[variant])", assert_comparisons),
        (
            "families = told_families(variant for variant in drops if variant != CLASSIFIER)",
            "families = [[variant for variant in drops if variant != CLASSIFIER]]",
            assert_comparisons,
        ),
    ],
    ids=["agrees", "another query's labels", "defined counted", "classifier first", "one family"],
)
def test_broken_copies_are_noticed(tmp_path: Path, right: str, wrong: str, noticed_by) -> None:
    with pytest.raises(AssertionError):
        noticed_by(broken_copy(module, tmp_path, right, wrong))


def test_without_the_classifier_nothing_is_compared_with_it() -> None:
    rows = module.removal_rows(EXPLAINED, {"sane": SCORES["sane"]})
    assert {row["metric"] for row in rows} == {
        "top1_accuracy",
        "removal",
        "distinct_per_query",
        "removal_undefined",
        "constant_attributes",
    }
