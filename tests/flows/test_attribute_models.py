"""More attribute models and variants beside the default ones: nothing else is done again, and all tables have them."""

import shutil

import pytest

from pipeline.attributes.catalogue import ATTRIBUTE_MODELS
from pipeline.explanation.variants import VARIANTS
from tests.flows.costs.test_counts import costs_of, passes_disagree, recorded
from tests.flows.run_cases import FinishedRun

ALL = f"explanation.variants={list(VARIANTS)}"
NEW = ("classifier_fc", "fashion_search_net")


@pytest.fixture(scope="module")
def with_all(finished_run: FinishedRun, tmp_path_factory: pytest.TempPathFactory) -> tuple[FinishedRun, dict[str, int]]:
    """A run with every variant after one with the default ones, and what it computed."""
    copy = finished_run.copy_to(tmp_path_factory.mktemp("all") / "copy")
    return copy, copy.computed(ALL)


def test_only_the_new_models_are_trained(with_all: tuple[FinishedRun, dict[str, int]]) -> None:
    _, computed = with_all
    new = {f"{stage}.{model}" for stage in ("attribute_model", "attribute_scores") for model in NEW}
    of_all = {"explanation_weights", "explanations", "explanations.valid", "answers", "audit", "metrics"}
    of_all |= {"pair_pages.test", "report"}
    assert set(computed) == new | of_all


def test_the_tables_have_every_model_and_variant(with_all: tuple[FinishedRun, dict[str, int]]) -> None:
    run, _ = with_all
    recognised = run.query("select variant from metrics where table_name = 'attribute_recognition'", ALL)
    assert [row["variant"] for row in recognised] == list(ATTRIBUTE_MODELS)
    named = run.query("select distinct variant from explanations", ALL)
    assert {row["variant"] for row in named} >= {*VARIANTS, "fashion_search_net+match~shuffled"}
    best = run.query("select model, prior_kind from weight_grid where is_best order by all", ALL)
    assert [tuple(row.values()) for row in best] == [
        (model, kind) for model in ("fashion_search_net", "sane") for kind in ("count", "none", "tcav")
    ]
    losses = run.query("select model, max(isnan(pooled_map_loss)::int) none from training_history group by 1", ALL)
    assert {row["model"]: row["none"] for row in losses if row["model"] in ATTRIBUTE_MODELS} == {
        model: int(model != "fashion_search_net") for model in ATTRIBUTE_MODELS
    }
    absent = "select count(*) n from explanations where variant = 'random_present' and rank = 1 and not is_ground_truth"
    assert run.query(absent, ALL) == [{"n": 0}]


def test_the_oracle_is_measured_beside_the_variants(with_all: tuple[FinishedRun, dict[str, int]]) -> None:
    run, _ = with_all
    figures = "select metric, value, n from metrics where table_name = 'attribute_explanation' and variant = 'oracle'"
    found = {row["metric"]: row for row in run.query(figures, ALL)}
    assert set(found) == {"matched_effect", "matched_undefined"}
    pairs = run.query("select count(*) n from pairs where split = 'test'", ALL)[0]["n"]
    assert found["matched_effect"]["n"] + found["matched_undefined"]["value"] == pairs
    halves = run.query(
        "select count(half_effect) one, count(other_half_effect) other, count(effect) n from replacements "
        "where kind = 'matched' and split = 'test'",
        ALL,
    )[0]
    assert 0 < halves["other"] <= halves["one"] <= halves["n"]
    elsewhere = "select count(half_effect) n from replacements where kind != 'matched'"
    assert run.query(elsewhere, ALL) == [{"n": 0}]


def test_terms_are_unknown_without_maps_that_are_matched(run_copy: FinishedRun) -> None:
    fewer = "explanation.variants=['random', 'classifier']"
    run_copy.run(fewer)
    (row,) = run_copy.query("select count(*) n, count(confidence) c, count(map_match) m from explanations", fewer)
    assert row["n"] > 0
    assert (row["c"], row["m"]) == (0, 0)


def test_a_frozen_backbone_from_a_file_is_counted_as_it_runs(run_copy: FinishedRun) -> None:
    commit = next((run_copy.store / "similarity_model" / "shards").glob("*/model-*.safetensors"))
    weights = run_copy.config.parent / "backbone.safetensors"
    shutil.copy(commit, weights)
    chosen = (
        "explanation.variants=['fashion_search_net']",
        "attribute_model.backbone_weights=backbone.safetensors",
        "attribute_model.freeze_backbone=true",
    )
    stage = "attribute_model.fashion_search_net"
    before = costs_of(run_copy.settings(*chosen))[stage]
    assert run_copy.computed(*chosen, until=stage) == {stage: 1}
    real = recorded(run_copy, *chosen)[stage]
    assert (real.forward_passes, real.training_passes) == (190, 0)
    assert not passes_disagree(before, real)
    # A copy elsewhere is the same; other weights are not.
    shutil.copy(weights, run_copy.config.parent / "moved.safetensors")
    moved = (chosen[0], "attribute_model.backbone_weights=moved.safetensors", chosen[2])
    assert run_copy.computed(*moved, until=stage) == {}
