"""Rows on how valid each kind of replacement is, from effects that are the truth, noise, or grow with distance."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.evaluation.audit import replacement_rows as module
from pipeline.evaluation.audit.outcomes import TrueEffects
from pipeline.evaluation.audit.replacement_rows import MeasuredEffects
from pipeline.evaluation.bootstrap import Resampling
from tests.pipeline.evaluation.broken_copy import broken_copy

RNG = np.random.default_rng(6)
N_PAIRS, N_ATTRIBUTES = 80, 8
PRESENT = RNG.random((N_PAIRS, N_ATTRIBUTES)) < 0.5
DELTA = np.where(PRESENT, 1.0, -1.0) * RNG.random((N_PAIRS, N_ATTRIBUTES))
DISTANCE = RNG.random((N_PAIRS, N_ATTRIBUTES))
TRUTH = TrueEffects(DELTA, PRESENT, 0.02)
QUERY = np.arange(N_PAIRS) // 2
# Exact on the attributes that a kind is about, wrong on the others, which are not to be counted.
MEASURED = {
    "matched": MeasuredEffects(np.where(PRESENT, -DELTA, DELTA), DISTANCE),
    "deletion": MeasuredEffects(np.where(PRESENT, -DELTA - 0.5 * DISTANCE, 7.0), DISTANCE),
    "insertion": MeasuredEffects(np.where(PRESENT, DELTA, -DELTA), DISTANCE),
    "removal": MeasuredEffects(RNG.normal(size=DELTA.shape), DISTANCE),
}


def assert_rows(tested=module) -> None:
    rows = tested.replacement_rows(MEASURED, TRUTH, QUERY, Resampling(3, 200))
    found = {(row["variant"], row["metric"]): row for row in rows}
    assert len(found) == len(rows) == 4 * 3
    for kind in ("matched", "insertion"):
        assert found[kind, "rank_agreement"]["value"] == pytest.approx(1.0)
        assert found[kind, "bias"]["value"] == pytest.approx(0.0, abs=1e-12)
        assert found[kind, "distance_slope"]["value"] == pytest.approx(0.0, abs=1e-12)
    assert found["deletion", "distance_slope"]["value"] > 0.4
    assert found["deletion", "bias"]["value"] == pytest.approx(0.5 * DISTANCE[PRESENT].mean())
    assert found["deletion", "rank_agreement"]["value"] < 0.99
    assert abs(found["removal", "rank_agreement"]["value"]) < 0.3
    assert {row["table_name"] for row in rows} == {"audit_replacement"}
    assert {row["n_clusters"] for row in rows} == {40}


def test_each_kind_is_compared_with_the_truth_where_it_applies() -> None:
    assert_rows()


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("-one.change_pa", "one.change_pa"),
        ("~truth.present_pa if kind == INSERTION else truth.present_pa", "truth.present_pa"),
        ("np.where(counted_pa, -one.change_pa, np.nan)", "-one.change_pa"),
        ("validity.bias, variant", "validity.distance_slope, variant"),
    ],
)
def test_broken_copies_are_noticed(tmp_path: Path, right: str, wrong: str) -> None:
    with pytest.raises(AssertionError):
        assert_rows(broken_copy(module, tmp_path, right, wrong))
