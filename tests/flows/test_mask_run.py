"""Mask in a run: planned passes, limited pairs, both modes, and the notes of each map."""

import numpy as np
import pytest

from pipeline.errors import BadSetting
from stores.artifacts import ArtifactStore
from tests.flows.costs.test_counts import costs_of
from tests.flows.run_cases import FinishedRun

ITERATIONS, CELLS = 6, 4
OVERRIDES = (
    'saliency.generators=["rise", "mask"]',
    f"saliency.mask.iterations={ITERATIONS}",
    f"saliency.mask.mask_cells={CELLS}",
    "saliency.mask.pairs=7",
)
STAGES = {mode: f"saliency_maps.test.mask.{mode}" for mode in ("fixed", "both")}


def test_mask_in_both_modes_costs_what_was_planned_and_leaves_its_notes(run_copy: FinishedRun) -> None:
    planned = costs_of(run_copy.settings(*OVERRIDES))
    for stage in STAGES.values():
        run_copy.run(*OVERRIDES, until=stage)
    store, maps = ArtifactStore(str(run_copy.store)), {}
    for mode, stage in STAGES.items():
        commits = [store.require_commit(stage, key) for key in run_copy.manifest(stage).shard_keys]
        pairs = sum(commit.counts["pairs"] for commit in commits)
        assert 0 < pairs <= 7
        passes = pairs * ITERATIONS * (2 if mode == "both" else 1)
        assert sum(commit.counts["training_passes"] for commit in commits) == passes
        assert (planned[stage].training_passes, planned[stage].forward_passes) == (passes, 0)
        assert not planned[stage].is_upper_bound
        notes = [row for commit in commits for row in store.read_part_table(commit, "map_notes").to_pylist()]
        assert len(notes) == 5 * pairs
        assert {row["value"] for row in notes if row["note"] == "iterations"} == {float(ITERATIONS)}
        maps[mode] = np.concatenate([store.read_part_arrays(commit, "maps")["maps"] for commit in commits])
        assert maps[mode].dtype == np.float16
    assert np.nanmax(np.abs(maps["fixed"] - maps["both"])) > 0.01


def test_what_may_stop_early_is_planned_as_a_bound(finished_run: FinishedRun) -> None:
    settings = finished_run.settings("store.root=elsewhere", *OVERRIDES, "saliency.mask.patience=2")
    assert costs_of(settings)[STAGES["fixed"]].is_upper_bound


def test_a_tolerance_without_patience_is_no_setting_of_the_maps(finished_run: FinishedRun) -> None:
    mask = finished_run.settings(*OVERRIDES, "saliency.mask.tolerance=0.5").saliency.mask
    assert "tolerance" not in mask.spec("fixed", supervises=False)
    patient = mask.model_copy(update={"patience": 3}).spec("fixed", supervises=False)
    assert (patient["patience"], patient["tolerance"]) == (3, 0.5)


def test_an_even_window_is_refused(finished_run: FinishedRun) -> None:
    with pytest.raises(BadSetting, match=r"(?s)odd number of pixels.*saliency\.mask\.blur_px = 10"):
        finished_run.settings("saliency.mask.blur_px=10")
