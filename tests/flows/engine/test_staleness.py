"""What a change of settings makes stale, what it leaves alone, and what `sane status` says before the run."""

import shutil

import pytest

from stores.artifacts import ArtifactStore
from tests.flows.run_cases import FinishedRun, states

GRID_STEP = "explanation.weight_grid_step=0.25"
PAGES = "pair_pages.test"
AFTER_THE_EXPLANATIONS = {"answers", "answer_sets", "group_effects.test", "audit", "metrics", PAGES, "report"}
AFTER_THE_WEIGHTS = {"explanations", "explanations.valid", *AFTER_THE_EXPLANATIONS}


def shards_of(run: FinishedRun, *stages: str) -> dict[str, set[str]]:
    return {stage: set(run.manifest(stage).shard_keys) for stage in stages}


def test_status_names_the_changed_setting_and_marks_what_follows_as_pending(finished_run: FinishedRun) -> None:
    status = finished_run.status(GRID_STEP)
    assert states(status, "stale") == {"explanation_weights"}
    assert status["explanation_weights"]["reasons"] == [
        "explanation.weight_grid_step: 0.05 -> 0.25",
        "to do",
    ]
    assert states(status, "pending") == AFTER_THE_WEIGHTS
    assert status["explanations"]["reasons"] == ["will be checked after explanation_weights"]
    assert status["answers"]["reasons"] == ["will be checked after explanations.valid, explanations"]
    assert status["audit"]["reasons"] == ["will be checked after explanations, answers"]
    assert status["metrics"]["reasons"] == [
        "will be checked after explanations, answers, group_effects.test, answer_sets, audit"
    ]
    assert states(status, "current") == set(status) - AFTER_THE_WEIGHTS - {"explanation_weights"}


@pytest.mark.slow
def test_the_run_recomputes_only_that_and_the_old_result_stays_usable(run_copy: FinishedRun) -> None:
    computed = run_copy.computed(GRID_STEP)
    assert {"explanation_weights", "explanations", "report"} <= set(computed)
    assert set(computed) <= {"explanation_weights", *AFTER_THE_WEIGHTS}
    assert {shards for stage, shards in computed.items() if stage != PAGES} == {1}
    assert states(run_copy.status(GRID_STEP), "current") == set(run_copy.status())
    assert run_copy.computed() == {}
    assert run_copy.computed(GRID_STEP) == {}


def test_equal_values_made_again_leave_what_follows_current(run_copy: FinishedRun) -> None:
    assert run_copy.computed(force=("explanations",)) == {"explanations": 1}


def test_settings_of_the_machine_make_nothing_stale(finished_run: FinishedRun) -> None:
    machine = ("compute.batch_size=7", "compute.threads=2", "compute.device=cuda", "dataset.max_unreadable_share=0.5")
    status = finished_run.status(*machine)
    assert states(status, "current") == set(status)


def test_masks_of_rise_do_not_touch_the_control_maps(finished_run: FinishedRun) -> None:
    status = finished_run.status("saliency.rise.masks=25")
    assert states(status, "stale") == {"saliency_maps.test.rise.fixed"}
    assert status["saliency_maps.test.rise.fixed"]["reasons"][0] == "saliency.rise.masks: 24 -> 25"
    assert states(status, "pending") == {
        "faithfulness.rise.fixed",
        "map_localisation.rise.fixed",
        "explanations",
        *AFTER_THE_EXPLANATIONS,
    }


def test_a_pair_setting_of_one_split_does_not_touch_the_others(finished_run: FinishedRun) -> None:
    status = finished_run.status("pairs.test=20")
    assert states(status, "stale") == {"pairs.test"}
    touched = states(status, "pending")
    assert {"similarities.test", "saliency_maps.test.rise.fixed", "true_effects.test"} <= touched
    assert not {name for name in touched if "train" in name or "valid" in name or name.startswith("attribute_")}


def test_more_test_items_reuse_the_shards_of_the_others(run_copy: FinishedRun) -> None:
    before = shards_of(run_copy, "images", "embeddings")
    more = "dataset.test_items=60"
    outcomes = run_copy.run(more, until="similarities.test")
    assert outcomes["similarity_model"].computed == 0
    for stage in ("images", "embeddings"):
        new = set(run_copy.manifest(stage).shard_keys) - before[stage]
        # Only the test shard that the new ids fall into; 20 new images could at worst touch 20.
        assert len(new) == outcomes[stage].computed == 1
        assert len(before[stage] & set(run_copy.manifest(stage).shard_keys)) == outcomes[stage].shards - 1
    assert run_copy.query("select count(*) n from images where split = 'test'", more) == [{"n": 60}]


def test_more_test_items_reuse_the_maps_of_queries_whose_references_stay(run_copy: FinishedRun) -> None:
    every_pair = "pairs.test=1000"
    first = run_copy.run(every_pair, until="saliency_maps.test.random.fixed")["saliency_maps.test.random.fixed"]
    before = set(run_copy.manifest("saliency_maps.test.random.fixed").shard_keys)
    outcome = run_copy.run(every_pair, "dataset.test_items=41", until="saliency_maps.test.random.fixed")
    after = set(run_copy.manifest("saliency_maps.test.random.fixed").shard_keys)
    # The new item is a query of its own and may become the reference of a few others.
    assert outcome["saliency_maps.test.random.fixed"].computed == len(after - before) < first.shards
    assert after & before


def test_more_training_items_reuse_the_shards_of_the_others_but_train_again(run_copy: FinishedRun) -> None:
    before = shards_of(run_copy, "images")
    more = "dataset.train_items=170"
    outcomes = run_copy.run(more, until="images")
    new = set(run_copy.manifest("images").shard_keys) - before["images"]
    assert len(new) == outcomes["images"].computed <= 20
    assert len(new) < outcomes["images"].shards
    status = run_copy.status(more)
    assert status["similarity_model"]["state"] == "stale"
    added = "images: train_00150, train_00151, train_00152 and 17 more: added"
    assert status["similarity_model"]["reasons"][0] == added
    assert status["vocabulary"]["state"] == status["pairs.test"]["state"] == "current"


def test_a_stage_with_some_shards_is_partial(run_copy: FinishedRun) -> None:
    stage = "saliency_maps.test.rise.fixed"
    manifest = run_copy.manifest(stage)
    ArtifactStore(str(run_copy.store)).forget(stage, manifest.fingerprint, manifest.shard_keys[:2])
    row = run_copy.status()[stage]
    assert (row["state"], row["shards_done"], row["shards"]) == ("partial", 3, 5)
    assert row["reasons"] == ["3 of 5 shards are committed"]
    assert run_copy.computed() == {stage: 2}
    assert run_copy.manifest(stage).digests == manifest.digests


def test_a_removed_stage_is_missing_and_what_follows_waits(run_copy: FinishedRun) -> None:
    shutil.rmtree(run_copy.store / "explanations")
    status = run_copy.status()
    assert states(status, "missing") == {"explanations"}
    (reason,) = status["explanations"]["reasons"]
    assert reason.startswith("removed since run 2")
    assert states(status, "pending") == AFTER_THE_EXPLANATIONS
    # Made again it has the old values, so nothing after it has to be done.
    assert run_copy.computed() == {"explanations": 1}
