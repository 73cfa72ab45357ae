"""Figures of the attributes' maps."""

import numpy as np
import pytest

from pipeline.evaluation.bootstrap import Resampling
from pipeline.evaluation.metrics import attribute_localisation as module
from pipeline.evaluation.metrics.measured_pairs import MeasuredPairs
from tests.pipeline.evaluation.broken_copy import broken_copy

PAIRS = MeasuredPairs(["a", "b", "c", "d"], np.arange(4), Resampling(0, 200))
TABLE = {
    "pair_id": ["c", "a", "b"],
    "auroc": np.array([0.9, 0.8, np.nan]),
    "match_auroc": np.array([0.5, np.nan, 0.4]),
}


def check_rows(tested):
    rows = {(row["metric"], row["variant"]): row for row in tested.attribute_localisation_rows(PAIRS, TABLE)}
    own, match = rows["auroc", "attribute"], rows["auroc", "match"]
    assert (own["value"], own["n"]) == (pytest.approx(0.85), 2)
    assert (match["value"], match["n"]) == (pytest.approx(0.45), 2)
    difference = rows["auroc_difference", "attribute"]
    assert (difference["value"], difference["n"], difference["compared_with"]) == (pytest.approx(0.4), 1, "match")


def test_both_maps_are_measured_where_they_have_a_region():
    check_rows(module)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('("auroc", "match_auroc"))', '("match_auroc", "auroc"))'),
        ("[(attribute_p, match_p)]", "[(match_p, attribute_p)]"),
    ],
)
def test_wrong_figures_are_noticed(tmp_path, right, wrong):
    with pytest.raises(AssertionError):
        check_rows(broken_copy(module, tmp_path, right, wrong))
