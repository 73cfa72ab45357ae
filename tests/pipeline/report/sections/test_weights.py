"""The triangle of weights and the bars of the prior."""

import numpy as np
import pytest

from pipeline.report.evidence import ReportEvidence, best_weights
from pipeline.report.sections.weights import prior_bars, triangle_points, weight_grid_figure, weights_section
from tests.pipeline.report.report_cases import make_evidence, make_grid


def test_corners_and_ratios():
    points = triangle_points(np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0.4, 0.6, 0.05], [0.8, 1.2, 0.1]]))
    assert points[:3] == pytest.approx(np.array([[0, 0], [1, 0], [0.5, np.sqrt(3) / 2]]))
    assert points[3] == pytest.approx(points[4])
    # Towards map match by its share, and up by the prior's.
    assert points[3] == pytest.approx([(0.6 + 0.025) / 1.05, 0.05 / 1.05 * np.sqrt(3) / 2])


def test_the_best_point_is_that_of_its_prior():
    best = best_weights(make_grid(), "none")
    assert best is not None
    assert (best["confidence_weight"], best["map_match_weight"], best["prior_weight"]) == (0.3, 0.7, 0.0)
    assert best_weights(make_grid(), "tcav") is None


def test_no_grid_no_figure():
    assert weight_grid_figure([]) is None
    assert weight_grid_figure(make_grid(), "tcav") is None
    picture = weight_grid_figure(make_grid())
    assert picture is not None
    assert picture.uri.startswith("data:image/png;base64,")


def test_the_largest_entries_of_the_prior_come_first():
    rows = [{"attribute": f"a{number:02d}", "kind": "count", "value": number / 1000} for number in range(30)]
    rows += [{"attribute": "other", "kind": "tcav", "value": 1.0}, {"attribute": "x", "kind": "count", "value": None}]
    bars = prior_bars(rows)
    assert len(bars) == 20
    assert (bars[0].label, bars[0].text, bars[0].share) == ("a29", "2.9 %", 1.0)
    assert bars[19].label == "a10"
    assert prior_bars([]) == []


def test_the_range_near_the_chosen_weights_is_a_table():
    near = {
        "model": "sane",
        "prior_kind": "none",
        "points": 3,
        "pairs": 90,
        "objective": 0.0512,
        "least_objective": 0.0431,
        "largest_objective": 0.0512,
        "mean_changed": 0.1,
        "most_changed": 0.25,
        "ever_changed": 0.3,
    }
    section = weights_section(ReportEvidence(facts=make_evidence(n_pairs=0).facts, weight_sensitivity=[near]))
    (table,) = section.tables
    assert [cell.text for cell in table.rows[0].cells] == [
        "SANE’s attribute model",
        "3",
        "5.12",
        "4.31",
        "5.12",
        "10.0",
        "25.0",
        "30.0",
    ]
    assert table.rows[0].cells[0].note == "without prior"
    assert weights_section(ReportEvidence(facts=make_evidence(n_pairs=0).facts)).tables == ()
