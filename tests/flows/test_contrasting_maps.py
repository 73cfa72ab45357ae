"""Maps that contrast a match with images of another class, in whole runs: of items, and under conditions."""

from pathlib import Path

import numpy as np
import pytest

from flows.costs.estimate import RunCosts, StageCost
from flows.engine.plan_graph import plan_stages
from flows.engine.upstream import Upstream
from flows.stages.graph import build_stages
from flows.stages.negatives import NegativesOfPairs
from pipeline.networks import fold_batch_norms
from pipeline.similarity.networks import build_embedding_network, load_network_state
from stores.artifacts import ArtifactStore
from tests.flows.fake_outfits import write_outfit_config
from tests.flows.planted_config import write_config
from tests.flows.run_cases import FinishedRun, Tables
from tests.oracles import layer_attention as oracle
from tests.oracles.type_aware import projection

ASKED = 'saliency.generators=["rise", "similarity_attention", "grad_cam"]'
MAPS = "saliency_maps.test.similarity_attention."


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    finished = FinishedRun(write_config(tmp_path_factory.mktemp("planted")))
    for stage in ("siamese", "triplet", "quadruplet"):
        finished.run(ASKED, until=f"{MAPS}{stage}")
    finished.run(ASKED, until="saliency_maps.test.grad_cam.fixed")
    return finished


@pytest.fixture(scope="module")
def outfits(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    finished = FinishedRun(write_outfit_config(tmp_path_factory.mktemp("outfits")))
    finished.run(ASKED, until=f"{MAPS}quadruplet")
    return finished


def stored(run: FinishedRun, stage: str, part: str, name: str) -> np.ndarray:
    store = ArtifactStore(str(run.store))
    commits = store.read_commits(run.manifest(stage))
    return np.concatenate([store.read_part_arrays(commit, part, [name])[name] for commit in commits])


def embeddings_by_id(run: FinishedRun, tables: Tables) -> dict[str, np.ndarray]:
    ids = [row["image_id"] for row in tables.ask("select image_id from image_embeddings where split = 'test'")]
    every = stored(run, "embeddings", "embeddings", "embeddings").astype(np.float64)
    # Splits come in the order train, valid, test.
    return dict(zip(ids, every[-len(ids) :], strict=True))


def test_planted_negatives_are_the_nearest_images_that_do_not_match(planted: FinishedRun) -> None:
    tables = Tables(planted.settings(ASKED))
    vectors = embeddings_by_id(planted, tables)
    targets = {
        row["image_id"]: np.array(row["similarity_target"]) / np.linalg.norm(row["similarity_target"])
        for row in tables.ask("select image_id, similarity_target from images where split = 'test'")
    }
    rows = tables.ask("select n.*, p.query as q from negatives n join pairs p using (pair_id) order by pair_id, rank")
    assert len(rows) == 2 * 24
    threshold = planted.settings(ASKED).pairs.match_threshold
    for first, second in zip(rows[::2], rows[1::2], strict=True):
        query = first["q"]
        assert (first["query"], first["rank"], second["rank"]) == (query, 1, 2)
        others = [image for image in targets if targets[image] @ targets[query] < threshold]
        likest = sorted((float(vectors[image] @ vectors[query]) for image in others), reverse=True)[:2]
        assert [first["similarity"], second["similarity"]] == pytest.approx(likest, abs=1e-6)
        assert {first["image_id"], second["image_id"]} <= set(others)


def test_outfit_negatives_are_of_the_references_type_and_worn_with_neither(outfits: FinishedRun) -> None:
    tables = Tables(outfits.settings(ASKED))
    vectors = embeddings_by_id(outfits, tables)
    rows = tables.ask(
        "select n.*, p.condition, a.label as found_type, b.label as reference_type from negatives n "
        "join pairs p using (pair_id) join images a on a.image_id = n.image_id "
        "join images b on b.image_id = p.reference"
    )
    together = [set(row["items"]) for row in tables.ask("select items from outfits")]
    masks = dict(
        zip(
            [row["condition"] for row in tables.ask("select condition from conditions order by position")],
            stored(outfits, "similarity_model", "condition_masks", "masks").astype(np.float64),
            strict=True,
        )
    )
    assert len(rows) == 2 * 24
    for row in rows:
        assert row["found_type"] == row["reference_type"]
        assert not any({row["query"], row["image_id"]} <= outfit for outfit in together)
        mask = masks[row["condition"]]
        score = projection(vectors[row["query"]], mask) @ projection(vectors[row["image_id"]], mask)
        assert row["similarity"] == pytest.approx(float(score), abs=1e-6)


def test_a_stored_map_is_the_oracles_under_its_condition_with_its_own_negatives(outfits: FinishedRun) -> None:
    # End to end: the pair's row leads to its map, its negatives and its mask.
    tables = Tables(outfits.settings(ASKED))
    vectors = embeddings_by_id(outfits, tables)
    names = [row["condition"] for row in tables.ask("select condition from conditions order by position")]
    masks = stored(outfits, "similarity_model", "condition_masks", "masks")
    store = ArtifactStore(str(outfits.store))
    stage = f"{MAPS}quadruplet"
    commit = store.read_commits(outfits.manifest(stage))[0]
    largest = {row["pair_id"]: row["value"] for row in store.read_part_table(commit, "map_notes").to_pylist()}
    row = max(store.read_part_table(commit, "map_rows").to_pylist(), key=lambda row: largest[row["pair_id"]])
    maps = store.read_part_arrays(commit, "maps", ["maps"])["maps"]
    map_hw = maps.reshape(-1, *maps.shape[2:])[row["row"]].astype(np.float64)
    [pair] = tables.ask(f"select * from pairs where pair_id = '{row['pair_id']}'")
    found = tables.ask(f"select image_id from negatives where pair_id = '{row['pair_id']}' order by rank")
    mask = masks[names.index(pair["condition"])].astype(np.float64)
    pixels = dict(
        zip(
            [one["image_id"] for one in tables.ask("select image_id from images where split = 'test'")],
            stored(outfits, "images", "pixels", "pixels")[-len(vectors) :],
            strict=True,
        )
    )
    tensors, metadata = store.read_part_tensors(store.read_commits(outfits.manifest("similarity_model"))[0], "model")
    network = build_embedding_network(metadata["network"], int(metadata["embedding_dim"]))
    load_network_state(network, tensors, "test")
    native = oracle.one_map(
        fold_batch_norms(network),
        "0",
        "quadruplet",
        pixels[pair["query"]],
        projection(vectors[pair["reference"]], mask),
        mask,
        [projection(vectors[one["image_id"]], mask) for one in found],
    )
    assert native.max() == pytest.approx(largest[row["pair_id"]], rel=1e-3)
    np.testing.assert_allclose(map_hw, oracle.enlarged(native / native.max(), 32), atol=2e-3)


def test_passes_are_one_a_query_and_foreseen(planted: FinishedRun) -> None:
    settings = planted.settings(ASKED, "store.root=elsewhere")
    store = ArtifactStore(settings.store.root)
    costs = RunCosts(store, 1, "none", lambda line: None).of_seed(settings, plan_stages(build_stages(settings), store))
    foreseen: dict[str, StageCost] = {cost.plan.stage.name: cost for cost in costs}
    rows = planted.query(
        "select stage, sum(forward_passes) as f, sum(training_passes) as t from runtime "
        "where stage like '%attention%' or stage like '%grad_cam%' or stage like 'negatives%' group by stage",
        ASKED,
    )
    assert len(rows) == 5
    [queries] = planted.query("select count(distinct query) as n from pairs where split = 'test'", ASKED)
    for row in rows:
        cost = foreseen[row["stage"]]
        assert (cost.forward_passes, cost.training_passes) == (row["f"], row["t"])
        assert row["t"] == (0 if row["stage"] == "negatives.test" else queries["n"])
        assert not cost.is_upper_bound


def test_a_shard_depends_on_the_embeddings_of_its_own_negatives(planted: FinishedRun) -> None:
    store = ArtifactStore(str(planted.store))
    names = ("negatives.test", "embeddings")
    upstream = Upstream(store, {name: planted.manifest(name) for name in names})
    rows = upstream.rows("negatives.test", "negatives")
    negatives = NegativesOfPairs(upstream)
    inputs, work = negatives.add_to({}, {"pairs": [{"pair_id": rows[0]["pair_id"]}], "embedding_shards": {}})
    chosen = [row["image_id"] for row in rows if row["pair_id"] == rows[0]["pair_id"]]
    assert work["negatives"] == {rows[0]["pair_id"]: chosen}
    assert set(work["embedding_shards"]) == set(chosen)
    other = next(row for row in rows if row["image_id"] not in chosen)
    others, _ = negatives.add_to({}, {"pairs": [{"pair_id": other["pair_id"]}], "embedding_shards": {}})
    assert others != inputs


def test_negatives_are_sought_only_where_a_mode_asks_for_them(planted: FinishedRun) -> None:
    siamese = planted.status(ASKED, 'saliency.similarity_attention.modes=["siamese"]')
    assert "negatives.test" not in siamese
    # What does not contrast does not depend on them.
    assert siamese[f"{MAPS}siamese"]["state"] == "current"
    asked = planted.status(ASKED)
    assert asked["negatives.test"]["state"] == asked[f"{MAPS}triplet"]["state"] == "current"


def test_a_layer_that_is_not_there_fails_with_the_layers_that_are(planted: FinishedRun, tmp_path: Path) -> None:
    copy = planted.copy_to(tmp_path / "copy")
    with pytest.raises(Exception, match=r"(?s)0\.0\.0, 0\.1\.conv1.*\[saliency\.grad_cam\] layer"):
        copy.run(ASKED, 'saliency.grad_cam.layer="0.9"', until="saliency_maps.test.grad_cam.fixed")
