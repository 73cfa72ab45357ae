"""Maps against parts on a store made by hand: maps that point at the part, away from it, and pairs without one."""

from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from flows.engine.shard_task import Device, JobInputs, ShardTask
from flows.engine.stage import ShardPlan, Stage
from flows.engine.upstream import Upstream
from flows.jobs import part_localisation as job
from flows.stages import part_localisation as stages
from pipeline.evaluation.audit.part_regions import part_region
from stores.artifacts import ArtifactStore
from stores.parts import ArraysPart, Part
from tests.flows.jobs.small_store import fill, table
from tests.pipeline.evaluation.broken_copy import broken_copy
from tests.table_schemas import SCHEMAS

SIZE_PX = 32
MAPS = "saliency_maps.test.rise.fixed"
VALUES = {"maps": MAPS, "generator": "rise", "mode": "fixed", "dataset": "cub200", "fit": "stretch"}
BEAK, WING = "has_bill_shape::dagger", "has_wing_color::blue"
# By shard: pair, query, row among the maps, what answers.
PAIRS = {
    "aa": [("p0", "q0", 0, BEAK), ("p1", "q0", 1, WING), ("p2", "q1", 2, None), ("p6", "q1", 3, BEAK)],
    "bb": [("p3", "q2", 0, "has_size::large"), ("p4", "q2", 2, BEAK), ("p5", "q2", 1, WING)],
}
# On photographs of 200 x 100 px; q2 shows its right wing alone, and no beak.
LOCATIONS = {
    "q0": {"beak": (20, 80), "left wing": (120, 30), "right wing": (160, 60)},
    "q1": {"beak": (100, 50)},
    "q2": {"right wing": (40, 20)},
}
REGIONS = {"p0": [(0.1, 0.8)], "p1": [(0.6, 0.3), (0.8, 0.6)], "p4": [], "p5": [(0.2, 0.2)], "p6": [(0.5, 0.5)]}


def maps() -> dict[str, np.ndarray]:
    found = {pair: part_region(points, SIZE_PX).astype(float) for pair, points in REGIONS.items()}
    noise = np.random.default_rng(0).random((SIZE_PX, SIZE_PX))
    blind = {"p2": noise, "p3": noise, "p4": noise, "p5": np.zeros_like(noise)}
    return {"p0": found["p0"], "p1": -found["p1"], "p6": found["p6"], **blind}


def map_shards() -> dict[str, dict[str, Part]]:
    stored_maps, shards = maps(), {}
    for label, pairs in PAIRS.items():
        stored = np.full((2, 2, SIZE_PX, SIZE_PX), np.nan, np.float16)
        rows = []
        for pair_id, query, row, _ in pairs:
            stored.reshape(-1, SIZE_PX, SIZE_PX)[row] = stored_maps[pair_id]
            known = {"pair_id": pair_id, "query": query, "reference": "r", "row": row}
            rows.append({**known, "map_sha256": f"{row:064x}"})
        arrays = ArraysPart({"maps": stored}, {"maps": ("query", "slot", "y", "x")})
        shards[label] = {"maps": arrays, "map_rows": table("map_rows", rows)}
    return shards


def part_rows(beak_x_px: float) -> list[dict[str, Any]]:
    locations = {**LOCATIONS, "q0": {**LOCATIONS["q0"], "beak": (beak_x_px, 80)}}
    return [
        {"image_id": image, "part": part, "x_px": float(x), "y_px": float(y)}
        for image, located in locations.items()
        for part, (x, y) in located.items()
    ]


def answer_rows(changed: dict[str, str | None]) -> list[dict[str, Any]]:
    named = {pair[0]: pair[3] for pairs in PAIRS.values() for pair in pairs} | changed
    texts = {"split": "test", "variant": "classifier", "presence": "labels", "candidates": 3}
    blank = {column.name: texts.get(column.name) for column in SCHEMAS["answers"].columns}
    return [{**blank, "pair_id": pair_id, "attribute": attribute} for pair_id, attribute in named.items()]


def upstream_of(root: Path, changed: dict[str, str | None] | None = None, beak_x_px: float = 20.0) -> Upstream:
    blank = {"path": "a.jpg", "split": "test", "label": "bird", "attributes": [], "sha256": "", "pixels_sha256": ""}
    images = [{"image_id": image, "width_px": 200, "height_px": 100, **blank} for image in LOCATIONS]
    store = ArtifactStore(str(root))
    of_stages = {
        MAPS: map_shards(),
        "part_locations": {"all": {"part_locations": table("part_locations", part_rows(beak_x_px))}},
        "images": {"test/0": {"images": table("images", images)}},
        "answers": {"all": {"answers": table("answers", answer_rows(changed or {}))}},
    }
    return Upstream(store, {name: fill(store, name, shards) for name, shards in of_stages.items()})


def planned(upstream: Upstream, module: ModuleType = stages) -> list[ShardPlan]:
    stage = Stage("part_localisation.rise.fixed", "part_localisation", VALUES, (), tuple(upstream.manifests), planned)
    found: list[ShardPlan] = module.cut_part_localisation(upstream, stage)
    return found


def check_rows(upstream: Upstream, module: ModuleType = job, cuts: ModuleType = stages) -> None:
    found = []
    for shard in planned(upstream, cuts):
        name, code = "part_localisation.rise.fixed", "flows.jobs.part_localisation"
        tables, device = (SCHEMAS["part_localisation"],), Device("cpu", 1, 1)
        task = ShardTask("", name, code, "0" * 64, shard.label, VALUES, {}, shard.work, {}, device, "", tables)
        found += module.run(JobInputs(task, upstream)).parts["part_localisation"].table.to_pylist()
    rows = {row["pair_id"]: row for row in found}
    # None answers p2, and what answers p3 is of the whole bird.
    assert list(rows) == ["p0", "p1", "p6", "p4", "p5"]
    assert [row["attribute"] for row in rows.values()] == [BEAK, WING, BEAK, BEAK, WING]
    measures = {pair: (row["auroc"], row["pointing_hit"]) for pair, row in rows.items()}
    assert measures["p0"] == measures["p6"] == (1.0, 1.0)
    assert measures["p1"] == (0.0, 0.0)
    assert measures["p4"] == (None, None)
    assert rows["p4"]["region_share"] == 0
    assert measures["p5"] == (0.5, pytest.approx(part_region(REGIONS["p5"], SIZE_PX).mean()))


def test_maps_are_held_against_the_parts_of_what_answers(tmp_path: Path) -> None:
    check_rows(upstream_of(tmp_path))


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('maps[pair["pair_id"]]', "list(maps.values())[0]"),
        ('part_region(pair["points"], len(map_yx))', 'part_region(pair["points"][:1], len(map_yx))'),
    ],
    ids=["map of another pair", "one part alone"],
)
def test_a_broken_job_is_noticed(tmp_path: Path, right: str, wrong: str) -> None:
    with pytest.raises(AssertionError):
        check_rows(upstream_of(tmp_path / "store"), broken_copy(job, tmp_path, right, wrong))


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("if points is not None:", "if points:"),
        ('parts.of(pair["query"], attribute)', 'parts.of(pairs[0]["query"], attribute)'),
    ],
    ids=["pairs without a part in view", "another query"],
)
def test_a_broken_cut_is_noticed(tmp_path: Path, right: str, wrong: str) -> None:
    with pytest.raises(AssertionError):
        check_rows(upstream_of(tmp_path / "store"), cuts=broken_copy(stages, tmp_path, right, wrong))


def test_a_shard_depends_on_its_own_answers_and_parts(tmp_path: Path) -> None:
    first = planned(upstream_of(tmp_path / "a"))
    answered = planned(upstream_of(tmp_path / "b", {"p4": WING}))
    moved = planned(upstream_of(tmp_path / "c", beak_x_px=60.0))
    assert [shard.label for shard in first] == list(PAIRS)
    assert (first[0].inputs == answered[0].inputs, first[1].inputs == answered[1].inputs) == (True, False)
    assert (first[0].inputs == moved[0].inputs, first[1].inputs == moved[1].inputs) == (False, True)
