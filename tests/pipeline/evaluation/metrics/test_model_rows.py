"""Rows on predictors and on outfits: each figure under its name, with the model or scoring it belongs to."""

import numpy as np
import pytest

from pipeline.errors import BadDataset
from pipeline.evaluation.average_precision_interval import map_interval
from pipeline.evaluation.bootstrap import Interval, Resampling
from pipeline.evaluation.comparisons import Difference
from pipeline.evaluation.compatibility_interval import compatibility_auc_interval
from pipeline.evaluation.metrics.compatibility import compatibility_rows, left_out_rows
from pipeline.evaluation.metrics.recognition import recognition_rows
from pipeline.evaluation.metrics.rows import clustered_by, comparison_row, completed, count_row, metric_row

RNG = np.random.default_rng(0)
RESAMPLING = Resampling(3, 100)


def test_each_predictor_has_its_own_precision() -> None:
    labels = RNG.random((40, 5)) < 0.5
    logits = {"sane": RNG.normal(size=(40, 5)), "classifier": labels.astype(float)}
    rows = {row["variant"]: row for row in recognition_rows(logits, labels, np.arange(40) // 2, RESAMPLING)}
    assert list(rows) == ["sane", "classifier"]
    for name, row in rows.items():
        expected = map_interval(logits[name], labels, np.arange(40) // 2, seed=3, samples=100)
        assert (row["value"], row["ci_low"], row["n"]) == (expected.value, expected.low, 40)
        assert (row["table_name"], row["metric"]) == ("attribute_recognition", "map")
    assert rows["classifier"]["value"] == 1 > rows["sane"]["value"]
    assert {row["n_clusters"] for row in rows.values()} == {20}


def test_outfits_have_their_accuracy_and_area() -> None:
    scores = np.array([[0.9, 0.1, 0.2, 0.3], [0.2, 0.4, 0.1, 0.0], [0.5, 0.5, 0.1, 0.0]])
    real, replaced = RNG.random(20), RNG.random(20) - 0.2
    accuracy, area = compatibility_rows("general", scores, real, replaced, RESAMPLING)
    assert (accuracy["metric"], accuracy["value"], accuracy["n"]) == ("fill_in_the_blank_accuracy", 0.5, 3)
    expected = compatibility_auc_interval(real, replaced, seed=3, samples=100)
    assert (area["metric"], area["value"], area["ci_low"]) == ("compatibility_auc", expected.value, expected.low)
    assert {(row["variant"], row["cluster_unit"]) for row in (accuracy, area)} == {("general", "outfit")}
    questions, copies = left_out_rows(10, 8, 7)
    assert (questions["metric"], questions["value"], questions["n"]) == ("outfits_without_question", 2, 10)
    assert (copies["metric"], copies["value"], copies["n"]) == ("outfits_not_replaced", 3, 10)


def test_what_is_undefined_is_null() -> None:
    nothing = Interval(float("nan"), float("nan"), float("nan"), 0, 0)
    row = metric_row("t", "m", nothing, variant="sane")
    assert (row["value"], row["ci_low"], row["ci_high"], row["n"], row["variant"]) == (None, None, None, 0, "sane")
    assert comparison_row("t", "m", Difference(nothing, float("nan")))["p_value"] is None
    assert comparison_row("t", "m", Difference(nothing, float("nan")))["p_is_bound"] is None
    assert comparison_row("t", "m", Difference(nothing, 0.5, True))["p_is_bound"] is True
    assert comparison_row("t", "m", Difference(nothing, 0.5))["p_value"] == 0.5
    assert count_row("t", "m", float("nan"), 3)["value"] is None
    assert completed({"seed": 1, "n": 2}, {"seed": 0, "dataset": "planted"}) == {
        "seed": 1,
        "n": 2,
        "dataset": "planted",
    }


def test_rows_with_an_interval_name_what_was_resampled() -> None:
    rows = clustered_by("class", [metric_row("t", "m", Interval(0.5, 0.4, 0.6, 9, 3)), count_row("t", "c", 1, 9)])
    assert [row.get("cluster_unit") for row in rows] == ["class", None]


def test_logits_of_other_images_are_refused() -> None:
    with pytest.raises(BadDataset, match="same"):
        recognition_rows({"sane": np.zeros((3, 2))}, np.zeros((4, 2), dtype=bool), np.arange(4), RESAMPLING)
