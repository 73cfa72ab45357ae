"""Maps of parts on a store made by hand: maps that are regions, that follow their reference, and that do not."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tests.oracles.map_protocols as oracle
from flows.engine.shard_task import Device, JobInputs, ShardTask
from flows.engine.stage import ShardPlan, Stage
from flows.engine.upstream import Upstream
from flows.jobs import attribute_regions, map_parts
from flows.stages.map_parts import REGIONS, cut_attribute_regions, cut_map_parts
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
NAME = "map_parts.rise.fixed"
QUERIES = ("test_00003", "test_00007")
# Of both queries the first two references have different best attributes; that of the third is below the floor.
REFERENCES = 3
FACTORS = ("body_colour", "trim_colour", "background")


def attribute_of(query: str, factor: str) -> str:
    return next(name for name in sample_item(SPEC, query).attributes if name.startswith(f"{factor}:"))


def pairs() -> list[tuple[str, str, str, int]]:
    """Return id, query, best attribute and row of each pair."""
    return [
        (f"p{REFERENCES * number + slot}", query, attribute_of(query, FACTORS[slot]), REFERENCES * number + slot)
        for number, query in enumerate(QUERIES)
        for slot in range(REFERENCES)
    ]


def effects(pair_id: str, query: str, best: str, size: float) -> list[dict[str, Any]]:
    measured = {name: 0.001 * place for place, name in enumerate(sample_item(SPEC, query).attributes)}
    measured[best] = 0.015 if int(pair_id[1:]) % REFERENCES == 2 else size
    known = {"pair_id": pair_id, "split": "test", "effect_angle": 0.0, "group": 0, "is_driver": False}
    rows = [{"attribute": name, "present": True, "effect": effect} for name, effect in measured.items()]
    # An absent attribute would be best, and is no candidate.
    rows.append({"attribute": "part:absent", "present": False, "effect": 9.0})
    return [{**known, "in_reference": False, **row} for row in rows]


def map_of(pair_id: str, query: str, best: str) -> np.ndarray:
    """The first query's maps are the regions of what is best, the second's do not depend on the reference."""
    if query == QUERIES[0]:
        return changed_region(SPEC, query, best).astype(np.float32)
    return np.random.default_rng(0).random((32, 32)).astype(np.float16).astype(np.float32)


def upstream_of(root: Path, size: float = 0.5, null: float = 0.0) -> Upstream:
    store = ArtifactStore(str(root))
    stored = np.stack([map_of(*pair[:3]) for pair in pairs()]).reshape(2, REFERENCES, 32, 32).astype(np.float16)
    rows = [
        {"pair_id": pair_id, "query": query, "reference": f"r{row}", "row": row, "map_sha256": "0" * 64}
        for pair_id, query, _, row in pairs()
    ]
    arrays = ArraysPart({"maps": stored}, {"maps": ("query", "slot", "y", "x")})
    measured = [row for pair in pairs() for row in effects(*pair[:3], size)]
    nulls = [{"pair_id": "p0", "effect": null}]
    stages: dict[str, Any] = {
        MAPS: {"aa": {"maps": arrays, "map_rows": table("map_rows", rows)}},
        "true_effects.test": {
            "all": {"true_effects": table("true_effects", measured), "null_effects": table("null_effects", nulls)}
        },
    }
    # A shard of regions for each query, in another order than the maps'.
    for number, query in enumerate(reversed(QUERIES)):
        work, name = {"queries": [query]}, f"{number}{query}"
        made = attribute_regions.run(inputs_of(REGIONS, {"dataset": DATASET}, work, Upstream(store, {})))
        stages.setdefault(REGIONS, {})[name] = made.parts
    return Upstream(store, {stage: fill(store, stage, parts) for stage, parts in stages.items()})


def inputs_of(stage: str, settings: dict[str, Any], work: Any, upstream: Upstream) -> JobInputs:
    tables = tuple(SCHEMAS[name] for name in ("map_parts", "target_sensitivity", "attribute_region_rows"))
    device = Device("cpu", 1, 1)
    task = ShardTask("", stage, "job", "0" * 64, "aa", settings, {}, work, {}, device, "", tables)
    return JobInputs(task, upstream)


SETTINGS = {"maps": MAPS, "generator": "rise", "mode": "fixed"}


def planned(upstream: Upstream) -> ShardPlan:
    stage = Stage(NAME, "map_parts", SETTINGS, (), (MAPS, "true_effects.test", REGIONS), cut_map_parts)
    (shard,) = cut_map_parts(upstream, stage)
    return shard


def assert_rows(upstream: Upstream, module=map_parts) -> None:
    result = module.run(inputs_of(NAME, SETTINGS, planned(upstream).work, upstream))
    rows = {row["pair_id"]: row for row in result.parts["map_parts"].table.to_pylist()}
    assert list(rows) == [pair[0] for pair in pairs()]
    for pair_id, query, best, _ in pairs():
        own = {row["attribute"]: row["effect"] for row in effects(pair_id, query, best, 0.5) if row["present"]}
        regions = {name: changed_region(SPEC, query, name) for name in own}
        saliency = map_of(pair_id, query, best)
        masses = [oracle.mass(saliency, region) for region in regions.values()]
        expected = oracle.spearman(masses, list(own.values()))
        assert rows[pair_id]["mass_rank_correlation"] == pytest.approx(expected)
        # Nothing is above half of the image but the background, the third pairs' best.
        is_scored = regions[best].mean() <= 0.5
        assert is_scored == (not best.startswith("background"))
        for measure, oracle_measure in (
            ("relevance_mass_accuracy", oracle.mass),
            ("relevance_rank_accuracy", rank_accuracy),
        ):
            found = oracle_measure(saliency, regions[best]) if is_scored else None
            assert rows[pair_id][measure] == (found if found is None else pytest.approx(found))
        idle = oracle.idle_pixels(list(regions.values()), list(own.values()), 0.02)
        assert rows[pair_id]["mass_without_effect"] == pytest.approx(oracle.mass(saliency, idle), abs=1e-6)
    assert rows["p0"]["relevance_mass_accuracy"] == rows["p0"]["relevance_rank_accuracy"] == 1
    assert_moves(result.parts["target_sensitivity"].table.to_pylist())


def rank_accuracy(saliency: np.ndarray, region: np.ndarray) -> float:
    """Where no pixels tie: the region's share of its size's most salient pixels; of a region's own map all."""
    if set(np.unique(saliency)) == {0, 1}:
        return 1.0
    k = int(region.sum())
    threshold = np.sort(saliency.ravel())[-k]
    above, tied = saliency > threshold, saliency == threshold
    return float((above & region).sum() + (k - above.sum()) * region[tied].mean()) / k


def assert_moves(found: list[dict[str, Any]]) -> None:
    # The third pair of each query matters no more than a null edit: it tells nothing.
    assert [(row["pair_id"], row["other_pair_id"]) for row in found] == [("p0", "p1"), ("p3", "p4")]
    follows, stays = found
    first, second = (attribute_of(QUERIES[0], factor) for factor in FACTORS[:2])
    assert (follows["attribute"], follows["other_attribute"]) == (first, second)
    regions = [changed_region(SPEC, QUERIES[0], name) for name in (first, second)]
    expected = oracle.moved(*(region.astype(float) for region in regions), *regions)
    assert expected > 0.1
    assert follows["moved_mass"] == pytest.approx(expected)
    assert follows["is_right_move"] == 1
    assert (stays["moved_mass"], stays["is_right_move"]) == (0, 0.5)


def test_maps_are_measured_against_every_region_and_follow_or_stay(tmp_path: Path) -> None:
    assert_rows(upstream_of(tmp_path))


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('maps_nyx[pair["row"]]', 'maps_nyx[pair["row"] - 1]'),
        ("if pair.effects[pair.best] > floor]", "]"),
        ("moved_mass(pair.map_hw, other.map_hw, *regions)", "moved_mass(other.map_hw, pair.map_hw, *regions)"),
        ("if is_scored else math.nan", "if True else math.nan"),
        ("return max(self.effects,", "return min(self.effects,"),
        ("if pair.best == other.best:", "if pair.best != other.best:"),
    ],
    ids=["another map", "pairs that tell nothing", "the other way", "large regions", "the worst", "alike"],
)
def test_a_broken_copy_is_noticed(tmp_path: Path, right: str, wrong: str) -> None:
    broken = broken_copy(map_parts, tmp_path, right, wrong)
    with pytest.raises((AssertionError, ValueError)):
        assert_rows(upstream_of(tmp_path / "store"), broken)


def test_a_shard_depends_on_maps_effects_floor_and_regions(tmp_path: Path) -> None:
    plain, other, floor = (
        planned(upstream_of(tmp_path / name, size, null)).inputs
        for name, size, null in (("a", 0.5, 0.0), ("b", 0.6, 0.0), ("c", 0.5, 0.3))
    )
    assert plain.keys() == {"maps", "effects", "regions"}
    assert plain["effects"] != other["effects"]
    assert plain["effects"] != floor["effects"]
    assert (plain["maps"], plain["regions"]) == (other["maps"], other["regions"]) == (floor["maps"], floor["regions"])


def test_regions_are_cut_by_queries_and_depend_on_nothing_else(tmp_path: Path) -> None:
    store = ArtifactStore(str(tmp_path))
    known = {"split": "test", "is_match": True, "condition": None, "negatives": None}
    rows = [{"pair_id": pair_id, "query": query, "reference": f"r{row}", **known} for pair_id, query, _, row in pairs()]
    upstream = Upstream(store, {"pairs.test": fill(store, "pairs.test", {"all": {"pairs": table("pairs", rows)}})})
    stage = Stage(REGIONS, "job", {"dataset": DATASET}, (), ("pairs.test",), cut_attribute_regions)
    shards = cut_attribute_regions(upstream, stage)
    assert sorted(query for shard in shards for query in shard.work["queries"]) == sorted(QUERIES)
    assert all(shard.inputs.keys() == {"queries"} for shard in shards)
