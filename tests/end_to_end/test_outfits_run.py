"""A whole run on a fake release of outfits: items that splits share, conditions, replacements of one type."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.plan_accuracy import passes_disagree
from tests.end_to_end.report_reading import compatibility_rows, section_rows, section_text
from tests.flows.costs.test_counts import costs_of, recorded
from tests.flows.fake_polyvore import SHARED, write_fake_polyvore
from tests.flows.run_cases import FinishedRun

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def outfits(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    folder: Path = tmp_path_factory.mktemp("outfits")
    run = FinishedRun(write_fake_polyvore(folder))
    run.run()
    return run


def test_outfits_go_through_to_figures(outfits: FinishedRun) -> None:
    assert outfits.computed() == {}
    rows = outfits.query("select distinct table_name, dataset from metrics order by 1")
    assert [row["table_name"] for row in rows] == [
        "answer",
        "answer_comparison",
        "answer_group",
        "answer_group_comparison",
        "answer_set",
        "attribute_explanation",
        "attribute_explanation_comparison",
        "attribute_recognition",
        "edit_effects",
        "recolour_audit",
        "saliency_faithfulness",
        "saliency_faithfulness_comparison",
        "similarity_model",
    ]
    assert {row["dataset"] for row in rows} == {"polyvore_outfits"}


def test_an_item_of_two_splits_is_embedded_and_scored_in_both(outfits: FinishedRun) -> None:
    # Its shards are alike but for the split, and must not pass for one.
    images = outfits.query(f"select split from images where image_id = '{SHARED}' order by 1")
    embedded = outfits.query(f"select split, embedding_sha256 from image_embeddings where image_id = '{SHARED}'")
    assert sorted(row["split"] for row in embedded) == [row["split"] for row in images] == ["test", "train"]
    assert len({row["embedding_sha256"] for row in embedded}) == 1
    assert outfits.query("select count(*) n from image_embeddings") == [{"n": 73}]
    assert outfits.query("select count(*) n from attribute_score_rows") == [{"n": 2 * (18 + 19)}]


def test_replacements_are_of_the_querys_type(outfits: FinishedRun) -> None:
    found = outfits.query(
        "select count(*) n, count(*) filter (q.label <> i.label) other_types from replacements r "
        "join pairs p using (pair_id) join images q on q.image_id = p.query and q.split = p.split "
        "join images i on list_contains(r.replacements, i.image_id) and i.split = p.split"
    )
    assert found[0]["n"] > 20
    assert found[0]["other_types"] == 0


def test_the_report_shows_what_the_model_knows_of_outfits(outfits: FinishedRun) -> None:
    # A plain model has no conditions: one way of scoring, and one item of the test split is a training item as well.
    rows = section_rows(outfits, "model")
    assert rows == compatibility_rows(outfits, {"general": "general embedding every pair of items alike"})
    assert "test items seen before 1 of 19 are also" in section_text(outfits, "model")
    pairs = section_text(outfits, "pairs")
    named = {row["condition"] for row in outfits.query("select condition from pairs where split = 'test'")}
    assert {name for name in named if f"types {name} · similarity" in pairs} == named
    assert "one score for all conditions" in pairs


def test_a_plan_before_the_run_tells_its_passes(outfits: FinishedRun) -> None:
    real = recorded(outfits)
    costs = costs_of(outfits.settings("store.root=elsewhere"))
    assert set(costs) == set(real)
    shards = {name: row["shards"] for name, row in outfits.status().items()}
    assert {name: cost.shards_to_do for name, cost in costs.items()} == shards
    # Maps may rank alike, and not every item can be cut from its ground: these two are bounds.
    bounds = {name for name in costs if name.startswith("faithfulness.rise") or name == "edit_effects.test"}
    assert not any(passes_disagree(costs[name], real[name]) for name in bounds)
    exact = {name: replace(cost, is_upper_bound=False) for name, cost in costs.items() if name not in bounds}
    assert [name for name, cost in exact.items() if passes_disagree(cost, real[name])] == []
