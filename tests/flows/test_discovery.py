"""Discovery in whole runs: passes an image, what stays current, what labels say, and every method."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks.plan_accuracy import StageFigures, passes_disagree
from flows.stages.discovered_labels import cut_discovered_vocabulary
from flows.stages.discovery import discovery_stages
from pipeline.errors import BadDataset
from tests.flows.costs.test_counts import costs_of
from tests.flows.planted_config import write_config
from tests.flows.run_cases import FinishedRun, Tables

FOUND = "discovered_attributes"
MASKS = {"train": 16, "valid": 16, "test": 24}
IMAGES = {"train": 150, "valid": 40, "test": 40}
ENABLED = (
    "discovery.enabled=true",
    "discovery.neighbours=6",
    "discovery.kept=3",
    "discovery.cells=8",
    "discovery.clusters=6",
    "similarity_model.epochs=1",
)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    finished = FinishedRun(write_config(tmp_path_factory.mktemp("discovery")))
    finished.run(*ENABLED, until=FOUND)
    return finished


@pytest.fixture(scope="module")
def tables(run: FinishedRun) -> Tables:
    return Tables(run.settings(*ENABLED))


def passes(run: FinishedRun, stage: str) -> int:
    return int(run.manifest(stage).details["counts"]["forward_passes"])


def test_an_image_is_passed_once_under_the_masks_of_its_split(run: FinishedRun, tables: Tables) -> None:
    for split, images in IMAGES.items():
        assert passes(run, f"discovery_effects.{split}") == MASKS[split] * images
        regions = tables.ask(f"select * from discovered_matches where split = '{split}'")
        assert passes(run, f"discovered_matches.{split}") == len(regions) > 0


def test_what_is_foretold_bounds_what_is_passed(run: FinishedRun, tmp_path: Path) -> None:
    before = costs_of(run.settings(*ENABLED, f"store.root={tmp_path}"))
    for stage in ("discovery_effects.test", "discovered_matches.test"):
        assert before[stage].is_upper_bound
        assert not passes_disagree(before[stage], StageFigures(passes(run, stage), 0, 0, 0.0, 0.0))


def test_regions_are_of_references_that_the_vote_kept(tables: Tables) -> None:
    near = {(row["split"], row["query"], row["reference"]) for row in tables.ask("select * from discovery_neighbours")}
    rows = tables.ask("select * from discovered_matches")
    assert {(row["split"], row["query"], row["reference"]) for row in rows} <= near
    assert all(row["image_id"] == row["reference"] != row["query"] for row in rows)
    by_query = tables.ask("select split, query, count(*) n, max(votes) votes from discovered_matches group by all")
    assert len(by_query) == sum(IMAGES.values())
    assert all(row["n"] == min(row["votes"], 3) for row in by_query)
    assert {row["votes"] for row in by_query} > {1, 2}


def test_an_image_has_every_group_that_its_regions_fall_in(tables: Tables) -> None:
    members = tables.ask(
        "select split, image_id, list_sort(list(distinct attribute)) attributes from discovered_members group by all"
    )
    wanted = {(row["split"], row["image_id"]): row["attributes"] for row in members}
    rows = tables.ask("select * from discovered_labels")
    assert len(rows) == sum(IMAGES.values())
    assert all(wanted.get((row["split"], row["image_id"]), []) == row["attributes"] for row in rows)
    clusters = tables.ask("select * from discovered_clusters order by position")
    assert [row["attribute"] for row in clusters] == [f"cluster-0{number}" for number in range(1, 7)]
    for row in clusters:
        has = [one for one in rows if row["attribute"] in one["attributes"]]
        assert row["train_images"] == sum(one["split"] == "train" for one in has)


@pytest.mark.parametrize(
    ("change", "computed"),
    [
        ("discovery.clusters=5", {FOUND}),
        (
            "discovery.kept=2",
            {"discovered_matches.train", "discovered_matches.valid", "discovered_matches.test", FOUND},
        ),
    ],
)
def test_later_settings_cost_no_pass_under_masks(
    run: FinishedRun, tmp_path: Path, change: str, computed: set[str]
) -> None:
    assert set(run.copy_to(tmp_path / "copy").computed(*ENABLED, change, until=FOUND)) == computed


def test_kept_passes_of_queries_are_not_repeated(run: FinishedRun, tmp_path: Path) -> None:
    copy = run.copy_to(tmp_path / "copy")
    keeping = (*ENABLED, "saliency.rise.keep=true")
    copy.run(*keeping, until=FOUND)
    queries = Tables(copy.settings(*keeping)).ask("select count(distinct query) n from pairs where split = 'test'")[0][
        "n"
    ]
    assert passes(copy, "discovery_effects.test") == MASKS["test"] * (IMAGES["test"] - queries)


@pytest.mark.parametrize("method", ["components", "factors", "full_frame", "random"])
def test_every_method_labels_images(run: FinishedRun, tmp_path: Path, method: str) -> None:
    copy = run.copy_to(tmp_path / "copy")
    asked = (*ENABLED, f"discovery.method={method}", "discovery.queries=20")
    copy.run(*asked, until=FOUND)
    found = Tables(copy.settings(*asked))
    rows = found.ask("select split, attributes from discovered_labels")
    counts = np.array([len(row["attributes"]) for row in rows])
    assert len(rows) == sum(IMAGES.values())
    if method in ("full_frame", "random"):
        assert set(counts) == {1}
    else:
        assert {0, 2} < set(counts)
    assert {row["split"] for row in rows if row["attributes"]} == set(IMAGES)
    if method == "components":
        # Both images have what they match by.
        sides = found.ask("select image_id = query is_query, share from discovered_matches")
        assert {row["is_query"] for row in sides} == {True, False}
        assert all(0.2 <= row["share"] <= 1 for row in sides)


def test_matches_without_a_region_are_refused_in_words(run: FinishedRun, tmp_path: Path) -> None:
    asked = (*ENABLED, "discovery.method=components", "discovery.smallest_share=1", "discovery.queries=4")
    with pytest.raises(BadDataset, match="no region of any match") as refused:
        run.copy_to(tmp_path / "copy").run(*asked, until=FOUND)
    assert "smallest_share" in refused.value.remedy


def test_groups_exclude_each_other_only_where_every_image_has_one() -> None:
    def group_of(attributes: list[list[str]]) -> set[int]:
        names = SimpleNamespace(to_pylist=lambda: ["cluster-01", "cluster-02"])
        rows = [{"image_id": str(n), "split": "train", "attributes": own} for n, own in enumerate(attributes)]
        upstream = SimpleNamespace(table=lambda *_: {"attribute": names}, rows=lambda *_: rows)
        stage = SimpleNamespace(settings={"method": "full_frame"})
        (shard,) = cut_discovered_vocabulary(upstream, stage)  # type: ignore[arg-type]
        return set(shard.work["groups"])

    assert group_of([["cluster-01"], ["cluster-02"], ["cluster-02"]]) == {0}
    # HDBSCAN leaves some images in no group, so that a factor would lack a value for them.
    assert group_of([["cluster-01"], ["cluster-02"], []]) == {-1}


def test_without_discovery_there_is_no_stage_of_it(run: FinishedRun) -> None:
    assert discovery_stages(run.settings()) == []
    # What is there already is left as it is.
    others = [
        name for name, row in run.status(*ENABLED).items() if "discover" not in name and row["state"] == "current"
    ]
    plain = run.status("similarity_model.epochs=1")
    assert others
    assert all(plain[name]["state"] == "current" for name in others)
