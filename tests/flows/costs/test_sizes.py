"""Bytes told before a run against the files that it wrote."""

import pytest

from flows.costs.estimate import real_bytes
from stores.artifacts import ArtifactStore
from tests.flows.costs.test_counts import costs_of
from tests.flows.run_cases import FinishedRun

# Formulas take arrays as uncompressed: maps of the controls and scores of hardly trained models shrink most.
FORMULA_FACTOR = (0.65, 3.0)
# With shards of the stage in the store only its shards' different sizes remain.
CORRECTED = 0.15


def written(finished_run: FinishedRun, stage: str) -> int:
    store = ArtifactStore(str(finished_run.store))
    manifest = finished_run.manifest(stage)
    size = len(store.manifest_file(stage, manifest.fingerprint).read_bytes())
    return size + sum(real_bytes(store, commit) for commit in store.read_commits(manifest))


def test_arrays_are_known_before_a_first_run_and_nothing_else_is_guessed(finished_run: FinishedRun) -> None:
    costs = costs_of(finished_run.settings("store.root=elsewhere"))
    known = {name: cost.bytes for name, cost in costs.items() if cost.bytes is not None}
    maps = {name for name in costs if name.startswith("saliency_maps.")}
    assert set(known) == {"images", "embeddings", "attribute_scores.sane", "attribute_scores.classifier", *maps}
    far = {name: size / written(finished_run, name) for name, size in known.items()}
    assert {name: ratio for name, ratio in far.items() if not FORMULA_FACTOR[0] < ratio < FORMULA_FACTOR[1]} == {}


def test_earlier_shards_tell_what_a_stage_takes(finished_run: FinishedRun) -> None:
    # Every stage that embeds is to do again, with shards of its own in the store from before.
    costs = costs_of(finished_run.settings("compute.precision='bfloat16'"))
    for name in ("embeddings", "saliency_maps.test.centre.fixed", "faithfulness.rise.fixed", "report"):
        assert costs[name].bytes == pytest.approx(written(finished_run, name), rel=CORRECTED), name


def test_twice_the_pairs_take_twice_the_bytes_of_earlier_shards(finished_run: FinishedRun) -> None:
    maps = "saliency_maps.test.rise.fixed"
    all_pairs, fewer = (
        costs_of(finished_run.settings("compute.precision='bfloat16'", *more))[maps]
        for more in ((), ("saliency.rise.pairs=15",))
    )
    assert fewer.bytes is not None
    assert all_pairs.bytes is not None
    assert fewer.bytes < 0.7 * all_pairs.bytes
