"""Localisation on a store made by hand: maps that are the region, that avoid it, and that know nothing of it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tests.oracles.audit as oracle
from flows.engine.shard_task import Device, JobInputs, ShardTask
from flows.engine.stage import ShardPlan, Stage
from flows.engine.upstream import Upstream
from flows.jobs import map_localisation
from flows.stages import map_localisation as localisation
from pipeline.datasets.planted.edits import changed_region
from pipeline.datasets.planted.items import sample_item
from pipeline.datasets.planted.spec import planted_spec
from stores.artifacts import ArtifactStore
from stores.parts import ArraysPart
from tests.flows.jobs.small_store import fill, table
from tests.pipeline.evaluation.broken_copy import broken_copy
from tests.table_schemas import SCHEMAS

DATASET = {"seed": 0, "image_size_px": 32, "distractor_correlation": 0.8}
SPEC = planted_spec(DATASET)
MAPS = "saliency_maps.test.rise.fixed"
# Two shards; the first query of the first has one reference fewer than the second.
PAIRS = {
    "aa": [("p0", "test_00000", "body_colour", 0), ("p1", "test_00001", "part", 2), ("p2", "test_00001", "pattern", 3)],
    "bb": [("p3", "test_00002", "background", 0), ("p4", "test_00002", "body_colour", 1)],
}


def attribute_of(query: str, factor: str) -> str:
    return next(name for name in sample_item(SPEC, query).attributes if name.startswith(f"{factor}:"))


def maps_of(regions: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    noise = np.random.default_rng(0).random((32, 32))
    # As many levels as float16 holds without rounding, so that the oracle sees the same ties.
    coarse = np.floor(noise * 16)
    return {"p0": regions["p0"], "p1": 0.0 - regions["p1"], "p2": coarse, "p3": noise, "p4": np.zeros((32, 32))}


def effects(leader: str, size: float) -> list[dict[str, Any]]:
    """The named attribute of each pair leads by `size`; an absent one would lead by more, and is no candidate."""
    rows = []
    for pair_id, query, factor, _ in (pair for pairs in PAIRS.values() for pair in pairs):
        item = sample_item(SPEC, query)
        best = attribute_of(query, factor if pair_id != "p4" or not leader else leader)
        measured = [(name, True, size if name == best else 0.01) for name in item.attributes]
        for name, present, effect in [*measured, ("part:absent", False, 9.0)]:
            known = {"pair_id": pair_id, "split": "test", "attribute": name, "present": present, "effect": effect}
            rows.append({**known, "effect_angle": effect, "group": 0, "is_driver": False, "in_reference": False})
    return rows


@pytest.fixture
def regions() -> dict[str, np.ndarray]:
    return {
        pair_id: changed_region(SPEC, query, attribute_of(query, factor))
        for pairs in PAIRS.values()
        for pair_id, query, factor, _ in pairs
    }


def upstream_of(root: Path, regions: dict[str, np.ndarray], leader: str = "", size: float = 0.5) -> Upstream:
    maps = maps_of(regions)
    shards = {}
    for label, pairs in PAIRS.items():
        stored = np.full((2, 2, 32, 32), np.nan, np.float16)
        rows = []
        for pair_id, query, _, row in pairs:
            stored.reshape(-1, 32, 32)[row] = maps[pair_id]
            known = {"pair_id": pair_id, "query": query, "reference": f"r{row}", "row": row}
            rows.append({**known, "map_sha256": "0" * 64})
        arrays = ArraysPart({"maps": stored}, {"maps": ("query", "slot", "y", "x")})
        shards[label] = {"maps": arrays, "map_rows": table("map_rows", rows)}
    store = ArtifactStore(str(root))
    true_effects = {"all": {"true_effects": table("true_effects", effects(leader, size))}}
    stages = {MAPS: shards, "true_effects.test": true_effects}
    return Upstream(store, {stage: fill(store, stage, parts) for stage, parts in stages.items()})


def planned(upstream: Upstream) -> list[ShardPlan]:
    values = {"maps": MAPS, "generator": "rise", "mode": "fixed", "dataset": DATASET}
    stage = Stage("map_localisation.rise.fixed", "map_localisation", values, (), (MAPS, "true_effects.test"), planned)
    return localisation.cut_map_localisation(upstream, stage)


def rows_of(upstream: Upstream, module=map_localisation) -> dict[str, dict[str, Any]]:
    values = {"maps": MAPS, "generator": "rise", "mode": "fixed", "dataset": DATASET}
    rows = []
    for shard in planned(upstream):
        name = "map_localisation.rise.fixed"
        device = Device("cpu", 1, 1)
        tables = (SCHEMAS["map_localisation"],)
        task = ShardTask(
            "",
            name,
            "flows.jobs.map_localisation",
            "0" * 64,
            shard.label,
            values,
            {},
            shard.work,
            {},
            device,
            "",
            tables,
        )
        result = module.run(JobInputs(task, upstream))
        found = result.parts["map_localisation"].table.to_pylist()
        assert result.counts == {"images": len({pair["query"] for pair in shard.work["pairs"]}), "pairs": len(found)}
        rows += found
    return {row["pair_id"]: row for row in rows}


def assert_rows(upstream: Upstream, regions: dict[str, np.ndarray], module=map_localisation) -> None:
    rows = rows_of(upstream, module)
    assert list(rows) == ["p0", "p1", "p2", "p3", "p4"]
    for pairs in PAIRS.values():
        for pair_id, query, factor, _ in pairs:
            assert rows[pair_id]["attribute"] == attribute_of(query, factor)
            assert rows[pair_id]["region_share"] == regions[pair_id].mean()
            assert (rows[pair_id]["generator"], rows[pair_id]["mode"]) == ("rise", "fixed")
    measures = {name: (row["auroc"], row["pointing_hit"]) for name, row in rows.items()}
    assert measures["p0"] == (1.0, 1.0)
    assert measures["p1"] == (0.0, 0.0)
    coarse, region = maps_of(regions)["p2"], regions["p2"]
    assert measures["p2"][0] == pytest.approx(oracle.auroc(coarse.ravel().tolist(), region.ravel().tolist()))
    # Several pixels share the peak.
    assert measures["p2"][1] == pytest.approx(region[coarse == coarse.max()].mean())
    assert 0 < measures["p2"][1] < 1
    assert measures["p3"] == (None, None)
    assert rows["p3"]["region_share"] > 0.5
    assert measures["p4"] == (0.5, pytest.approx(regions["p4"].mean()))


def test_a_map_of_the_region_finds_it_and_its_negative_does_not(tmp_path: Path, regions: dict[str, np.ndarray]) -> None:
    assert_rows(upstream_of(tmp_path, regions), regions)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('maps_nyx[pair["row"]]', "maps_nyx[len(rows)]"),
        ('asked = (pair["query"], pair["attribute"])', 'asked = (pairs[0]["query"], pair["attribute"])'),
    ],
    ids=["map of another row", "another query"],
)
def test_a_broken_copy_is_noticed(tmp_path: Path, regions: dict[str, np.ndarray], right: str, wrong: str) -> None:
    broken = broken_copy(map_localisation, tmp_path, right, wrong)
    with pytest.raises((AssertionError, IndexError)):
        assert_rows(upstream_of(tmp_path / "store", regions), regions, broken)


def test_a_shard_depends_on_which_attribute_is_best_and_not_on_its_effect(
    tmp_path: Path, regions: dict[str, np.ndarray]
) -> None:
    first, larger, other = (
        planned(upstream_of(tmp_path / name, regions, leader, size))
        for name, leader, size in (("a", "", 0.5), ("b", "", 0.7), ("c", "pattern", 0.5))
    )
    assert [shard.inputs for shard in first] == [shard.inputs for shard in larger]
    assert first[0].inputs == other[0].inputs
    assert first[1].inputs["maps"] == other[1].inputs["maps"]
    assert first[1].inputs["best_attributes"] != other[1].inputs["best_attributes"]
    assert [shard.work["maps_shard"] for shard in first] == [f"{number:064x}" for number in range(2)]
