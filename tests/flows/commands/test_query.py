"""SQL over the current tables: what can be asked, in which formats, and what it cannot reach."""

import csv
import io
import json
import re
from pathlib import Path

import pytest

from flows.settings.file import load_settings
from flows.stages.graph import build_stages
from flows.stages.page import declared_tables
from stores.artifacts import ArtifactStore
from tests.flows.planted_config import write_config
from tests.flows.run_cases import FinishedRun, invoke, refusal, run_quietly

TABLES = {
    "attribute_score_rows",
    "attribute_vocabulary",
    "audit_metrics",
    "audit_outcomes",
    "embedding_effects",
    "explanations",
    "failures",
    "faithfulness",
    "image_embeddings",
    "images",
    "map_localisation",
    "map_rows",
    "metrics",
    "null_effects",
    "pairs",
    "prior",
    "replacements",
    "runs",
    "runtime",
    "similarities",
    "training_history",
    "true_effects",
    "unreadable_images",
    "weight_grid",
}


@pytest.fixture(scope="module")
def images_only(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A configuration of a few items whose images are there and nothing else."""
    path = write_config(tmp_path_factory.mktemp("images"), train_items="8", valid_items="4", test_items="4")
    run_quietly(load_settings(path), until="images")
    return path


def test_every_table_of_a_run_can_be_queried(finished_run: FinishedRun) -> None:
    found = {row["name"] for row in finished_run.query("show tables")}
    assert found >= TABLES
    counts = " union all ".join(f"select '{name}' as name, count(*) as n from {name}" for name in sorted(found))
    assert {row["name"] for row in finished_run.query(counts) if not row["n"]} <= {
        "attribute_notes",
        "failures",
        "map_notes",
        "unreadable_images",
    }


def test_tables_of_one_name_from_several_stages_are_one(finished_run: FinishedRun) -> None:
    rows = finished_run.query("select split, count(*) n from pairs group by split order by split")
    assert rows == [{"split": "test", "n": 24}, {"split": "train", "n": 30}, {"split": "valid", "n": 24}]
    runtime = finished_run.query("select count(distinct stage) stages, min(seconds) least from runtime")
    assert runtime[0]["stages"] == finished_run.stage_count
    assert runtime[0]["least"] > 0


SQL = "select image_id, attributes, null as nothing, 0.5 as half from images where split = 'test' order by 1 limit 2"


def output(run: FinishedRun, name: str) -> str:
    result = invoke("query", run.config, SQL, "--format", name)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_json(finished_run: FinishedRun) -> None:
    rows = json.loads(output(finished_run, "json"))
    assert [row["image_id"] for row in rows] == ["test_00000", "test_00001"]
    assert isinstance(rows[0]["attributes"], list)
    assert (rows[0]["nothing"], rows[0]["half"]) == (None, 0.5)


def test_csv(finished_run: FinishedRun) -> None:
    rows = list(csv.DictReader(io.StringIO(output(finished_run, "csv"))))
    assert [row["image_id"] for row in rows] == ["test_00000", "test_00001"]
    assert isinstance(json.loads(rows[0]["attributes"]), list)
    assert (rows[0]["nothing"], rows[0]["half"]) == ("", "0.5")


def test_markdown(finished_run: FinishedRun) -> None:
    lines = output(finished_run, "markdown").splitlines()
    assert lines[0] == "| image_id | attributes | nothing | half |"
    assert lines[1] == "| --- | --- | --- | ---: |"
    assert lines[2].startswith("| test_00000 | [")
    assert len(lines) == 4


def test_latex(finished_run: FinishedRun) -> None:
    lines = output(finished_run, "latex").splitlines()
    assert lines[1:3] == [r"\begin{tabular}{@{}lllr@{}}", r"\toprule"]
    assert re.fullmatch(r"image\\_id +& attributes +& nothing & half \\\\", lines[3])
    assert re.match(r"test\\_00000 +& \{\[\}", lines[5])
    assert lines[-2:] == [r"\bottomrule", r"\end{tabular}"]


def test_table_is_the_default_and_aligned(finished_run: FinishedRun) -> None:
    text = output(finished_run, "table")
    assert invoke("query", finished_run.config, SQL).stdout == text
    lines = text.splitlines()
    assert len({len(line) for line in lines}) == 1
    assert lines[0].split() == ["image_id", "attributes", "nothing", "half"]


@pytest.mark.parametrize(
    "sql",
    [
        "select * from read_text('{file}')",
        "select * from '{file}'",
        "copy images to '{file}.parquet'",
        "attach '{file}.db'",
        "select * from glob('{folder}/*')",
        "set enable_external_access = true",
        "install httpfs",
    ],
)
def test_a_query_cannot_reach_files(finished_run: FinishedRun, tmp_path: Path, sql: str) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("word\nswordfish\n")
    result = invoke("query", finished_run.config, sql.format(file=secret, folder=tmp_path))
    assert "swordfish" not in refusal(result, 2)
    assert "swordfish" not in result.stdout
    assert list(tmp_path.iterdir()) == [secret]


@pytest.mark.parametrize(
    ("sql", "found", "suggestion"),
    [
        ("select * from imges", "imges does not exist", 'did you mean "images"?'),
        ("select image from images", 'column "image" not found', 'did you mean "image_id"'),
    ],
)
def test_a_misspelt_name_is_refused_with_the_right_one_and_not_with_all_there_are(
    images_only: Path, sql: str, found: str, suggestion: str
) -> None:
    message = refusal(invoke("query", images_only, sql), 2)
    assert found in message
    assert suggestion in message.partition("remedy: ")[2]
    assert "unreadable_images" not in message
    assert "unreadable_images" in invoke("query", images_only, "show tables").stdout


STALE = ("--set", "pairs.test=7")


def test_a_table_of_which_some_stages_are_not_current_is_refused(finished_run: FinishedRun) -> None:
    message = refusal(invoke("query", finished_run.config, "select count(*) n from Pairs", *STALE), 2)
    assert "all stages that feed pairs to be current" in message
    assert "pairs is without the rows of pairs.test (stale, seed 0)" in message
    assert "pairs.test: pairs.test: 24 -> 7" in message
    assert "--stale-ok" in message


def test_with_leave_the_other_rows_are_answered_and_what_is_missing_told(finished_run: FinishedRun) -> None:
    sql = "select split, count(*) n from pairs group by 1 order by 1"
    result = invoke("query", finished_run.config, sql, *STALE, "--stale-ok", "--format", "json")
    assert result.exit_code == 0
    assert [row["split"] for row in json.loads(result.stdout)] == ["train", "valid"]
    assert result.stderr == "pairs is without the rows of pairs.test (stale, seed 0)\n"


def test_a_table_that_is_whole_is_answered_whatever_else_is_stale(finished_run: FinishedRun) -> None:
    for sql in ("select count(*) from images", "show tables", "select 1 as pairs", "select count(*) from runs"):
        result = invoke("query", finished_run.config, sql, *STALE)
        assert (result.exit_code, result.stderr) == (0, ""), sql
    whole = invoke("query", finished_run.config, "select count(*) from pairs", "--stale-ok")
    assert (whole.exit_code, whole.stderr) == (0, "")


def test_digits(finished_run: FinishedRun) -> None:
    for name in ("table", "csv", "markdown", "latex"):
        text = invoke("query", finished_run.config, SQL, "--format", name, "--digits", "3").stdout
        assert "0.500" in text, name


@pytest.mark.parametrize("sql", ["selekt 1", "", "select value from images"])
def test_sql_that_is_none_is_refused(finished_run: FinishedRun, sql: str) -> None:
    assert "where: the query" in refusal(invoke("query", finished_run.config, sql), 2)


def test_before_any_run_there_is_nothing_to_ask(finished_run: FinishedRun) -> None:
    result = invoke("query", finished_run.config, "select * from metric", "--set", "store.root=elsewhere")
    assert "run the pipeline first" in refusal(result, 2)


def test_a_table_that_is_not_current_is_told_with_the_stage_that_makes_it(finished_run: FinishedRun) -> None:
    words = ("query", finished_run.config, "select value from Metrics m", "--set", "pairs.test=7")
    message = refusal(invoke(*words), 2)
    assert "the table metrics of metrics, current for this configuration and these --set" in message
    assert "metrics is pending" in message
    assert "pairs.test is stale: pairs.test: 24 -> 7" in message
    assert "repeat every --set" in message
    assert "--run latest" in message
    assert "sane run CONFIG --until metrics" in message


def test_a_table_that_a_run_did_not_make_or_a_configuration_never_makes_is_told(
    run_copy: FinishedRun,
) -> None:
    asked = "select * from metrics"
    run_copy.run(until="pairs.test")
    assert "among the results that this run used" in refusal(
        invoke("query", run_copy.config, asked, "--run", "latest"), 2
    )
    message = refusal(invoke("query", run_copy.config, "select * from outfits"), 2)
    assert "outfits is not one of them" in message


def test_a_stage_declares_the_tables_that_it_made(finished_run: FinishedRun) -> None:
    made: set[str] = set()
    for stage in build_stages(finished_run.settings()):
        declared = {schema.name for schema in stage.tables}
        for commit in ArtifactStore(str(finished_run.store)).read_commits(finished_run.manifest(stage.name)):
            tables = {part.detail["table"] for part in commit.parts.values() if part.kind == "table"}
            assert tables <= declared, stage.name
            made |= tables
    assert len(made) > 15
    assert made < set(declared_tables())


def test_an_unknown_format_is_refused_before_the_query_runs(finished_run: FinishedRun) -> None:
    message = refusal(invoke("query", finished_run.config, "selekt 1", "--format", "yaml"), 2)
    assert "table, csv, json, markdown, latex" in message
    assert "where: --format" in message
