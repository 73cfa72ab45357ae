"""Maps against foils in a whole run: which images they are, the passes that modes share, and what stays current."""

import numpy as np
import pytest

from flows.costs.estimate import RunCosts
from flows.engine.plan_graph import plan_stages
from flows.engine.upstream import Upstream
from flows.stages.generator_spec import generator_spec
from flows.stages.graph import build_stages
from pipeline.saliency.build import query_masks
from stores.artifacts import ArtifactStore
from tests.flows.planted_config import write_config
from tests.flows.run_cases import FinishedRun, Tables
from tests.oracles import rise as oracle
from tests.pipeline.saliency.small_models import oracle_masks

CONTRAST = 'saliency.generators=["rise", "similarity_attention"]', 'saliency.similarity_attention.modes=["triplet"]'
FOILS = 'saliency.rise.modes=["fixed", "foil"]', "saliency.rise.foils=3"
TRIPLET, MAPS, KEPT = (
    "saliency_maps.test.similarity_attention.triplet",
    "saliency_maps.test.rise.foil",
    "perturbed_embeddings.test.rise",
)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    """A run of both modes after one of triplets alone."""
    finished = FinishedRun(write_config(tmp_path_factory.mktemp("foils")))
    finished.run(*CONTRAST, until=TRIPLET)
    two = Tables(finished.settings(*CONTRAST)).ask("select * from negatives order by pair_id, rank")
    assert {row["rank"] for row in two} == {1, 2}
    for stage in (MAPS, "saliency_maps.test.rise.fixed"):
        finished.run(*CONTRAST, *FOILS, until=stage)
    more = Tables(finished.settings(*CONTRAST, *FOILS)).ask("select * from negatives order by pair_id, rank")
    assert {row["rank"] for row in more} == {1, 2, 3}
    assert [row for row in more if row["rank"] < 3] == two
    return finished


def test_more_foils_leave_triplets_as_they_are(run: FinishedRun) -> None:
    assert run.computed(*CONTRAST, *FOILS, until=TRIPLET) == {}
    other = run.status(*CONTRAST, FOILS[0], "saliency.rise.foils=4")
    assert other["negatives.test"]["reasons"][0] == "saliency.rise.foils: 3 -> 4"
    assert other[KEPT]["state"] == other["saliency_maps.test.rise.fixed"]["state"] == "current"
    assert other[MAPS]["state"] != "current"


def test_foils_are_asked_for_by_name_only(run: FinishedRun) -> None:
    settings = run.settings('saliency.rise.modes=["fixed", "foil"]')
    assert settings.saliency.rise.foils == 5
    names = {stage.name for stage in build_stages(run.settings(CONTRAST[0]))}
    assert MAPS not in names
    assert MAPS not in {stage.name for stage in build_stages(run.settings())}
    assert type(settings.saliency.rise).model_fields["modes"].default == ["fixed", "both"]


def test_modes_share_one_set_of_passes(run: FinishedRun) -> None:
    settings = run.settings(*CONTRAST, *FOILS)
    [queries] = run.query("select count(distinct query) as n from pairs where split = 'test'", *CONTRAST, *FOILS)
    counts = {name: run.manifest(name).details["counts"] for name in (KEPT, MAPS, "saliency_maps.test.rise.fixed")}
    assert [one["forward_passes"] for one in counts.values()] == [24 * queries["n"], 0, 0]
    fresh = run.settings(*CONTRAST, *FOILS, "store.root=elsewhere")
    store = ArtifactStore(fresh.store.root)
    costs = RunCosts(store, 1, "none", lambda line: None).of_seed(fresh, plan_stages(build_stages(fresh), store))
    foreseen = {cost.plan.stage.name: cost.forward_passes for cost in costs}
    assert {name: foreseen[name] for name in counts} == {name: one["forward_passes"] for name, one in counts.items()}
    alone = run.settings(*CONTRAST, *FOILS, "saliency.rise.keep=false", "store.root=elsewhere")
    costs = RunCosts(store, 1, "none", lambda line: None).of_seed(alone, plan_stages(build_stages(alone), store))
    assert next(cost for cost in costs if cost.plan.stage.name == MAPS).forward_passes == 24 * queries["n"]
    assert settings.saliency.rise.masks == 24


def test_stored_maps_are_the_oracles_of_the_named_foils(run: FinishedRun) -> None:
    settings = run.settings(*CONTRAST, *FOILS)
    tables, store = Tables(settings), ArtifactStore(str(run.store))
    ids = [row["image_id"] for row in tables.ask("select image_id from image_embeddings where split = 'test'")]
    commits = store.read_commits(run.manifest("embeddings"))
    every = np.concatenate([store.read_part_arrays(one, "embeddings")["embeddings"] for one in commits])
    vectors = dict(zip(ids, every[-len(ids) :].astype(np.float64), strict=True))
    upstream = Upstream(store, {KEPT: run.manifest(KEPT), MAPS: run.manifest(MAPS)})
    spec = generator_spec(settings, "rise", "foil")
    masks_nhw = oracle_masks(query_masks("rise", spec, settings.seed, 32))
    checked = 0
    for kept, commit in zip(upstream.commits(KEPT), upstream.commits(MAPS), strict=True):
        embeddings_qnd = store.read_part_arrays(kept, "embeddings")["embeddings"].astype(np.float64)
        queries = [row["query"] for row in store.read_part_table(kept, "queries").to_pylist()]
        maps_qkyx = store.read_part_arrays(commit, "maps")["maps"]
        for row in store.read_part_table(commit, "map_rows").to_pylist():
            unit_nd = embeddings_qnd[queries.index(row["query"])]
            unit_nd = unit_nd / np.linalg.norm(unit_nd, axis=1, keepdims=True)
            named = tables.ask(f"select image_id from negatives where pair_id = '{row['pair_id']}'")
            assert len(named) == 3
            foils = np.mean([unit_nd @ vectors[one["image_id"]] for one in named], axis=0)
            expected = oracle.map_of_scores(unit_nd @ vectors[row["reference"]] - foils, masks_nhw)
            found = maps_qkyx.reshape(-1, 32, 32)[row["row"]]
            assert oracle.worst_share_of_range(found[None], expected[None]) < 2e-3
            alone = oracle.map_of_scores(unit_nd @ vectors[row["reference"]], masks_nhw)
            assert oracle.worst_share_of_range(found[None], alone[None]) > 0.01
            checked += 1
    assert checked == 24
