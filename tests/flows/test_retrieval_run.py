"""Retrieval as a stage, on small fake releases: with and without cameras, with and without attributes."""

import json
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from flows.jobs import retrieval as job
from flows.settings.configuration import Settings
from flows.stages.graph import build_stages
from pipeline.datasets.catalogue import DATASETS
from pipeline.errors import BadDataset
from stores.artifacts import ArtifactStore
from tests.flows.fake_folder import write_fake_folder
from tests.flows.fake_retrieval import write_fake_retrieval
from tests.flows.run_cases import FinishedRun, invoke, refusal
from tests.oracles import retrieval as oracle
from tests.pipeline.evaluation.broken_copy import broken_copy

FIGURES = "select metric, value, ci_low, ci_high, n, n_clusters, cluster_unit from {} where table_name = 'retrieval'"
OF_ATTRIBUTES = ("attribute_model", "attribute_scores", "explanations", "answers", "presence", "replacements")


@pytest.fixture(scope="module")
def cars(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    run = FinishedRun(write_fake_retrieval(tmp_path_factory.mktemp("cars"), "cars196"))
    run.run()
    return run


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    run = FinishedRun(write_fake_retrieval(tmp_path_factory.mktemp("market"), "market1501"))
    run.run(until="retrieval.test")
    return run


def embedded_images(run: FinishedRun) -> dict[str, oracle.Seen]:
    """Return every test image as the oracle sees it, by id."""
    store = ArtifactStore(str(run.store))
    cameras = {}
    if "image_views.test" in {stage.name for stage in build_stages(run.settings())}:
        cameras = {row["image_id"]: row["camera"] for row in run.query("select * from image_views")}
    labels = {row["image_id"]: row["label"] for row in run.query("select * from images where split = 'test'")}
    seen = {}
    for commit in store.read_commits(run.manifest("embeddings")):
        rows = store.read_part_table(commit, "image_embeddings").to_pylist()
        vectors = store.read_part_arrays(commit, "embeddings")["embeddings"].astype(np.float64)
        for row, vector in zip(rows, vectors, strict=True):
            if row["split"] == "test":
                image = row["image_id"]
                seen[image] = oracle.Seen(vector.tolist(), labels[image], cameras.get(image, 0))
    return seen


def figures(run: FinishedRun, table: str) -> dict[str, dict[str, object]]:
    return {row["metric"]: row for row in run.query(FIGURES.format(table))}


def test_two_models_without_attributes_are_compared_by_scores_and_maps(cars: FinishedRun, tmp_path: Path) -> None:
    result = invoke("compare", cars.config, cars.config, "--format", "json", "--output", tmp_path)
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert {one["metric"] for one in found["figures"]} == {"similarity", "insertion_auc", "deletion_auc"}
    assert (found["answers_changed"], found["transitions"]) == (None, [])
    assert len([note for note in found["notes"] if "no attributes" in note]) == 1
    page = (tmp_path / "comparison.html").read_text()
    assert page.count('class="pair"') == 24
    assert "Answers that change" not in page
    table = invoke("compare", cars.config, cars.config)
    assert (table.exit_code, "answers that change" in table.output) == (0, False)


def test_figures_about_attributes_are_left_out_and_the_others_made(cars: FinishedRun, tmp_path: Path) -> None:
    result = invoke("figures", cars.config, "--out", tmp_path / "figures", "--format", "svg")
    assert result.exit_code == 1
    assert {path.name for path in (tmp_path / "figures").iterdir()} == {"generators.svg", "generators.txt"}
    assert "none, as images of cars196 have no attributes" in result.output


def test_figures_are_those_of_sorting_every_image(cars: FinishedRun) -> None:
    seen = list(embedded_images(cars).values())
    found = [oracle.ordered(one, seen, over_cameras=False) for one in seen]
    expected = {
        **{f"recall_at_{k}": oracle.mean([oracle.recall_at(one, k) for one in found]) for k in (1, 2, 4, 8)},
        "precision_at_1": oracle.mean([oracle.recall_at(one, 1) for one in found]),
        "r_precision": oracle.mean([oracle.r_precision(one) for one in found]),
        "map_at_r": oracle.mean([oracle.average_precision_at_r(one) for one in found]),
    }
    measured = figures(cars, "retrieval")
    assert {name: row["value"] for name, row in measured.items()} == pytest.approx(
        {**expected, "queries_without_match": 0}
    )
    row = measured["map_at_r"]
    assert (row["n"], row["n_clusters"], row["cluster_unit"]) == (12, 4, "class")
    assert row["ci_low"] <= row["value"] <= row["ci_high"]
    assert figures(cars, "metrics") == measured


def test_every_query_has_its_nearest_image(cars: FinishedRun) -> None:
    seen = embedded_images(cars)
    rows = cars.query("select * from retrieval_queries")
    assert sorted(row["query"] for row in rows) == sorted(seen)
    for row in rows:
        others = {name: image for name, image in seen.items() if name != row["query"]}
        scores = {name: np.dot(image.vector, seen[row["query"]].vector) for name, image in others.items()}
        assert row["nearest"] == max(scores, key=lambda name: scores[name])
        assert row["is_right"] == (row["nearest_label"] == row["label"]) == (row["first_match_rank"] == 1)
        assert row["matches"] == 2


def test_without_attributes_a_run_ends_with_maps_and_their_report(cars: FinishedRun) -> None:
    names = {stage.name for stage in build_stages(cars.settings())}
    assert not [name for name in names if name.startswith(OF_ATTRIBUTES)]
    assert {"saliency_maps.test.rise.fixed", "faithfulness.rise.fixed", "metrics", "report"} <= names
    assert "saliency_maps.train.rise.fixed" not in names
    assert cars.computed() == {}
    tables = {row["table_name"] for row in cars.query("select distinct table_name from metrics")}
    assert tables == {"retrieval", "saliency_faithfulness", "saliency_faithfulness_comparison"}
    shown = invoke("report", cars.config)
    assert shown.exit_code == 0, shown.output
    page = next(cars.store.glob("report-*/evidence.html")).read_text(encoding="utf-8")
    assert "Recall@1" in page
    assert cars.query("select * from attribute_vocabulary") == []


def test_a_pair_is_not_explained_in_words_that_are_not_there(cars: FinishedRun) -> None:
    first, second = [row["image_id"] for row in cars.query("select image_id from images limit 2")]
    message = refusal(invoke("explain", cars.config, first, second), 1)
    assert "dataset.kind = 'cars196', which has none" in message


def test_costs_are_measured_without_attributes(cars: FinishedRun) -> None:
    planned = invoke("plan", cars.config, "--format", "json", "--set", "similarity_model.epochs=2")
    assert planned.exit_code == 0, planned.output
    assert json.loads(planned.stdout)[0]["stage"] == "similarity_model"


def test_over_cameras_figures_are_those_of_sorting_what_other_cameras_saw(market: FinishedRun) -> None:
    assert_market_figures(market)


def assert_market_figures(market: FinishedRun) -> None:
    seen = embedded_images(market)
    gallery = [image for name, image in seen.items() if name.startswith("gallery")]
    found = [oracle.ordered(image, gallery, over_cameras=True) for name, image in seen.items() if "query" in name]
    # Of twelve in the gallery, three of them distractors, one is by the query's camera.
    assert {len(one) for one in found} == {11}
    expected = {
        **{f"rank_{k}": oracle.mean([oracle.recall_at(one, k) for one in found]) for k in (1, 5, 10)},
        "mean_average_precision": oracle.mean([oracle.market_average_precision(one) for one in found]),
        "mean_average_precision_steps": oracle.mean([oracle.average_precision(one) for one in found]),
        "queries_without_match": 0,
    }
    assert {name: row["value"] for name, row in figures(market, "retrieval").items()} == pytest.approx(expected)


def test_cameras_are_kept(market: FinishedRun) -> None:
    rows = market.query("select * from image_views")
    assert len(rows) == 15
    assert {row["camera"] for row in rows if row["is_query"]} == {1}


@pytest.mark.parametrize(
    "kind", [kind for kind in DATASETS.values() if kind.is_for_retrieval], ids=lambda kind: kind.name
)
def test_retrieval_is_measured_where_the_dataset_is_made_for_it(kind: object, tmp_path: Path) -> None:
    chosen = {"dataset": {"kind": kind.name, "root": tmp_path}}
    assert "retrieval.test" in {stage.name for stage in build_stages(Settings.model_validate(chosen))}
    without = Settings.model_validate({**chosen, "evaluation": {"retrieval": False}})
    assert "retrieval.test" not in {stage.name for stage in build_stages(without)}


def test_images_of_ones_own_are_looked_for_when_asked(tmp_path: Path) -> None:
    run = FinishedRun(write_fake_folder(tmp_path))
    assert "retrieval.test" not in {stage.name for stage in build_stages(run.settings())}
    asked = ("evaluation.retrieval=true",)
    run.run(*asked, until="retrieval.test")
    assert figures_of(run, asked)["recall_at_1"] == pytest.approx(1.0)


def figures_of(run: FinishedRun, overrides: tuple[str, ...]) -> dict[str, float]:
    return {row["metric"]: row["value"] for row in run.query(FIGURES.format("retrieval"), *overrides)}


def test_a_query_without_a_match_is_refused_before_anything_is_computed(tmp_path: Path) -> None:
    run = FinishedRun(write_fake_folder(tmp_path))
    table = tmp_path / "items.csv"
    table.write_text(
        table.read_text(encoding="utf-8").replace("test/grey test+3.png,test,grey", "test/grey test+3.png,test,odd")
    )
    with pytest.raises(BadDataset, match="one of 1 labels: odd"):
        run.run("evaluation.retrieval=true", until="retrieval.test")
    assert not list(run.store.glob("images/*.json"))
    run.run(until="vocabulary")


def test_products_are_looked_for_at_their_own_ranks(tmp_path: Path) -> None:
    run = FinishedRun(write_fake_retrieval(tmp_path, "stanford_online_products"))
    run.run(until="retrieval.test")
    assert {f"recall_at_{k}" for k in (1, 10, 100, 1000)} < set(figures(run, "retrieval"))


def test_birds_have_attributes_to_explain_with(tmp_path: Path) -> None:
    run = FinishedRun(write_fake_retrieval(tmp_path, "cub200"))
    run.run(until="attribute_scores.classifier")
    assert {"explanations", "retrieval.test"} <= {stage.name for stage in build_stages(run.settings())}
    present = run.query("select attributes from images where split = 'test'")
    assert all(len(row["attributes"]) == 1 for row in present)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (
            "np.flatnonzero(is_query_n), np.flatnonzero(~is_query_n)",
            "np.flatnonzero(~is_query_n), np.flatnonzero(is_query_n)",
        ),
        ("market_average_precision(one.ranks_r) for one in found", "average_precision(one.ranks_r) for one in found"),
    ],
)
def test_a_broken_job_is_found(
    market: FinishedRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, right: str, wrong: str
) -> None:
    broken: ModuleType = broken_copy(job, tmp_path, right, wrong)
    run = market.copy_to(tmp_path / "copy")
    monkeypatch.setattr(job, "run", broken.run)
    run.run(until="retrieval.test", force=("retrieval.test",))
    with pytest.raises(AssertionError):
        assert_market_figures(run)
