import numpy as np
import pytest

from pipeline.evaluation.audit import agreement_rows as module
from pipeline.evaluation.audit.answers import audited_answers
from pipeline.evaluation.audit.outcomes import TrueEffects
from pipeline.evaluation.bootstrap import Resampling
from tests.pipeline.evaluation.broken_copy import broken_copy

# Two references for each of two queries; the truth differs between the first two and agrees between the others.
DELTA = np.array([[0.5, 0.2, 0.1], [0.1, 0.2, 0.5], [0.3, 0.2, 0.1], [0.3, 0.1, 0.2]])
TRUTH = TrueEffects(DELTA, np.ones((4, 3), dtype=bool), 0.02)
QUERY = np.array([0, 0, 1, 1])
SCORES = {"true": DELTA, "constant": np.tile([0.3, 0.2, 0.1], (4, 1)), "tied": np.zeros((4, 3))}
RESAMPLING = Resampling(0, 40)


def assert_agreement(tested=module) -> None:
    rows = {row["variant"]: row for row in tested.rank_agreement_rows(TRUTH, SCORES, QUERY, RESAMPLING)}
    assert {(row["table_name"], row["metric"]) for row in rows.values()} == {("audit_ranking", "rank_agreement")}
    assert rows["true"]["value"] == pytest.approx(1)
    # By hand: 1, -1, 1, 1/3.
    assert rows["constant"]["value"] == pytest.approx(1 / 3)
    assert (rows["constant"]["n"], rows["constant"]["n_clusters"]) == (4, 2)
    assert (rows["tied"]["value"], rows["tied"]["n"]) == (None, 0)


def assert_switching(tested=module) -> None:
    audited = audited_answers(TRUTH, TRUTH, SCORES)
    rows = {(row["variant"], row["metric"]): row for row in tested.switching_rows(audited, QUERY, RESAMPLING)}
    assert {row["table_name"] for row in rows.values()} == {"audit_switching"}
    assert len(rows) == 2 * len(audited.named)
    for variant, switched in (("true", 1.0), ("constant", 0.0), ("true|present", 1.0)):
        row = rows[variant, "both_hit_when_truths_differ"]
        assert (row["value"], row["n"]) == (switched, 1)
        row = rows[variant, "unchanged_when_truths_agree"]
        assert (row["value"], row["n"]) == (1.0, 1)


def test_rankings_and_switches_by_hand() -> None:
    assert_agreement()
    assert_switching()


def assert_replacements(tested=module) -> None:
    distances = np.tile([0.1, 0.2, 0.3], (4, 1))
    effects = {
        "deletion": tested.ReplacementEffects(DELTA + 0.05, distances),
        "matched": tested.ReplacementEffects(-DELTA + 2 * distances, distances * np.nan),
        "removal": tested.ReplacementEffects(DELTA + distances, distances),
    }
    rows = {(row["variant"], row["metric"]): row for row in tested.replacement_rows(effects, TRUTH, QUERY, RESAMPLING)}
    assert {row["table_name"] for row in rows.values()} == {"audit_replacements"}
    assert {metric for _, metric in rows} == {"rank_agreement", "bias", "distance_slope"}
    assert rows["deletion", "rank_agreement"]["value"] == pytest.approx(1)
    assert rows["deletion", "bias"]["value"] == pytest.approx(0.05)
    assert rows["deletion", "distance_slope"]["value"] == pytest.approx(0, abs=1e-12)
    assert rows["matched", "distance_slope"]["value"] is None
    assert rows["removal", "distance_slope"]["value"] == pytest.approx(1)
    assert rows["removal", "bias"]["value"] == pytest.approx(0.2)


def test_replacements_by_hand() -> None:
    assert_replacements()


@pytest.mark.parametrize(
    ("right", "wrong", "noticed_by"),
    [
        ("            found.distance_pa,", "            found.distance_pa * np.nan,", assert_replacements),
        ("rank_agreement(scores_pa, truth.delta_pa", "rank_agreement(-scores_pa, truth.delta_pa", assert_agreement),
        ("named_p[rows_c]", "named_p[rows_c] * 0", assert_switching),
        ("truth.delta_pa[rows_c]", "truth.delta_pa[rows_c][::-1]", assert_switching),
    ],
    ids=["without distances", "upside down", "always the first", "another pair's truth"],
)
def test_broken_copies_are_noticed(tmp_path, right: str, wrong: str, noticed_by) -> None:
    with pytest.raises(AssertionError):
        noticed_by(broken_copy(module, tmp_path, right, wrong))


def test_queries_with_one_reference_give_no_comparison() -> None:
    audited = audited_answers(TRUTH, TRUTH, SCORES)
    rows = module.switching_rows(audited, np.arange(4), RESAMPLING)
    assert {(row["value"], row["n"]) for row in rows} == {(None, 0)}
