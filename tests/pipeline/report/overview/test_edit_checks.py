"""Checks against edited images can fail, and say by how much."""

import pytest

from pipeline.report.metric_table import MetricTable
from pipeline.report.overview import edit_checks as module
from pipeline.report.overview.check import BAD, GOOD, WEAK
from tests.pipeline.evaluation.broken_copy import broken_copy
from tests.pipeline.report.overview.edit_cases import recoloured, whole_edit
from tests.pipeline.report.report_cases import figure, make_choice


def outcomes(rows, tested=module):
    return [check.outcome for check in tested.edit_checks(make_choice(), MetricTable(rows), 100)]


WHOLE = [
    ((0.05, 0.02, 0.02), GOOD),
    ((0.09, 0.02, 0.02), WEAK),
    ((0.36, 0.02, 0.03), WEAK),
    ((0.36, 0.20, 0.03), WEAK),
    ((0.36, 0.70, 0.03), GOOD),
    ((0.36, 0.70, 0.69), WEAK),
    ((0.51, 0.02, 0.03), WEAK),
    ((0.60, 0.02, 0.03), BAD),
    ((0.60, 0.20, 0.03), WEAK),
]
COLOUR = [
    ((0.60, 0.01), [GOOD, GOOD]),
    ((0.14, 0.09), [WEAK, WEAK]),
    ((0.01, -0.09), [WEAK, WEAK]),
    ((-0.1, 0.04), [BAD, GOOD]),
]


def assert_outcomes(tested=module) -> None:
    for edit in ("background", "mirrored"):
        for figures, expected in WHOLE:
            assert outcomes(whole_edit(edit, *figures), tested) == [expected], figures
    for figures, expected in COLOUR:
        assert outcomes(recoloured(*figures), tested) == expected, figures


def test_the_outcome_follows_the_figures() -> None:
    assert_outcomes()


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("if high < _FEW_PAIRS", "if (cause.value or 0.0) < _FEW_PAIRS"),
        ("where.value >= _MOSTLY_SAID", "where.value >= 0"),
        ("cause.low > _MOST_PAIRS and not is_said", "cause.low > _MOST_PAIRS"),
        ("cause.low > _MOST_PAIRS", "(cause.value or 0.0) > _MOST_PAIRS"),
        ("one.low > other.high", "one.low > other.low"),
        ("found.high < 0", "found.high < -1"),
        ("found.value >= _LARGE_CORRELATION", "True"),
        ("abs(found.value) > _HALF", "found.value > _HALF"),
    ],
)
def test_broken_checks_are_noticed(tmp_path, right: str, wrong: str) -> None:
    with pytest.raises(AssertionError):
        assert_outcomes(broken_copy(module, tmp_path, right, wrong))


def test_the_reading_has_the_figures() -> None:
    (ground,) = module.edit_checks(make_choice(), MetricTable(whole_edit("background", 0.36, 0.021, 0.029)), 1500)
    assert ground.figure == "36 % [34, 38]"
    assert ground.reading == (
        "another background alone lowers the score clearly in 36 % of the edited pairs; that no attribute explains the "
        "match is said of 2.1 % of these and of 2.9 % of the others"
    )
    assert "of 1,500 pairs, those whose query can be edited so" in ground.meaning
    order, size = module.edit_checks(make_choice(), MetricTable(recoloured(0.14, 0.092)), 100)
    assert order.figure == "0.14 [0.12, 0.16]"
    assert "Colour is a cause in 14.2 % of them; the method that answers names it first in 1.3 %" in order.meaning
    assert size.reading == "changing the colour lowers the score by 0.092 where none of that is predicted"


def test_a_fall_below_what_is_predicted_is_a_rise() -> None:
    _, size = module.edit_checks(make_choice(), MetricTable(recoloured(0.6, -0.09)), 100)
    assert size.reading == "changing the colour raises the score by 0.090 where none of that is predicted"


def test_a_cause_that_is_mostly_said_has_the_figures_beside_it() -> None:
    (ground,) = module.edit_checks(make_choice(), MetricTable(whole_edit("background", 0.36, 0.7, 0.03)), 100)
    assert ground.outcome == GOOD
    assert ground.reading.endswith("is said of 70.0 % of these and of 3.0 % of the others")


def test_only_the_method_that_answers_is_checked_and_no_edit_makes_no_check() -> None:
    (size,) = module.edit_checks(make_choice(), MetricTable(recoloured(0.14, 0.01, variant="sane")), 100)
    assert size.name == "size of the predicted effects of colour"
    assert outcomes([]) == []


def test_where_the_truth_is_known_the_ground_is_an_attribute() -> None:
    audited = figure("audit", "normalised_regret", 0.1, variant="answer")
    assert outcomes([audited, *whole_edit("background", 0.6, 0.02, 0.03)]) == []
