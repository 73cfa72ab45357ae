"""Both sides of a match in whole runs: passes an image, what stays current, conditions, and what is stored."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.plan_accuracy import StageFigures, passes_disagree
from flows.engine.upstream import Upstream
from flows.readers.cell_effects import CellEffectLookup
from pipeline.saliency.correspondence.interaction import interaction, joint_maps
from pipeline.similarity.conditions import project
from stores.artifacts import ArtifactStore
from tests.flows.costs.test_counts import costs_of
from tests.flows.fake_outfits import write_outfit_config
from tests.flows.planted_config import write_config
from tests.flows.run_cases import FinishedRun, Tables

EFFECTS, BOTH_SIDES, COMPONENTS = "cell_effects.test", "correspondences.test", "match_components.test"
TRUTH = "correspondence_localisation.test"
MASKS = 24
ENABLED = (
    "saliency.correspondence.enabled=true",
    "saliency.correspondence.keep_interaction=true",
    "saliency.correspondence.cells=8",
    "pairs.test=10000",
    "similarity_model.epochs=1",
)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    finished = FinishedRun(write_config(tmp_path_factory.mktemp("both_sides")))
    finished.run(*ENABLED, until=TRUTH)
    return finished


@pytest.fixture(scope="module")
def tables(run: FinishedRun) -> Tables:
    return Tables(run.settings(*ENABLED))


def upstream_of(run: FinishedRun, *stages: str) -> Upstream:
    return Upstream(ArtifactStore(str(run.store)), {stage: run.manifest(stage) for stage in stages})


def images_of(tables: Tables, *sides: str) -> set[str]:
    rows = tables.ask("select query, reference from pairs where split = 'test'")
    return {row[side] for row in rows for side in sides}


def passes(run: FinishedRun) -> int:
    return int(run.manifest(EFFECTS).details["counts"]["forward_passes"])


def lookup(run: FinishedRun) -> CellEffectLookup:
    return CellEffectLookup.of_all(upstream_of(run, EFFECTS))


def test_an_image_is_passed_once_whatever_its_role(run: FinishedRun, tables: Tables) -> None:
    images = images_of(tables, "query", "reference")
    both_roles = images_of(tables, "query") & images_of(tables, "reference")
    assert both_roles
    assert passes(run) == MASKS * len(images)
    rows = tables.ask("select image_id from cell_effect_rows")
    assert sorted(row["image_id"] for row in rows) == sorted(images)


def test_what_is_foretold_is_what_is_passed(run: FinishedRun, tmp_path: Path) -> None:
    # Before the pairs are known every test image counts.
    before = costs_of(run.settings(*ENABLED, f"store.root={tmp_path}"))[EFFECTS]
    assert before.is_upper_bound
    assert not passes_disagree(before, StageFigures(passes(run), 0, 0, 0.0, 0.0))
    copy = run.copy_to(tmp_path / "copy")
    fewer = (*ENABLED, "saliency.rise.masks=22")
    cost = costs_of(copy.settings(*fewer))[EFFECTS]
    copy.run(*fewer, until=EFFECTS)
    assert not cost.is_upper_bound
    assert cost.forward_passes == passes(copy) == passes(run) // MASKS * 22


def test_kept_passes_of_queries_are_not_repeated(run: FinishedRun, tables: Tables, tmp_path: Path) -> None:
    copy = run.copy_to(tmp_path / "copy")
    copy.run(*ENABLED, "saliency.rise.keep=true", until=EFFECTS)
    alone = images_of(tables, "reference") - images_of(tables, "query")
    assert passes(copy) == MASKS * len(alone)


def test_more_references_leave_the_effects_of_other_images(run: FinishedRun, tmp_path: Path) -> None:
    copy = run.copy_to(tmp_path / "copy")
    before = set(copy.manifest(EFFECTS).shard_keys)
    computed = copy.computed(*ENABLED, "pairs.references=3", until=COMPONENTS)
    after = set(copy.manifest(EFFECTS).shard_keys)
    assert computed.get(EFFECTS, 0) == len(after - before)
    assert {BOTH_SIDES, COMPONENTS} <= set(computed)


def test_more_components_cost_no_pass(run: FinishedRun, tmp_path: Path) -> None:
    copy = run.copy_to(tmp_path / "copy")
    computed = copy.computed(*ENABLED, "saliency.correspondence.components=3", until=COMPONENTS)
    assert set(computed) == {BOTH_SIDES, COMPONENTS}


def test_stored_joint_effects_follow_from_the_effects_of_cells(run: FinishedRun, tables: Tables) -> None:
    upstream, effects = upstream_of(run, BOTH_SIDES), lookup(run)
    stored = upstream.arrays(BOTH_SIDES, "interaction", "interaction").astype(np.float64)
    maps = {name: upstream.arrays(BOTH_SIDES, "maps", name) for name in ("query_joint", "reference_joint")}
    rows = upstream.rows(BOTH_SIDES, "correspondence_rows")
    assert len(rows) == len(tables.ask("select 1 from pairs where split = 'test'"))
    for number, row in enumerate(rows):
        joint = interaction(effects.of(row["query"], ""), effects.of(row["reference"], ""))
        assert row["largest_joint"] == pytest.approx(np.abs(joint).max())
        np.testing.assert_allclose(stored[number] * row["largest_joint"], joint, atol=1e-3 * row["largest_joint"])
        for name, wanted in zip(maps, joint_maps(joint), strict=True):
            np.testing.assert_allclose(maps[name][number].ravel(), wanted, rtol=1e-5)
        assert row["joint"] == pytest.approx(np.maximum(joint, 0).sum())


def test_unrelated_images_are_none_of_the_querys_own(tables: Tables) -> None:
    own = tables.ask("select query, list(reference) \"references\" from pairs where split = 'test' group by query")
    references = {row["query"]: set(row["references"]) for row in own}
    rows = tables.ask("select * from correspondence_rows")
    assert all(row["unrelated"] not in {row["query"], *references[row["query"]], ""} for row in rows)
    assert len({row["unrelated"] for row in rows}) > 5


def test_components_come_with_names_shares_and_p_values(tables: Tables) -> None:
    rows = tables.ask("select * from match_components order by pair_id, component")
    assert {row["component"] for row in rows} == {1, 2}
    assert all(0 < row["p_value"] <= 1 for row in rows)
    shares = tables.ask("select sum(share) total from match_components group by pair_id")
    assert all(row["total"] == pytest.approx(1, abs=0.02) for row in shares)
    assert all(0 <= row[name] <= 1 for row in rows for name in ("query_y", "query_x", "reference_y", "reference_x"))
    named = [row for row in rows if row["attribute"] is not None]
    assert all(row["attribute"] == row["leading_attribute"] for row in named)
    # Names are of attributes that both images have.
    labels = {row["image_id"]: set(row["attributes"]) for row in tables.ask("select image_id, attributes from images")}
    pairs = {row["pair_id"]: row for row in tables.ask("select pair_id, query, reference from pairs")}
    for row in named:
        pair = pairs[row["pair_id"]]
        assert row["attribute"] in labels[pair["query"]] & labels[pair["reference"]]


def test_truth_is_told_of_pairs_with_causes(tables: Tables) -> None:
    rows = tables.ask("select * from correspondence_localisation")
    assert {row["side"] for row in rows} == {"query", "reference"}
    assert {row["map"] for row in rows} == {
        "one_sided",
        "joint",
        "leading_component",
        "matching_component",
        "row",
        "centre",
    }
    assert all(row["side"] == "reference" for row in rows if row["map"] == "row")
    causes = tables.ask("select * from correspondence_causes")
    assert len(causes) == len(tables.ask("select 1 from correspondence_rows"))
    assert all((row["first_named"] is None) == (not row["causes"]) for row in causes)


def test_figures_of_both_sides_are_in_metrics(run: FinishedRun) -> None:
    run.run(*ENABLED, until="metrics")
    rows = run.query("select * from metrics where table_name = 'correspondence'", *ENABLED)
    found = {(row["metric"], row["variant"], row["mode"]) for row in rows}
    assert ("auroc_first_cause", "joint", "reference") in found
    assert ("told_apart_by_components", None, None) in found
    differences = [row for row in rows if row["compared_with"] == "one_sided"]
    assert all(row["metric"].endswith("_difference") for row in differences)
    assert differences


def test_each_image_has_effects_under_each_of_its_conditions(tmp_path: Path) -> None:
    run = FinishedRun(write_outfit_config(tmp_path))
    asked = ("saliency.correspondence.enabled=true", "saliency.correspondence.cells=4")
    run.run(*asked, until=COMPONENTS)
    tables = Tables(run.settings(*asked))
    pairs = tables.ask("select query, reference, coalesce(condition, '') condition from pairs where split = 'test'")
    wanted = {(row[side], row["condition"]) for row in pairs for side in ("query", "reference")}
    rows = tables.ask("select image_id, condition from cell_effect_rows")
    assert sorted((row["image_id"], row["condition"]) for row in rows) == sorted(wanted)
    masks = run.settings(*asked).saliency.rise.masks
    assert passes(run) == masks * len({image for image, _ in wanted})
    _one_sided_maps_are_scored_under_conditions(run, tables)


def _one_sided_maps_are_scored_under_conditions(run: FinishedRun, tables: Tables) -> None:
    upstream, effects = upstream_of(run, BOTH_SIDES, "embeddings", "similarity_model"), lookup(run)
    ids = [row["image_id"] for row in tables.ask("select image_id from image_embeddings")]
    embeddings = dict(zip(ids, upstream.arrays("embeddings", "embeddings", "embeddings"), strict=True))
    names = [row["condition"] for row in tables.ask("select condition from conditions order by position")]
    masks = dict(zip(names, upstream.arrays("similarity_model", "condition_masks", "masks"), strict=True))
    condition = {
        row["pair_id"]: row["condition"]
        for row in tables.ask("select pair_id, condition from pairs where split='test'")
    }
    stored = upstream.arrays(BOTH_SIDES, "maps", "query")
    for number, row in enumerate(upstream.rows(BOTH_SIDES, "correspondence_rows")):
        mask = masks[condition[row["pair_id"]]]
        reference = project(embeddings[row["reference"]][None], mask)[0]
        wanted = effects.of(row["query"], condition[row["pair_id"]]).astype(np.float64) @ reference
        np.testing.assert_allclose(stored[number].ravel(), wanted, atol=1e-6)
