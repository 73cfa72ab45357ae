"""Further protocols on a small run: off by default, costs as foretold, tables that hold what was measured."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.plan_accuracy import passes_disagree
from flows.configured_runs import configured_runs
from pipeline.datasets.planted.edits import changed_region
from pipeline.datasets.planted.spec import planted_spec
from pipeline.evaluation.map_protocols.sparseness import gini_index
from tests.flows.costs.test_counts import costs_of, recorded
from tests.flows.run_cases import FinishedRun, invoke, states
from tests.oracles import map_protocols as oracle

ASKED = (
    "evaluation.map_protocols=true",
    "evaluation.sensitivity_queries=2",
    'saliency.generators=["rise", "similarity_attention", "centre"]',
    'saliency.similarity_attention.modes=["triplet"]',
)
SHOWN = ("rise.fixed", "similarity_attention.triplet", "centre.fixed")
NEW = {f"{stage}.{shown}" for stage in ("map_protocols", "map_parts") for shown in SHOWN} | {"attribute_regions.test"}


@pytest.fixture(scope="module")
def judged(finished_run: FinishedRun, tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    """A copy of the small run, its maps judged."""
    run = finished_run.copy_to(tmp_path_factory.mktemp("judged") / "copy")
    run.run(*ASKED)
    return run


def test_they_are_off_by_default_and_then_in_no_key(finished_run: FinishedRun) -> None:
    stages = configured_runs(finished_run.settings())[0].stages
    assert not NEW & {stage.name for stage in stages}
    assert not [stage.name for stage in stages if "map_protocols" in stage.settings]


@pytest.mark.slow
def test_passes_are_those_that_a_plan_tells(judged: FinishedRun) -> None:
    costs, real = costs_of(judged.settings(*ASKED, "store.root=elsewhere")), recorded(judged, *ASKED)
    assert set(real) >= NEW
    assert {name for name in NEW if passes_disagree(costs[name], real[name])} == set()
    # Maps that a generator makes of each reference may rank alike.
    bounds = {name for name in NEW if costs[name].is_upper_bound}
    assert bounds == {"map_protocols.rise.fixed", "map_protocols.similarity_attention.triplet"}
    # The blob costs nothing to make again: all its passes judge, and noisy queries get RISE's 24 masks three times.
    queries = judged.query("select count(distinct query) n from pairs where split = 'test'", *ASKED)[0]["n"]
    assert costs["map_protocols.centre.fixed"].forward_passes == queries * (102 + 18)
    assert real["map_protocols.rise.fixed"].forward_passes == 102 * queries + 18 * 24 + 2 * 3 * 24
    assert real["map_protocols.similarity_attention.triplet"].training_passes == 2 * 3
    rendered = judged.query("select sum(images) n from runtime where stage = 'attribute_regions.test'", *ASKED)
    assert costs["attribute_regions.test"].images == rendered[0]["n"] > 0


@pytest.mark.slow
def test_only_what_is_judged_is_made_and_nothing_twice(judged: FinishedRun) -> None:
    assert judged.computed(*ASKED) == {}
    assert states(judged.status(*ASKED), "current") >= NEW
    # More noisy queries leave what needs no noise as it is.
    stale = states(judged.status(*ASKED, "evaluation.sensitivity_queries=3"), "stale", "partial")
    assert stale == {name for name in NEW if name.startswith("map_protocols.")}


@pytest.mark.slow
def test_every_pair_is_judged_and_few_queries_get_noise(judged: FinishedRun) -> None:
    rows = judged.query("select m.*, p.query from map_protocols m join pairs p using (pair_id)", *ASKED)
    pairs = judged.query("select pair_id from pairs where split = 'test'", *ASKED)
    assert len(rows) == 3 * len(pairs)
    noisy = {row["query"] for row in rows if row["max_sensitivity"] is not None}
    assert len(noisy) == 2
    for row in rows:
        assert (row["max_sensitivity"] is not None) == (row["query"] in noisy)
        assert row["generator"] != "centre" or row["max_sensitivity"] in (None, pytest.approx(0, abs=1e-3))
    maps = stored_maps(judged, "rise.fixed")
    for row in rows:
        if row["generator"] == "rise":
            assert row["gini"] == pytest.approx(gini_index(maps[row["pair_id"]]))


@pytest.mark.slow
def test_masses_and_ranks_are_those_of_the_stored_maps(judged: FinishedRun) -> None:
    spec = planted_spec(judged.settings(*ASKED).dataset.model_dump())
    rows = judged.query("select m.*, p.query from map_parts m join pairs p using (pair_id)", *ASKED)
    effects = judged.query("select * from true_effects where split = 'test' and present", *ASKED)
    maps = stored_maps(judged, "rise.fixed")
    checked = [row for row in rows if row["generator"] == "rise"][:6]
    for row in checked:
        own = {one["attribute"]: one["effect"] for one in effects if one["pair_id"] == row["pair_id"]}
        regions = {name: changed_region(spec, row["query"], name) for name in own}
        saliency = maps[row["pair_id"]]
        masses = [oracle.mass(saliency, region) for region in regions.values()]
        assert row["mass_rank_correlation"] == pytest.approx(oracle.spearman(masses, list(own.values())))
        region = regions[max(own, key=lambda name: own[name])]
        if row["relevance_mass_accuracy"] is None:
            assert region.mean() > 0.5 or not region.any()
        else:
            assert row["relevance_mass_accuracy"] == pytest.approx(oracle.mass(saliency, region))
    assert len(checked) == 6


@pytest.mark.slow
def test_judging_fewer_pairs_finds_the_same_of_them(judged: FinishedRun, tmp_path: Path) -> None:
    fewer = (*ASKED, "evaluation.curve_pairs=7")
    copy = judged.copy_to(tmp_path / "copy")
    copy.run(*fewer, until="map_protocols.rise.fixed")
    sql = "select * exclude(max_sensitivity) from map_protocols where generator = 'rise' order by pair_id"
    every = {row["pair_id"]: row for row in judged.query(sql, *ASKED)}
    some = copy.query(sql, *fewer)
    assert 0 < len(some) <= 7
    assert some == [pytest.approx(every[row["pair_id"]], abs=1e-5) for row in some]


@pytest.mark.slow
def test_figures_and_report_show_them(judged: FinishedRun, tmp_path: Path) -> None:
    figures = judged.query("select * from metrics where table_name in ('map_protocols', 'map_parts')", *ASKED)
    by_name = {(row["metric"], row["generator"]): row["value"] for row in figures}
    mean = judged.query("select avg(gini) g from map_protocols where generator = 'rise'", *ASKED)[0]["g"]
    assert by_name["gini", "rise"] == pytest.approx(mean)
    assert ("faithfulness_correlation_difference", "rise") in by_name
    sets = [word for one in ASKED for word in ("--set", one)]
    assert invoke("report", judged.config, *sets, "--output", tmp_path / "report").exit_code == 0
    page = (tmp_path / "report" / "evidence.html").read_text(encoding="utf-8")
    assert "Further protocols: what do others measure of a map?" in page
    assert "Do maps give every part its due" in page


def stored_maps(run: FinishedRun, shown: str) -> dict[str, Any]:
    from flows.engine.upstream import Upstream
    from flows.readers.saliency_maps import read_maps
    from stores.artifacts import ArtifactStore

    stage = f"saliency_maps.test.{shown}"
    upstream = Upstream(ArtifactStore(str(run.store)), {stage: run.manifest(stage)})
    ids = [row["pair_id"] for row in run.query("select pair_id from pairs where split = 'test'", *ASKED)]
    found = read_maps(upstream, *shown.split("."), ids)
    assert all(np.isfinite(saliency).all() for saliency in found.values())
    return found
