"""A whole run with the type-aware model: conditions reach every score, and no pass is made for them."""

import json
from pathlib import Path

import numpy as np
import pytest

from flows.costs.estimate import RunCosts, StageCost
from flows.engine.plan_graph import plan_stages
from flows.stages.graph import build_stages
from pipeline.errors import BadSetting
from stores.artifacts import ArtifactStore
from tests.flows.fake_outfits import write_json, write_outfit_config
from tests.flows.planted_config import write_config
from tests.flows.run_cases import FinishedRun, Tables, run_quietly
from tests.oracles import type_aware as oracle

PLAIN = ("similarity_model.kind=resnet18", "similarity_model.batch_size=24")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    finished = FinishedRun(write_outfit_config(tmp_path_factory.mktemp("outfits")))
    finished.run(until="metrics")
    # Nothing that is reported needs the scores of pairs.
    finished.run(until="similarities.test")
    return finished


@pytest.fixture(scope="module")
def tables(run: FinishedRun) -> Tables:
    return Tables(run.settings())


def stored(run: FinishedRun, stage: str, part: str, name: str) -> np.ndarray:
    store = ArtifactStore(str(run.store))
    commits = store.read_commits(run.manifest(stage))
    return np.concatenate([store.read_part_arrays(commit, part, [name])[name] for commit in commits])


@pytest.fixture(scope="module")
def embedding_of(run: FinishedRun, tables: Tables) -> dict[str, np.ndarray]:
    ids = [row["image_id"] for row in tables.ask("select image_id from image_embeddings")]
    return dict(zip(ids, stored(run, "embeddings", "embeddings", "embeddings").astype(np.float64), strict=True))


@pytest.fixture(scope="module")
def mask_of(run: FinishedRun, tables: Tables) -> dict[str, np.ndarray]:
    names = [row["condition"] for row in tables.ask("select condition from conditions order by position")]
    assert names == ["bags|shoes", "bags|tops", "shoes|tops"]
    masks = stored(run, "similarity_model", "condition_masks", "masks").astype(np.float64)
    assert masks.min() >= 0
    return dict(zip(names, masks, strict=True))


def expected_score(pair: dict[str, str], embedding_of: dict[str, np.ndarray], mask: np.ndarray) -> float:
    query, reference = (oracle.projection(embedding_of[pair[side]], mask) for side in ("query", "reference"))
    return float(query @ reference)


def test_scores_are_those_of_the_projections(
    tables: Tables, embedding_of: dict[str, np.ndarray], mask_of: dict[str, np.ndarray]
) -> None:
    pairs = tables.ask("select * from pairs join similarities using (pair_id) where split = 'test'")
    assert len(pairs) == 24
    scores = [pair["similarity"] for pair in pairs]
    np.testing.assert_allclose(
        scores, [expected_score(p, embedding_of, mask_of[p["condition"]]) for p in pairs], atol=1e-6
    )
    general = [expected_score(pair, embedding_of, np.ones(16)) for pair in pairs]
    assert np.abs(np.array(scores) - general).max() > 0.01


def test_curves_end_at_the_score_under_the_condition(tables: Tables) -> None:
    ends = tables.ask(
        "select insertion_curve[101] as last, deletion_curve[1] as first, similarity "
        "from faithfulness join similarities using (pair_id)"
    )
    assert len(ends) == 3 * 24
    for row in ends:
        assert (row["last"], row["first"]) == pytest.approx((row["similarity"], row["similarity"]), abs=1e-5)


def test_replacements_are_scored_under_the_condition_and_within_the_type(
    tables: Tables, embedding_of: dict[str, np.ndarray], mask_of: dict[str, np.ndarray]
) -> None:
    rows = tables.ask(
        "select p.*, r.attribute, r.kind, r.effect, r.reason, r.replacements "
        "from replacements r join pairs p using (pair_id) where len(r.replacements) > 0"
    )
    type_of = {row["image_id"]: row["label"] for row in tables.ask("select image_id, label from images")}
    changes: dict[tuple[str, str, str], list[float]] = {}
    for row in rows:
        mask = mask_of[row["condition"]]
        after = [expected_score({**row, "query": other}, embedding_of, mask) for other in row["replacements"]]
        changes[row["pair_id"], row["attribute"], row["kind"]] = [
            one - expected_score(row, embedding_of, mask) for one in after
        ]
        assert {type_of[other] for other in row["replacements"]} == {type_of[row["query"]]}
        wanted = 1 if row["kind"] == "removal" else 5
        assert len(after) == wanted or (len(after) < wanted and row["reason"] == "too_few")
    for row in rows:
        key = row["pair_id"], row["attribute"]
        expected = np.mean(changes[*key, row["kind"]])
        if row["kind"] == "matched":
            kept = changes[*key, "matched"]
            expected = np.mean(changes[*key, "deletion"][: len(kept)]) - np.mean(kept)
        assert row["effect"] == pytest.approx(expected, abs=1e-6)
    assert {kind for _, _, kind in changes} == {"removal", "deletion", "insertion", "matched"}
    assert len(rows) > 80


def test_each_kind_has_rows_where_it_applies(tables: Tables) -> None:
    """Deletion and matched where the query counts as having the attribute, insertion elsewhere, removal everywhere."""
    counted = tables.ask(
        "select split, count(*) filter (kind = 'removal') as removal, count(*) filter (kind = 'deletion') as deletion, "
        "count(*) filter (kind = 'insertion') as insertion, count(*) filter (kind = 'matched') as matched, "
        "count(distinct pair_id || '/' || attribute) as places from replacements group by split"
    )
    assert {row["split"] for row in counted} == {"valid", "test"}
    for row in counted:
        assert row["removal"] == row["places"] == row["deletion"] + row["insertion"] == 24 * 5
        assert row["deletion"] == row["matched"] > 24
    both = "select count(*) n from replacements d join replacements i using (pair_id, attribute) "
    assert tables.ask(both + "where d.kind = 'deletion' and i.kind = 'insertion'") == [{"n": 0}]


def test_rise_passes_follow_queries_alone(tables: Tables) -> None:
    passes = tables.ask("select sum(forward_passes) as n from runtime where stage = 'saliency_maps.test.rise.fixed'")
    queries = tables.ask(
        "select count(distinct query) as q, count(distinct condition) as c from pairs where split = 'test'"
    )
    assert queries[0]["c"] == 3
    assert passes[0]["n"] == 24 * queries[0]["q"] == 24 * 12


def test_maps_of_one_query_differ_by_condition_and_reference(run: FinishedRun) -> None:
    maps = stored(run, "saliency_maps.test.rise.fixed", "maps", "maps").astype(np.float64)
    flat = maps.reshape(*maps.shape[:2], -1)
    correlations = [np.corrcoef(one)[0, 1] for one in flat if np.isfinite(one).all()]
    assert len(correlations) == 12
    assert min(correlations) < 0.999


def test_figures_of_the_model_have_n_and_intervals(tables: Tables) -> None:
    rows = tables.ask("select * from metrics where table_name = 'similarity_model' and variant is not null")
    assert {(row["variant"], row["metric"]) for row in rows} == {
        (variant, metric)
        for variant in ("type_aware", "general")
        for metric in ("fill_in_the_blank_accuracy", "compatibility_auc")
    }
    for row in rows:
        assert row["n"] == 12
        assert row["ci_low"] <= row["value"] <= row["ci_high"]
        assert (row["dataset"], row["unit"]) == ("polyvore_outfits", "share")


def test_figures_follow_from_the_questions_and_outfits_that_are_kept(
    tables: Tables, embedding_of: dict[str, np.ndarray], mask_of: dict[str, np.ndarray]
) -> None:
    types = {row["image_id"]: row["label"] for row in tables.ask("select image_id, label from images")}
    ids = list(types)
    place = {image_id: number for number, image_id in enumerate(ids)}
    embeddings = np.stack([embedding_of[image_id] for image_id in ids])
    masks = {(name.split("|")[0], name.split("|")[1]): mask for name, mask in mask_of.items()}
    outfits = tables.ask("select * from replaced_outfits where variant = 'type_aware'")
    kinds = [types[image_id] for image_id in ids]
    for row in outfits:
        for column, score in (("items", "score"), ("replacements", "replaced_score")):
            found = oracle.outfit_score(embeddings, kinds, masks, [place[item] for item in row[column]])
            assert row[score] == pytest.approx(found, abs=1e-6)
    area = oracle.area_under_curve([row["score"] for row in outfits], [row["replaced_score"] for row in outfits])
    figures = {
        row["metric"]: row["value"]
        for row in tables.ask("select * from metrics where table_name = 'similarity_model' and variant = 'type_aware'")
    }
    assert figures["compatibility_auc"] == pytest.approx(area)
    questions = tables.ask("select * from blank_questions where variant = 'type_aware'")
    worn = {row["outfit_id"]: row["items"] for row in tables.ask("select * from outfits where split = 'test'")}
    for row in questions:
        shown = [place[item] for item in worn[row["outfit_id"]] if item != row["choices"][0]]
        choices = [place[item] for item in row["choices"]]
        assert row["scores"] == pytest.approx(oracle.choice_scores(embeddings, kinds, masks, shown, choices), abs=1e-6)
    right = [row["scores"][0] == max(row["scores"]) for row in questions]
    assert figures["fill_in_the_blank_accuracy"] == pytest.approx(np.mean(right))


def costs_of(run: FinishedRun, *overrides: str) -> dict[str, StageCost]:
    settings = run.settings("store.root=elsewhere", *overrides)
    store = ArtifactStore(settings.store.root)
    plans = plan_stages(build_stages(settings), store)
    costs = RunCosts(store, 1, "none", lambda line: None).of_seed(settings, plans)
    return {cost.plan.stage.name: cost for cost in costs}


def test_passes_are_known_before_a_run(run: FinishedRun, tables: Tables) -> None:
    costs = costs_of(run)
    recorded = tables.ask(
        "select stage, sum(forward_passes) as f, sum(training_passes) as t from runtime group by stage"
    )
    for row in recorded:
        cost = costs[row["stage"]]
        assert cost.training_passes == row["t"], row["stage"]
        # Maps may rank alike, and not every item can be cut from its ground: these two are bounds.
        if row["stage"].startswith("faithfulness.rise") or row["stage"] == "edit_effects.test":
            assert cost.is_upper_bound
            assert cost.forward_passes >= row["f"], row["stage"]
        else:
            assert cost.forward_passes == row["f"], row["stage"]
    assert costs["similarity_model"].training_passes == 2 * 3 * 40
    # What no formula tells is unknown, not nothing.
    assert costs["similarity_model"].bytes is costs["compatibility"].bytes is None


def test_nothing_is_stale_and_changes_reach_what_they_should(run: FinishedRun) -> None:
    shown = ("similarities", "pair_pages", "report")
    assert {row["state"] for name, row in run.status().items() if not name.startswith(shown)} == {"current"}
    changed = run.status("similarity_model.negatives=5")
    assert changed["similarity_model"]["state"] == "stale"
    # What no triplet asks for is no setting of this model.
    same = run.status("similarity_model.images_per_class=2", "similarity_model.objective=triplet")
    assert same["similarity_model"]["state"] == "current"


def test_a_plain_model_knows_no_conditions(run: FinishedRun, tmp_path: Path) -> None:
    settings = run.settings(*PLAIN, f"store.root={tmp_path}")
    stages = {stage.name: stage for stage in build_stages(settings)}
    assert not any("has_conditions" in stage.settings for stage in stages.values())
    assert "negatives" not in stages["similarity_model"].settings
    run_quietly(settings, until="similarities.test")
    run_quietly(settings, until="compatibility")
    store = ArtifactStore(str(tmp_path))
    manifest = store.latest_manifest("similarity_model")
    assert manifest is not None
    assert set(store.read_commits(manifest)[0].parts) == {"model", "training_history"}
    variants = Tables(settings).ask("select distinct variant from compatibility_metrics where variant is not null")
    assert variants == [{"variant": "general"}]


def test_a_dataset_without_outfits_is_refused(tmp_path: Path) -> None:
    planted = FinishedRun(write_config(tmp_path))
    with pytest.raises(BadSetting, match="(?s)dataset of outfits.*type_aware"):
        build_stages(planted.settings("similarity_model.kind=type_aware"))


def test_shards_of_two_splits_that_hold_the_same_items_stay_apart(tmp_path: Path) -> None:
    config = write_outfit_config(tmp_path)
    release = tmp_path / "release"
    for split, source in (("train", "train"), ("valid", "valid"), ("test", "valid")):
        outfits = json.loads((release / "disjoint" / f"{source}.json").read_text())
        renamed = [{**outfit, "set_id": f"{split}-{number}"} for number, outfit in enumerate(outfits)]
        write_json(release / "nondisjoint" / f"{split}.json", renamed)
    run = FinishedRun(config)
    options = ("dataset.outfit_splits=nondisjoint", "similarity_model.epochs=1")
    run.run(*options, until="compatibility")
    store = ArtifactStore(str(run.store))
    assert len(set(run.manifest("embeddings").shard_keys)) == len(run.manifest("images").shard_keys)
    for stage, part in (("images", "images"), ("embeddings", "image_embeddings")):
        commits = store.read_commits(run.manifest(stage))
        for commit in commits:
            splits = set(store.read_part_table(commit, part)["split"].to_pylist())
            assert splits == {commit.shard_label.partition("/")[0]}
    # Without the split in the key the second of two equal shards would be the first.
    by_label = {
        commit.shard_label: commit.parts["pixels"].digest for commit in store.read_commits(run.manifest("images"))
    }
    assert len(set(by_label.values())) < len(by_label)
