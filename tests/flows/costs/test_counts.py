"""Passes told before a run against the passes that the run recorded."""

from dataclasses import replace
from typing import Any

import pytest

from benchmarks.plan_accuracy import StageFigures, passes_disagree
from flows.costs.estimate import RunCosts, StageCost
from flows.engine.plan_graph import plan_stages
from flows.settings.configuration import Settings
from flows.settings.file import with_seed
from flows.stages.graph import build_stages
from stores.artifacts import ArtifactStore
from tests.flows.run_cases import FinishedRun

RUNTIME = (
    "select stage, sum(forward_passes) as forward, sum(training_passes) as training, sum(images) as images "
    "from runtime group by stage"
)


def costs_of(settings: Settings, calibration: str = "none", workers: int = 1) -> dict[str, StageCost]:
    store = ArtifactStore(settings.store.root)
    plans = plan_stages(build_stages(settings), store)
    costs = RunCosts(store, workers, calibration, lambda line: None).of_seed(settings, plans)
    return {cost.plan.stage.name: cost for cost in costs}


def recorded(finished_run: FinishedRun, *overrides: str) -> dict[str, StageFigures]:
    rows = finished_run.query(RUNTIME, *overrides)
    return {row["stage"]: StageFigures(row["forward"], row["training"], 0, 0.0, 0.0) for row in rows}


@pytest.fixture(scope="module")
def before_any_run(finished_run: FinishedRun) -> dict[str, StageCost]:
    return costs_of(finished_run.settings("store.root=elsewhere"))


def test_every_stage_is_counted_before_any_of_its_inputs_exists(
    finished_run: FinishedRun, before_any_run: dict[str, StageCost]
) -> None:
    real = recorded(finished_run)
    assert set(before_any_run) == set(real)
    wrong = {name for name, cost in before_any_run.items() if passes_disagree(cost, real[name])}
    assert wrong == set()


def test_only_what_the_scores_decide_makes_a_bound_here(before_any_run: dict[str, StageCost]) -> None:
    # Two epochs cannot stop early, and planted items are always readable.
    bounds = {name for name, cost in before_any_run.items() if cost.is_upper_bound}
    localised = {f"map_localisation.{generator}.fixed" for generator in ("rise", "random", "centre")}
    # Maps may rank alike, a grey item is put into no greys, and which attribute is best is not known yet.
    assert bounds == {"faithfulness.rise.fixed", "edit_effects.test", *localised}
    assert all(before_any_run[name].images > before_any_run[name].forward_passes == 0 for name in localised)


def test_shards_and_images_are_foreseen_too(finished_run: FinishedRun, before_any_run: dict[str, StageCost]) -> None:
    status = finished_run.status()
    assert {name: cost.shards_to_do for name, cost in before_any_run.items()} == {
        name: row["shards"] for name, row in status.items()
    }
    assert before_any_run["images"].images == 230


@pytest.mark.parametrize(
    ("wrong", "is_bound"),
    [({"forward_passes": 81}, False), ({"training_passes": 299}, False), ({"forward_passes": 79}, True)],
)
def test_the_comparison_notices_a_wrong_count(
    finished_run: FinishedRun, before_any_run: dict[str, StageCost], wrong: dict[str, Any], is_bound: bool
) -> None:
    cost, real = before_any_run["similarity_model"], recorded(finished_run)["similarity_model"]
    assert (cost.forward_passes, cost.training_passes) == (80, 300)
    assert passes_disagree(replace(cost, **wrong, is_upper_bound=is_bound), real)
    assert not passes_disagree(replace(cost, forward_passes=81, is_upper_bound=True), real)


def test_after_a_part_of_a_stage_only_the_rest_is_counted(run_copy: FinishedRun) -> None:
    stage = "saliency_maps.test.rise.fixed"
    manifest = run_copy.manifest(stage)
    gone = manifest.shard_keys[1:3]
    store = ArtifactStore(str(run_copy.store))
    passes = sum(store.require_commit(stage, key).counts["forward_passes"] for key in gone)
    store.forget(stage, manifest.fingerprint, gone)
    costs = costs_of(run_copy.settings())
    assert costs[stage].plan.state == "partial"
    assert (costs[stage].shards_to_do, costs[stage].forward_passes) == (2, passes)
    assert 0 < passes < recorded(run_copy)["saliency_maps.train.rise.fixed"].forward_passes + 360
    # Its maps may come out as they were, so what reads them may have nothing to do.
    assert costs["faithfulness.rise.fixed"].plan.state == "pending"
    assert costs["faithfulness.rise.fixed"].is_upper_bound
    assert "embeddings" not in costs


def test_a_training_that_may_stop_early_is_a_bound(finished_run: FinishedRun) -> None:
    settings = finished_run.settings("store.root=elsewhere", "attribute_model.epochs=22", "attribute_model.patience=20")
    cost = costs_of(settings)["attribute_model.sane"]
    assert cost.is_upper_bound
    assert cost.training_passes == 22 * 150


def test_what_seeds_share_is_counted_once(finished_run: FinishedRun) -> None:
    settings = finished_run.settings("store.root=elsewhere")
    store = ArtifactStore(settings.store.root)
    run = RunCosts(store, 1, "none", lambda line: None)
    first, second = (
        {cost.plan.stage.name: cost for cost in run.of_seed(of_seed, plan_stages(build_stages(of_seed), store))}
        for of_seed in (with_seed(settings, 0), with_seed(settings, 1))
    )
    assert (first["images"].images, second["images"].images) == (230, 0)
    assert "with an earlier seed" in second["images"].plan.reasons[-1]
    assert second["embeddings"].forward_passes == first["embeddings"].forward_passes == 230


def test_weights_from_a_file_need_no_training(finished_run: FinishedRun) -> None:
    commit = next((finished_run.store / "similarity_model" / "shards").glob("*/model-*.safetensors"))
    settings = finished_run.settings("store.root=elsewhere", f"similarity_model.weights={commit}")
    cost = costs_of(settings)["similarity_model"]
    assert (cost.forward_passes, cost.training_passes, cost.is_upper_bound) == (0, 0, False)
