"""The page of two models: figures in their columns, whatever names hold escaped, nothing fetched or run."""

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pipeline.evaluation.bootstrap import Interval, Resampling
from pipeline.evaluation.metrics.measured_pairs import MeasuredPairs
from pipeline.evaluation.model_comparison.answers import answer_changes
from pipeline.evaluation.model_comparison.figures import TwoMeasures, compared_figures
from pipeline.evaluation.model_comparison.maps import MapAgreement
from pipeline.report.comparison_page.evidence import Comparison, Differing, ModelFacts, ShownPair, ShownSide
from pipeline.report.comparison_page.page import TRANSITIONS_SHOWN, render_comparison
from pipeline.report.shown_image import ShownImage

HOSTILE = "<script>alert('x')</script>\"&<img src=x onerror=alert(1)>"
N = 40


def comparison(name: str = "a.toml", answers: list[str] | None = None) -> Comparison:
    pairs = MeasuredPairs([f"p{row}" for row in range(N)], np.arange(N), Resampling(0, 50))
    values_p = np.linspace(0, 1, N)
    changes = answer_changes(pairs, ["red"] * N, answers or ["red"] * N)
    facts = ModelFacts(name, "net", "planted", 0, N)
    agreement = MapAgreement("rise", "fixed", Interval(0.5, 0.4, 0.6, N, N), Interval(0.1, 0.0, 0.2, N, N))
    two = [TwoMeasures("insertion_auc", "rise", "fixed", "share", values_p, values_p - 0.25)]
    figures = tuple(compared_figures(pairs, two))
    differing = (Differing("seed", "0", "1"),)
    return Comparison(
        facts, replace(facts, name="b.toml"), N, "query", N, ("note",), differing, figures, changes, (agreement,)
    )


def pair(name: str = "q", answer: dict[str, Any] | None = None) -> ShownPair:
    row = {
        "attribute": "red",
        "reason": None,
        "leading_attribute": "red",
        "effect": 0.1,
        "effect_low": 0.05,
        "effect_high": 0.15,
        "p_value": 0.01,
        "told_by": "pair",
        "group_name": None,
        "probability": None,
        "probability_of": None,
        "is_ground_truth": True,
    }
    image = ShownImage(np.full((16, 16, 3), 127, np.uint8))
    side = ShownSide(0.5, image, np.arange(64, dtype=np.float32).reshape(8, 8), {**row, **(answer or {})})
    return ShownPair("0123456789abcdef", name, "r", image, True, side, replace(side, map_yx=None))


def test_figures_stand_in_their_columns() -> None:
    page = render_comparison(comparison(), [pair()]).decode()
    cells = re.findall(r"<t[dh][^>]*>([^<]*)</t[dh]>", page.partition("<h2>Figures</h2>")[2])
    at = cells.index("insertion AUC (larger is better): RISE")
    assert cells[at + 1].startswith("50.0 [")
    assert cells[at + 2].startswith("25.0 [")
    assert cells[at + 3].startswith("25.0 [25.0")
    assert cells[at + 5] == str(N)
    assert page.count("flat map, or none") == 1
    assert page.count('alt="Map of ') == 1


def test_equal_answers_have_no_table_and_rare_changes_are_summed_up() -> None:
    assert "answer of A" not in render_comparison(comparison(), []).decode()
    page = render_comparison(comparison(answers=[f"a{row:02}" for row in range(N)]), []).decode()
    assert page.count("<td>red</td>") == TRANSITIONS_SHOWN
    assert f"{N - TRANSITIONS_SHOWN} pairs more change in rarer ways" in page


@pytest.mark.parametrize("where", ["configuration", "query", "attribute", "setting", "transition"])
def test_names_are_escaped_wherever_they_stand(where: str) -> None:
    shown, pairs = comparison(answers=[HOSTILE] * N if where == "transition" else None), [pair()]
    if where == "configuration":
        shown = comparison(HOSTILE)
    if where == "setting":
        shown = replace(shown, differing=(Differing(HOSTILE, HOSTILE, HOSTILE),), notes=(HOSTILE,))
    if where == "query":
        pairs = [pair(HOSTILE)]
    if where == "attribute":
        pairs = [pair(answer={"attribute": HOSTILE, "leading_attribute": HOSTILE, "group_name": HOSTILE})]
    page = render_comparison(shown, pairs).decode()
    assert "&lt;script&gt;" in page
    assert "<script" not in page
    assert "<img src=x" not in page


def test_nothing_is_fetched_and_both_colour_schemes_are_there() -> None:
    page = render_comparison(comparison(), [pair()]).decode()
    assert not re.findall(r"(?:src|href)=\"(?!data:)", page)
    assert "http" not in page.replace("http-equiv", "")
    assert "prefers-color-scheme: dark" in page
    assert "@media print" in page
    assert render_comparison(comparison(), [pair()]).decode() == page
