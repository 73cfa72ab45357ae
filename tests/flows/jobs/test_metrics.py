"""What the job `metrics` reads: columns with null as NaN, and the pairs that the audit counts."""

from pathlib import Path

import numpy as np
import pytest

from flows.engine.upstream import Upstream
from flows.jobs import metrics as job
from stores.artifacts import ArtifactStore
from tests.flows.jobs.small_store import fill, table
from tests.pipeline.evaluation.broken_copy import broken_copy

LOCALISED = [
    {
        "pair_id": f"p{n}",
        "generator": "rise",
        "mode": "both",
        "attribute": "part:emblem",
        "auroc": None if n == 1 else n / 10,
        "pointing_hit": None if n == 1 else 1.0,
        "region_share": 0.25,
    }
    for n in (2, 1, 0)
]
FAITHFUL = [
    {
        "pair_id": f"p{n}",
        "generator": "rise",
        "mode": "both",
        **{f"{curve}_auc{end}": n / 4 for curve in ("insertion", "deletion") for end in ("", "_anchored")},
        "insertion_curve": [0.0, 1.0],
        "deletion_curve": [1.0, 0.0],
        "is_constant": False,
        "insertion_is_flat": n == 1,
        "deletion_is_flat": False,
        "map_change": None,
    }
    for n in (1, 0)
]
OUTCOMES = [
    {
        "pair_id": f"p{n}",
        "query": "q0",
        "variant": variant,
        "attribute": None,
        "effect": 0.0,
        "best_effect": 0.1,
        "mean_present_effect": 0.0,
        "eligible": n != 1,
        "present": True,
        "hit": True,
        "used": True,
    }
    for variant in ("classifier", "random")
    for n in (2, 1, 0)
]


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Upstream:
    store = ArtifactStore(str(tmp_path_factory.mktemp("store")))
    stages = {
        "map_localisation.rise.both": {"all": {"map_localisation": table("map_localisation", LOCALISED)}},
        "faithfulness.rise.both": {
            "000": {"faithfulness": table("faithfulness", FAITHFUL[:1])},
            "001": {"faithfulness": table("faithfulness", FAITHFUL[1:])},
        },
        "audit": {"all": {"audit_outcomes": table("audit_outcomes", OUTCOMES)}},
    }
    return Upstream(store, {stage: fill(store, stage, shards) for stage, shards in stages.items()})


def test_columns_are_read_over_all_shards_and_null_is_nan(upstream: Upstream) -> None:
    ((key, localised),) = job.map_columns(upstream, "map_localisation", [("rise", "both")]).items()
    assert key == ("rise", "both")
    assert list(localised["pair_id"]) == ["p2", "p1", "p0"]
    np.testing.assert_array_equal(localised["auroc"], [0.2, np.nan, 0.0])
    (faithful,) = job.map_columns(upstream, "faithfulness", [("rise", "both")]).values()
    assert list(faithful["pair_id"]) == ["p1", "p0"]
    assert np.asarray(faithful["insertion_is_flat"]).tolist() == [True, False]
    assert np.isnan(np.asarray(faithful["map_change"], dtype=np.float64)).all()
    np.testing.assert_array_equal(faithful["deletion_auc_anchored"], [0.25, 0.0])


def assert_eligible(upstream: Upstream, tested=job) -> None:
    assert tested.eligible_pairs(upstream) == ["p0", "p2"]


def test_each_pair_that_the_audit_counts_is_named_once(upstream: Upstream) -> None:
    assert_eligible(upstream)


def test_a_broken_copy_is_noticed(upstream: Upstream, tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        assert_eligible(upstream, broken_copy(job, tmp_path, ' if row["eligible"]', ""))
