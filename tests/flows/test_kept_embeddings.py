"""Perturbed queries' embeddings as an artifact: what they spare, what leaves them current, and what plans say."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from benchmarks.plan_accuracy import StageFigures, passes_disagree
from flows.costs.estimate import real_bytes
from flows.engine.upstream import Upstream
from flows.readers.image_lookup import PixelLookup
from flows.stages.graph import build_stages
from stores.artifacts import ArtifactStore
from tests.flows.costs.test_counts import costs_of
from tests.flows.planted_config import write_config
from tests.flows.run_cases import FinishedRun
from tests.oracles.rise import worst_share_of_range

KEPT, FIXED, BOTH = (
    "perturbed_embeddings.test.rise",
    "saliency_maps.test.rise.fixed",
    "saliency_maps.test.rise.both",
)
WINDOWS = "saliency_maps.test.sliding_window.both"
MASKS, REFERENCE_MASKS = 24, 5
# No limit of pairs, so that a query stays one whatever the number of references.
COMMON = ("pairs.test=10000", f"saliency.rise.reference_masks={REFERENCE_MASKS}", "similarity_model.epochs=1")
MODES = 'saliency.rise.modes=["fixed", "both"]'
GENERATORS = 'saliency.generators=["rise", "sliding_window"]'
SMALL_WINDOWS = ("saliency.sliding_window.windows_per_side=11", "saliency.sliding_window.reference_windows_per_side=3")
LEVELS = (*COMMON, MODES, GENERATORS, *SMALL_WINDOWS)


def passes(run: FinishedRun, stage: str) -> int:
    return int(run.manifest(stage).details["counts"]["forward_passes"])


def pairs_of(run: FinishedRun) -> tuple[int, int]:
    """Return queries and pairs of the latest test pairs."""
    store, manifest = ArtifactStore(str(run.store)), run.manifest("pairs.test")
    rows = Upstream(store, {"pairs.test": manifest}).rows("pairs.test", "pairs")
    return len({row["query"] for row in rows}), len(rows)


def maps_of(run: FinishedRun, stage: str) -> list[np.ndarray]:
    """Return the maps (reference, y, x) of each query, without empty slots."""
    upstream = Upstream(ArtifactStore(str(run.store)), {stage: run.manifest(stage)})
    maps = [
        one for commit in upstream.commits(stage) for one in upstream.store.read_part_arrays(commit, "maps")["maps"]
    ]
    return [one[~np.isnan(one[:, 0, 0])].astype(np.float64) for one in maps]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FinishedRun]:
    """A run of test maps in both modes by both generators that share embeddings; each test may go on with it."""
    finished = FinishedRun(write_config(tmp_path_factory.mktemp("kept")))
    for stage in (BOTH, WINDOWS):
        finished.run(*LEVELS, until=stage)
    return finished


@pytest.fixture
def copy(run: FinishedRun, tmp_path: Path) -> FinishedRun:
    return run.copy_to(tmp_path / "copy")


def test_two_modes_share_one_set_of_passes(run: FinishedRun) -> None:
    queries, pairs = pairs_of(run)
    assert pairs > queries > 10
    run.run(*LEVELS, until=FIXED)
    assert passes(run, KEPT) == queries * MASKS
    assert passes(run, FIXED) == 0
    assert passes(run, BOTH) == pairs * REFERENCE_MASKS
    assert passes(run, "perturbed_embeddings.test.sliding_window") == queries * (11 * 11 + 1)
    assert passes(run, WINDOWS) == pairs * 3 * 3


def test_one_more_reference_costs_no_pass_of_a_query(copy: FinishedRun) -> None:
    queries, pairs = pairs_of(copy)
    computed = copy.computed(*LEVELS, "pairs.references=3", until=BOTH)
    computed |= copy.computed(*LEVELS, "pairs.references=3", until=FIXED)
    more_queries, more_pairs = pairs_of(copy)
    assert (more_queries, more_pairs > pairs) == (queries, True)
    assert KEPT not in computed
    assert {FIXED, BOTH} <= set(computed)
    assert passes(copy, FIXED) == 0
    assert passes(copy, BOTH) == more_pairs * REFERENCE_MASKS


def test_one_more_mode_costs_no_pass_of_a_query(tmp_path: Path) -> None:
    run = FinishedRun(write_config(tmp_path))
    run.run(*COMMON, "saliency.rise.keep=true", until=FIXED)
    queries, pairs = pairs_of(run)
    assert (passes(run, KEPT), passes(run, FIXED)) == (queries * MASKS, 0)
    computed = run.computed(*COMMON, "saliency.rise.keep=true", MODES, until=BOTH)
    assert set(computed) == {BOTH}
    assert passes(run, BOTH) == pairs * REFERENCE_MASKS


def test_one_query_less_changes_no_other_shard(copy: FinishedRun) -> None:
    before = set(copy.manifest(KEPT).shard_keys)
    computed = copy.computed(*LEVELS, "dataset.test_items=39", until=KEPT)
    after = set(copy.manifest(KEPT).shard_keys)
    # The item left, and a query whose only match it was.
    assert computed.get(KEPT, 0) == len(after - before) <= 2
    assert len(before & after) >= len(before) - 2 > 2


def test_embeddings_are_unit_general_and_in_half_precision(run: FinishedRun) -> None:
    upstream = Upstream(ArtifactStore(str(run.store)), {KEPT: run.manifest(KEPT)})
    rows = upstream.table(KEPT, "queries").to_pylist()
    for commit in upstream.commits(KEPT):
        embeddings = upstream.store.read_part_arrays(commit, "embeddings")["embeddings"]
        assert embeddings.dtype == np.float16
        assert embeddings.shape[1:] == (MASKS, 64)
        assert commit.parts["queries"].detail["rows"] == len(embeddings)
        np.testing.assert_allclose(np.linalg.norm(embeddings.astype(np.float64), axis=2), 1, atol=1e-3)
    assert len({row["query"] for row in rows}) == len(rows) == pairs_of(run)[0]


def test_maps_are_those_made_without_keeping(run: FinishedRun, copy: FinishedRun) -> None:
    off = (*LEVELS, "saliency.rise.keep=false", "saliency.sliding_window.keep=false")
    run.run(*LEVELS, until=FIXED)
    names = (FIXED, BOTH, WINDOWS)
    kept = {name: maps_of(run, name) for name in names}
    assert not [stage.name for stage in build_stages(copy.settings(*off)) if "perturbed" in stage.name]
    for name in names:
        copy.run(*off, until=name)
        # Both are kept in half precision, which alone may differ by 1 / 2048 of a value.
        for one, other in zip(kept[name], maps_of(copy, name), strict=True):
            assert worst_share_of_range(one, other) < 0.01, name
            assert worst_share_of_range(one[::-1], other) > 0.01 or len(one) == 1
    queries, pairs = pairs_of(copy)
    assert passes(copy, FIXED) == queries * MASKS
    assert passes(copy, BOTH) == queries * MASKS + pairs * REFERENCE_MASKS
    assert passes(copy, WINDOWS) == queries * 122 + pairs * 9


def test_another_fill_makes_embeddings_and_maps_anew_and_the_default_stays_current(copy: FinishedRun) -> None:
    filled = (*LEVELS, "saliency.fill=blur")
    default = maps_of(copy, BOTH)
    assert set(copy.computed(*filled, until=BOTH)) == {KEPT, BOTH}
    kept = maps_of(copy, BOTH)
    copy.run(*filled, "saliency.rise.keep=false", until=BOTH)
    for one, other, before in zip(kept, maps_of(copy, BOTH), default, strict=True):
        assert worst_share_of_range(one, other) < 0.01
        assert worst_share_of_range(one, before) > 0.1
    assert copy.computed(*LEVELS, "saliency.fill=mean", until=BOTH) == {}


@pytest.mark.parametrize("keep", ["true", "false"])
def test_plans_count_what_is_then_done(run: FinishedRun, tmp_path: Path, keep: str) -> None:
    chosen = (*LEVELS, f"saliency.rise.keep={keep}", f"saliency.sliding_window.keep={keep}")
    fresh = FinishedRun(write_config(tmp_path))
    costs = costs_of(fresh.settings(*chosen))
    if keep == "true":
        # All that this plan says is there already, but for the maps of training and validation pairs.
        done, stages = run, (KEPT, "perturbed_embeddings.test.sliding_window", BOTH, WINDOWS)
        assert "perturbed_embeddings.train.rise" in costs
    else:
        done, stages = fresh, (BOTH, WINDOWS)
        for stage in stages:
            fresh.run(*chosen, until=stage)
        assert not [name for name in costs if name.startswith("perturbed")]
    store = ArtifactStore(str(done.store))
    for stage in stages:
        manifest = done.manifest(stage)
        assert not costs[stage].is_upper_bound, stage
        assert not passes_disagree(costs[stage], StageFigures(passes(done, stage), 0, 0, 0.0, 0.0)), stage
        assert passes_disagree(costs[stage], StageFigures(passes(done, stage) + 1, 0, 0, 0.0, 0.0)), stage
        assert costs[stage].shards_to_do == len(manifest.shard_keys)
        size = sum(real_bytes(store, commit) for commit in store.read_commits(manifest))
        assert 0.65 < (costs[stage].bytes or 0) / size < 2, stage


def test_a_part_that_is_done_is_not_counted_again(copy: FinishedRun) -> None:
    manifest = copy.manifest(KEPT)
    store = ArtifactStore(str(copy.store))
    gone = manifest.shard_keys[:1]
    expected = store.require_commit(KEPT, gone[0]).counts["forward_passes"]
    store.forget(KEPT, manifest.fingerprint, gone)
    cost = costs_of(copy.settings(*LEVELS))[KEPT]
    assert (cost.shards_to_do, cost.forward_passes, cost.is_upper_bound) == (1, expected, False)


def test_pixels_of_several_shards_stay_within_their_bytes(run: FinishedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    upstream = Upstream(ArtifactStore(str(run.store)), {"images": run.manifest("images")})
    shard_of = upstream.shard_of_rows("images", "images", "image_id")
    names = sorted(shard_of, key=lambda name: (shard_of[name], name))
    by_shard = {shard_of[name]: name for name in names}
    assert len(by_shard) > 2
    first, second, third = list(by_shard.values())[:3]
    reads: list[str] = []
    read = ArtifactStore.read_part_arrays

    def counting(self: ArtifactStore, commit, *names):  # type: ignore[no-untyped-def]
        reads.append(commit.shard_key)
        return read(self, commit, *names)

    monkeypatch.setattr(ArtifactStore, "read_part_arrays", counting)
    generous = PixelLookup(upstream, shard_of)
    seen = [generous.of(name) for name in (first, second, third, first, second, third)]
    assert len(reads) == 3
    np.testing.assert_array_equal(seen[0], seen[3])
    assert (seen[0] != seen[1]).any()
    reads.clear()
    tight = PixelLookup(upstream, shard_of, bytes_kept=1)
    again = [tight.of(name) for name in (first, first, second, first)]
    assert len(reads) == 3
    np.testing.assert_array_equal(again[3], seen[0])
