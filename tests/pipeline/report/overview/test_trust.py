"""The verdict follows from the figures, and can say no."""

import numpy as np
import pytest

from pipeline.evaluation.bootstrap import Interval
from pipeline.report.answer_checks import PairKnowledge
from pipeline.report.evidence import OutfitFacts
from pipeline.report.metric_table import MetricTable
from pipeline.report.overview.check import BAD, GOOD, WEAK
from pipeline.report.overview.trust import trust_checks, verdict
from pipeline.report.replacement_test import ReplacementTest
from tests.pipeline.report.overview.edit_cases import recoloured, whole_edit
from tests.pipeline.report.report_cases import figure, make_choice, make_pair_table, unknown


def interval(value: float) -> Interval:
    return Interval(value, value, value, 100, 40)


def rows(effect=0.1, gain=0.05, p_value=0.001, regret=None, hit=0.8):
    found = [
        figure("answer", "matched_effect", effect, variant="answer"),
        figure(
            "answer_comparison",
            "matched_effect_difference",
            gain,
            variant="answer",
            compared_with="best_constant",
            p_value=p_value,
        ),
    ]
    if regret is not None:
        found.append(figure("audit", "normalised_regret", regret, variant="answer"))
        found.append(figure("audit", "hit_at_1", hit, variant="answer"))
        found.append(
            {"table_name": "audit", "metric": "expected_calibration_error", "value": 0.05, "variant": "answer"}
        )
    return found


ALIKE = np.full(20, 0.7)


def pairs_with(similarity_p=ALIKE, told_by="pair", known=None):
    answers = [{"attribute": "red", "effect": 0.1, "told_by": told_by} for _ in similarity_p]
    known = unknown(len(answers)) if known is None else known
    return make_pair_table(len(similarity_p), similarity_p=similarity_p, answers=answers, knowledge=known)


def replaced(contradicted, truth=None):
    """Twenty pairs tested with other images, the first so many of them contradicted."""
    return [PairKnowledge(ReplacementTest(-0.1, 0.1 if row < contradicted else -0.1), truth) for row in range(20)]


def outcome(metrics, choice=None, unanswered=0.1, n_clusters=40, pairs=None, outfits=None):
    choice = make_choice() if choice is None else choice
    checks = trust_checks(
        choice, MetricTable(metrics), interval(unanswered), (n_clusters, "query"), pairs or pairs_with(), outfits
    )
    return verdict(checks, any(row["table_name"] == "audit" for row in metrics))


def test_good_figures_are_trusted_more_where_the_truth_was_known() -> None:
    audited, plain = outcome(rows(regret=0.1)), outcome(rows())
    assert (audited.outcome, plain.outcome) == (GOOD, GOOD)
    assert audited.headline == "You can trust these answers"
    assert "cannot be checked" in plain.headline


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"metrics": rows(regret=0.99)}, "not shown to be nearer to the true cause than a random attribute"),
        (
            {"metrics": rows(), "choice": make_choice(0.01, -0.02, 0.04)},
            "on validation pairs the similarity is not shown",
        ),
        ({"metrics": rows(effect=0.01)}, "on the pairs of this report the similarity is not shown"),
        ({"metrics": rows(gain=-0.05)}, "one and the same attribute for every pair does better"),
        (
            {"metrics": [*rows(), *whole_edit("background", 0.6, 0.02, 0.03)]},
            "lowers the score clearly in 60 % of the edited",
        ),
        ({"metrics": [*rows(), *recoloured(-0.1, 0.01)]}, "the score less where colour is predicted to matter more"),
        ({"metrics": rows(), "unanswered": 1.0}, "for 100 % of the pairs no attribute explains"),
    ],
)
def test_one_bad_figure_says_do_not_trust(changed, reason: str) -> None:
    judged = outcome(**changed)
    assert (judged.outcome, judged.headline) == (BAD, "Do not trust these answers")
    assert len(judged.reasons) == 1
    assert reason in judged.reasons[0]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"metrics": rows(regret=0.7)}, "miss much of the strongest true cause"),
        ({"metrics": rows(regret=0.1, hit=0.3)}, "where an attribute matters, 30 % of them name"),
        ({"metrics": rows(p_value=0.4)}, "not shown to do better than naming one attribute"),
        ({"metrics": rows(), "unanswered": 0.6}, "for 60 % of the pairs no attribute explains"),
        (
            {"metrics": [*rows(), *whole_edit("background", 0.36, 0.02, 0.03)]},
            "that no attribute explains the match is said of 2.0 % of these and of 3.0 % of the others",
        ),
        ({"metrics": [*rows(), *recoloured(0.14, 0.01)]}, "changing it lowers the score only a little more"),
        ({"metrics": [*rows(), *recoloured(0.6, 0.09)]}, "lowers the score by 0.090 where none of that is predicted"),
        (
            {"metrics": rows(), "outfits": OutfitFacts(9, None, 3)},
            "3 of 20 test pairs hold an item that is also in a training outfit",
        ),
        ({"metrics": rows(), "n_clusters": 6}, "the pairs come from 6 queries only"),
        (
            {"metrics": rows(), "pairs": pairs_with(np.array([0.5, -0.2, np.nan, 0.1, 0.0]))},
            "the model scores 50 % of the pairs at or below 0",
        ),
        (
            {"metrics": rows(), "pairs": pairs_with(told_by="all_pairs")},
            "20 of 20 answers are shown to matter only taken together",
        ),
    ],
)
def test_a_weak_figure_says_with_care(changed, reason: str) -> None:
    judged = outcome(**changed)
    assert (judged.outcome, judged.headline) == (WEAK, "Trust these answers with care")
    assert any(reason in told for told in judged.reasons)


@pytest.mark.parametrize(
    ("contradicted", "expected", "figure_shown"),
    [(0, GOOD, "0 %"), (2, WEAK, "10 %"), (8, BAD, "40 %"), (20, BAD, "100 %")],
)
def test_answers_that_their_own_pairs_contradict_count(contradicted: int, expected: str, figure_shown: str) -> None:
    pairs = pairs_with(known=replaced(contradicted))
    checks = trust_checks(make_choice(), MetricTable(rows()), interval(0.1), (40, "query"), pairs)
    (check,) = [one for one in checks if one.name == "answers contradicted by other images"]
    assert check.outcome == expected
    assert check.figure.startswith(f"{figure_shown} [")
    assert check.reading.startswith(f"{figure_shown} of the answers that were tested")
    assert outcome(rows(), pairs=pairs).outcome == expected


def test_answers_whose_truth_is_measured_are_not_judged_by_other_images() -> None:
    truth = {"attribute": "red", "eligible": True, "hit": True, "effect": 0.2, "best_effect": 0.2}
    assert outcome(rows(), pairs=pairs_with(known=replaced(20, truth))).outcome == GOOD


def test_without_an_interval_an_effect_is_not_proof() -> None:
    assert outcome(rows(), choice=make_choice(0.1, None, None)).outcome == WEAK


def test_similarities_that_are_not_known_are_no_doubt() -> None:
    assert outcome(rows(), pairs=pairs_with(np.full(3, np.nan))).outcome == GOOD


def test_few_pairs_that_training_has_seen_are_no_doubt() -> None:
    assert outcome(rows(), outfits=OutfitFacts(9, None, 2)).outcome == GOOD
    assert outcome(rows(), outfits=OutfitFacts(9, None)).outcome == GOOD


def test_effects_are_in_the_units_of_the_similarity() -> None:
    checks = trust_checks(make_choice(), MetricTable(rows()), interval(0.1), (40, "query"), pairs_with(ALIKE - 0.7))
    figures = {check.name: check.figure for check in checks}
    assert figures["attributes matter on these pairs"].startswith("0.100 [")
    assert figures["similarity of the pairs"] == "0 % above 0, mean 0.000"


def test_nothing_in_favour_is_no_reason_to_trust() -> None:
    assert verdict([], False).outcome == BAD
    checks = trust_checks([], MetricTable([]), interval(0.6), (40, "query"), pairs_with())
    assert verdict(checks, False).outcome == BAD
