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
    "centre_auroc": np.array([0.6, 0.7, 0.2]),
}


def check_rows(tested):
    rows = tested.attribute_localisation_rows(PAIRS, TABLE)
    means = {row["variant"]: row for row in rows if row["metric"] == "auroc"}
    assert {name: (pytest.approx(row["value"]), row["n"]) for name, row in means.items()} == {
        "attribute": (0.85, 2),
        "match": (0.45, 2),
        "centre": (0.5, 3),
    }
    found = {(row["variant"], row["compared_with"]): row for row in rows if row["metric"] == "auroc_difference"}
    assert {key: (pytest.approx(row["value"]), row["n"]) for key, row in found.items()} == {
        ("attribute", "match"): (0.4, 1),
        ("attribute", "centre"): (0.2, 2),
        ("match", "centre"): (0.05, 2),
    }
    assert len(rows) == len(means) + len(found)


def test_maps_are_measured_where_they_have_a_region():
    check_rows(module)


def test_a_table_of_earlier_code_has_no_blob():
    earlier = {name: values for name, values in TABLE.items() if name != "centre_auroc"}
    rows = module.attribute_localisation_rows(PAIRS, earlier)
    assert [(row["metric"], row["variant"]) for row in rows] == [
        ("auroc", "attribute"),
        ("auroc", "match"),
        ("auroc_difference", "attribute"),
    ]


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('"attribute": "auroc", "match": "match_auroc"', '"attribute": "match_auroc", "match": "auroc"'),
        ("(values[one], values[other])", "(values[other], values[one])"),
        ('"centre": "centre_auroc"', '"centre": "match_auroc"'),
    ],
)
def test_wrong_figures_are_noticed(tmp_path, right, wrong):
    broken = broken_copy(module, tmp_path, right, wrong)
    with pytest.raises(AssertionError):
        check_rows(broken)
