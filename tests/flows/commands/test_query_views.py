"""Views over tables: the values that tables hold, what is missing said, several seeds kept apart."""

import json
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.commands.query_views.catalogue import VIEWS, define_views, missing_table
from flows.settings.file import load_settings
from tests.flows.planted_config import write_config
from tests.flows.run_cases import FinishedRun, Tables, invoke, refusal, run_quietly

STALE_CURVES = ("--set", "evaluation.curve_steps=7")
ASKED = "select count(*) n, count(insertion_auc) curves from explained_pairs"


@pytest.fixture(scope="module")
def tables(finished_run: FinishedRun) -> Tables:
    return Tables(finished_run.settings())


@pytest.fixture(scope="module")
def explained(finished_run: FinishedRun) -> dict[str, dict[str, Any]]:
    return {row["pair_id"]: row for row in finished_run.query("select * from explained_pairs")}


def by_pair(rows: list[dict[str, Any]], column: str) -> dict[str, Any]:
    return {row["pair_id"]: row[column] for row in rows}


def column_of(explained: dict[str, dict[str, Any]], name: str) -> dict[str, Any]:
    return {pair_id: row[name] for pair_id, row in explained.items()}


def test_a_pair_has_one_row_with_the_values_of_the_tables(tables: Tables, explained: dict[str, dict[str, Any]]) -> None:
    answers = tables.ask("select * from answers")
    assert set(explained) == {row["pair_id"] for row in answers}
    assert list(next(iter(explained.values()))) == list(VIEWS["explained_pairs"].columns)
    for name, column in (("answer", "attribute"), ("effect", "effect"), ("probability", "probability")):
        assert column_of(explained, name) == by_pair(answers, column)
    # The comparison can fail: leading attributes are more than answers.
    assert column_of(explained, "answer") != by_pair(answers, "leading_attribute")
    similarities = by_pair(tables.ask("select * from similarities"), "similarity")
    assert all(row["similarity"] == similarities[pair_id] for pair_id, row in explained.items())
    images = {row["image_id"]: row for row in tables.ask("select * from images where split = 'test'")}
    for row in explained.values():
        assert row["query_label"] == images[row["query"]]["label"]
        assert row["reference_attributes"] == images[row["reference"]]["attributes"]
    rise = by_pair(tables.ask("select * from faithfulness where generator = 'rise'"), "insertion_auc")
    centre = by_pair(tables.ask("select * from faithfulness where generator = 'centre'"), "insertion_auc")
    assert column_of(explained, "insertion_auc") == {pair_id: rise[pair_id] for pair_id in explained} != centre


def test_truth_and_what_each_variant_names(tables: Tables, explained: dict[str, dict[str, Any]]) -> None:
    effects: dict[str, dict[str, float]] = {}
    for row in tables.ask("select * from true_effects where split = 'test' and present"):
        effects.setdefault(row["pair_id"], {})[row["attribute"]] = row["effect"]
    firsts: dict[str, dict[str, str]] = {}
    for row in tables.ask("select * from explanations where rank = 1 and score is not null"):
        firsts.setdefault(row["pair_id"], {})[row["variant"]] = row["attribute"]
    for pair_id, row in explained.items():
        of_pair = effects[pair_id]
        assert row["true_best_effect"] == max(of_pair.values()) == of_pair[row["true_best_attribute"]]
        assert row["first_attributes"] == firsts[pair_id]
        if row["answer"] is None:
            assert row["regret"] is None
        else:
            expected = max(of_pair.values()) - of_pair.get(row["answer"], 0)
            assert row["regret"] == pytest.approx(expected)
    assert any(row["regret"] is not None for row in explained.values())


def test_shares_of_a_class_sum_to_one(finished_run: FinishedRun, explained: dict[str, dict[str, Any]]) -> None:
    rows = finished_run.query("select * from attributes_by_class")
    assert list(rows[0]) == list(VIEWS["attributes_by_class"].columns)
    for label in {row["label"] for row in rows}:
        of_label = [row for row in rows if row["label"] == label]
        pairs = [row for row in explained.values() if row["query_label"] == label]
        assert sum(row["share"] for row in of_label) == pytest.approx(1)
        assert {row["pairs"] for row in of_label} == {len(pairs)} == {sum(row["answers"] for row in of_label)}
        for row in of_label:
            answered = [pair for pair in pairs if pair["answer"] == row["attribute"]]
            assert row["answers"] == len(answered)
            if row["attribute"] is not None:
                assert row["mean_effect"] == pytest.approx(sum(pair["effect"] for pair in answered) / len(answered))


def test_a_view_without_its_tables_says_what_to_run_and_disturbs_nothing(tmp_path: Path) -> None:
    config = write_config(tmp_path, train_items="8", valid_items="4", test_items="4")
    run_quietly(load_settings(config), until="images")
    for view in VIEWS:
        message = refusal(invoke("query", config, f"select * from {view}"), 2)
        assert f"for the view {view} the table answers of answers" in message
        assert "sane run CONFIG --until answers" in message
        assert "among the results" in refusal(invoke("query", config, f"select * from {view}", "--run", "latest"), 2)
    assert invoke("query", config, "select count(*) from images").exit_code == 0
    listed = invoke("query", config, "--list", "--format", "json")
    assert "explained_pairs is not there yet, since answers is not: sane run CONFIG --until answers" in listed.stderr
    assert {row["kind"] for row in json.loads(listed.stdout)} == {"table"}


def test_what_is_not_current_of_a_view_is_told(finished_run: FinishedRun) -> None:
    message = refusal(invoke("query", finished_run.config, ASKED, *STALE_CURVES), 2)
    assert "explained_pairs is without the rows of faithfulness.rise.fixed (stale, seed 0)" in message
    assert "faithfulness.centre" not in message
    result = invoke("query", finished_run.config, ASKED, *STALE_CURVES, "--stale-ok", "--format", "json")
    assert json.loads(result.stdout) == [{"n": 24, "curves": 0}]
    assert result.stderr == "explained_pairs is without the rows of faithfulness.rise.fixed (stale, seed 0)\n"
    whole = invoke("query", finished_run.config, "select count(*) from attributes_by_class", *STALE_CURVES)
    assert (whole.exit_code, whole.stderr) == (0, "")


def test_a_recorded_run_has_the_same_views(finished_run: FinishedRun) -> None:
    words = ("query", finished_run.config, ASKED, "--run", "latest", "--format", "json")
    assert json.loads(invoke(*words).stdout) == [{"n": 24, "curves": 24}]


def test_a_file_is_written_in_the_format_of_its_ending(finished_run: FinishedRun, tmp_path: Path) -> None:
    sql = "select * from explained_pairs order by pair_id"
    for name in ("pairs.parquet", "pairs.xlsx", "pairs.json"):
        result = invoke("query", finished_run.config, sql, "--output", tmp_path / name)
        assert (result.exit_code, result.stdout) == (0, "")
        assert result.stderr == f"wrote {tmp_path / name}: 24 rows\n"
    written = pq.read_table(tmp_path / "pairs.parquet")
    assert written["pair_id"].to_pylist() == [
        row["pair_id"] for row in json.loads((tmp_path / "pairs.json").read_text())
    ]
    sheet = openpyxl.load_workbook(tmp_path / "pairs.xlsx")["result"]
    assert [cell.value for cell in sheet[1]] == written.column_names
    assert sheet.max_row == 25
    assert "where: --output" in refusal(invoke("query", finished_run.config, sql, "--format", "xlsx"), 2)


def test_the_list_names_tables_and_views_with_columns_and_rows(finished_run: FinishedRun, tables: Tables) -> None:
    rows = json.loads(invoke("query", finished_run.config, "--list", "--format", "json").stdout)
    listed = {row["name"]: row for row in rows}
    assert {name for name, row in listed.items() if row["kind"] == "view"} == set(VIEWS)
    for name in ("pairs", "answers", "metrics"):
        assert listed[name]["rows"] == tables.ask(f"select count(*) n from {name}")[0]["n"]
    assert listed["explained_pairs"]["columns"] == ", ".join(VIEWS["explained_pairs"].columns)
    text = invoke("query", finished_run.config, "--list").stdout.splitlines()
    assert text[0].split() == ["explained_pairs", "view", "24", "rows"]
    assert max(map(len, text)) <= 100
    assert " ".join(text[1:]).split()[0] == "pair_id,"
    for words in ((), ("select 1", "--list")):
        assert "where: the query" in refusal(invoke("query", finished_run.config, *words), 2)


def test_seeds_are_kept_apart_and_what_they_share_counts_for_all() -> None:
    known = tables_of_two_seeds()
    with duckdb.connect() as connection:
        for name, table in known.items():
            connection.register(name, table)
        assert missing_table(VIEWS["explained_pairs"], known, ("rise", "fixed")) is None
        define_views(connection, known, ("rise", "fixed"))
        rows = connection.sql(
            "select seed, answer, similarity, first_attributes['v'], insertion_auc, regret "
            "from explained_pairs order by 1"
        ).fetchall()
        assert rows == [(0, "red", 0.5, "red", None, None), (1, "blue", 0.5, "blue", None, None)]
        by_class = connection.sql("select seed, label, attribute, share from attributes_by_class order by 1").fetchall()
        assert by_class == [(0, "boot", "red", 1.0), (1, "boot", "blue", 1.0)]


def test_labels_of_an_image_are_those_of_the_seed_that_answers() -> None:
    # Discovered attributes, and rendered items, are others for each seed.
    known = tables_of_two_seeds()
    images = {
        "image_id": ["q", "r"] * 2,
        "split": ["test"] * 4,
        "label": ["boot", "cap", "shirt", "bag"],
        "attributes": [["red"], ["red", "blue"], ["blue"], []],
        "seed": [0, 0, 1, 1],
    }
    with duckdb.connect() as connection:
        for name, table in {**known, "images": pa.table(images)}.items():
            connection.register(name, table)
        define_views(connection, {**known, "images": pa.table(images)}, ("rise", "fixed"))
        rows = connection.sql(
            "select seed, query_label, reference_label, query_attributes, reference_attributes "
            "from explained_pairs order by 1"
        ).fetchall()
        assert rows == [(0, "boot", "cap", ["red"], ["red", "blue"]), (1, "shirt", "bag", ["blue"], [])]
        by_class = connection.sql("select seed, label, attribute, share from attributes_by_class order by 1").fetchall()
        assert by_class == [(0, "boot", "red", 1.0), (1, "shirt", "blue", 1.0)]


def tables_of_two_seeds() -> dict[str, pa.Table]:
    """Return the tables of a run of two seeds that share images, pairs and scores."""
    image = {"image_id": ["q", "r"], "split": ["test"] * 2, "label": ["boot"] * 2, "attributes": [["red"]] * 2}
    answer = {
        name: pa.nulls(2, kind)
        for name, kind in {
            "reason": pa.string(),
            "effect_low": pa.float64(),
            "effect_high": pa.float64(),
            "p_value": pa.float64(),
            "probability": pa.float64(),
            "probability_of": pa.string(),
            "is_ground_truth": pa.bool_(),
        }.items()
    }
    both = {"pair_id": ["p", "p"], "seed": [0, 1]}
    return {
        "answers": pa.table(
            {
                **both,
                **answer,
                "attribute": ["red", "blue"],
                "leading_attribute": ["red", "blue"],
                "variant": ["v", "v"],
                "effect": [0.1, 0.2],
            }
        ),
        "pairs": pa.table(
            {
                "pair_id": ["p"],
                "seed": [0],
                "split": ["test"],
                "query": ["q"],
                "reference": ["r"],
                "condition": [None],
                "is_match": [True],
            }
        ),
        "images": pa.table({**image, "seed": [0, 0]}),
        "explanations": pa.table(
            {
                **both,
                "split": ["test"] * 2,
                "variant": ["v"] * 2,
                "rank": [1, 1],
                "attribute": ["red", "blue"],
                "score": [1.0, 1.0],
            }
        ),
        "attribute_vocabulary": pa.table({"attribute": ["red", "blue"], "position": [0, 1]}),
        # One model for both seeds: its rows come from the first.
        "similarities": pa.table({"pair_id": ["p"], "seed": [0], "similarity": [0.5]}),
    }
