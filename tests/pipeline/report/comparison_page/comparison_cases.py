"""Two models that are made up, for tests of their page."""

from dataclasses import replace
from typing import Any

import numpy as np

from pipeline.evaluation.bootstrap import Interval, Resampling
from pipeline.evaluation.metrics.measured_pairs import MeasuredPairs
from pipeline.evaluation.model_comparison.answers import answer_changes
from pipeline.evaluation.model_comparison.figures import TwoMeasures, compared_figures
from pipeline.evaluation.model_comparison.maps import MapAgreement
from pipeline.report.comparison_page.evidence import Comparison, Differing, ModelFacts, ShownPair, ShownSide
from pipeline.report.shown_image import ShownImage

HOSTILE = "<script>alert('x')</script>\"&<img src=x onerror=alert(1)>"
N = 40


def make_comparison(name: str = "a.toml", answers: list[str] | None = None) -> Comparison:
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


def make_pair(name: str = "q", answer: dict[str, Any] | None = None) -> ShownPair:
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
