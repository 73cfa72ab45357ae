"""The claim's comparisons: who is compared with whom, in which direction, under one correction."""

from pathlib import Path

import numpy as np
import pytest

import tests.oracles.audit as oracle
from pipeline.evaluation.audit import claim as module
from pipeline.evaluation.audit.measures import regret_ratio
from pipeline.evaluation.audit.outcomes import AuditOutcomes, audit_outcomes, oracle_outcomes
from pipeline.evaluation.bootstrap import Resampling
from pipeline.evaluation.comparisons import paired_comparisons
from tests.pipeline.evaluation.audit_cases import FLOOR, as_triples, make_names, make_truth
from tests.pipeline.evaluation.broken_copy import broken_copy

CLUSTERS = np.arange(40) // 3
CLAIMANT = "embedding_effect+presence"
TRUTH = make_truth(7)
NAMES = {name: make_names(seed, TRUTH) for seed, name in enumerate(("sane", "random", "classifier"))}


def outcomes() -> dict[str, AuditOutcomes]:
    # The claimant names what the oracle does.
    answers = {name: audit_outcomes(TRUTH, named_p) for name, named_p in NAMES.items()}
    return {"oracle": oracle_outcomes(TRUTH), **answers, CLAIMANT: oracle_outcomes(TRUTH)}


def assert_claim(tested=module) -> None:
    rows = tested.claim_rows(outcomes(), CLUSTERS, Resampling(0, 200))
    # Chance is nothing to beat, and the bounds are no variants; the order is that of the claim.
    assert [row["compared_with"] for row in rows] == ["classifier", "sane"]
    assert {(row["table_name"], row["metric"], row["variant"]) for row in rows} == {
        ("audit_comparison", "regret_difference", CLAIMANT)
    }
    compared = []
    for row in rows:
        other = row["compared_with"]
        eligible = [t for t in as_triples(TRUTH, NAMES[other]) if oracle.is_eligible(t[0], t[1], FLOOR)]
        assert row["value"] == pytest.approx(-oracle.regret(eligible))
        assert row["ci_high"] < 0
        compared.append((regret_ratio(outcomes()[CLAIMANT]), regret_ratio(outcomes()[other])))
    expected = paired_comparisons(compared, CLUSTERS, seed=0, samples=200)
    assert [row["p_value"] for row in rows] == [one.p_value for one in expected]
    assert (rows[0]["p_value"], rows[0]["p_is_bound"]) == (pytest.approx(2 / 501), True)
    assert {row.get("cluster_unit") for row in rows} == {"query"}


def test_the_claimant_is_compared_with_what_it_should_beat() -> None:
    assert_claim()


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (
            "(regret_ratio(outcomes[claimant]), regret_ratio(outcomes[other]))",
            "(regret_ratio(outcomes[other]), regret_ratio(outcomes[claimant]))",
        ),
        ("variant.claim_order for", "1 for"),
        ("samples=resampling.samples,", "samples=2 * resampling.samples + 200,"),
        ("return clustered_by(QUERY, rows)", "return rows"),
    ],
    ids=["the other minus the claimant", "everybody is to be beaten", "more samples", "unit unsaid"],
)
def test_broken_copies_are_noticed(tmp_path: Path, right: str, wrong: str) -> None:
    with pytest.raises(AssertionError):
        assert_claim(broken_copy(module, tmp_path, right, wrong))


def test_without_the_claimant_there_is_no_claim() -> None:
    known = outcomes()
    del known[CLAIMANT]
    assert module.claim_rows(known, CLUSTERS, Resampling(0, 200)) == []
