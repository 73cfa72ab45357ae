"""Stores of earlier releases are read by this code, and it says so when it cannot."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from stores.canonical import fingerprint
from tests.flows.planted_config import write_config
from tests.flows.run_cases import invoke, refusal
from tests.old_stores import make_store

KEPT = sorted(Path(__file__).parent.glob("store-*"))
SQL = "select variant, value, ci_low from metrics where metric = 'top1_accuracy' order by value"


@pytest.fixture(params=KEPT, ids=lambda path: path.name)
def config(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A configuration whose store is a copy of a kept one."""
    shutil.copytree(request.param, tmp_path / "store")
    return write_config(tmp_path)


def rows(config: Path, sql: str, run: str) -> list[dict[str, Any]]:
    result = invoke("query", config, sql, "--run", run, "--format", "json")
    assert result.exit_code == 0, result.output
    answer: list[dict[str, Any]] = json.loads(result.stdout)
    return answer


def set_format(record: Path, number: int, with_checksum: bool) -> None:
    """Give a record another format number, with the checksum that such a record would have, or without."""
    fields = json.loads(record.read_text()) | {"format": number}
    if with_checksum:
        del fields["checksum"]
        fields["checksum"] = fingerprint(fields)
    record.write_text(json.dumps(fields))


def test_there_is_one_for_this_release() -> None:
    assert [path.name for path in KEPT] == ["store-0.1"]


@pytest.mark.parametrize("run", ["latest", make_store.NAME, make_store.RUN_ID])
def test_a_recorded_run_is_queried_though_nothing_of_it_is_current(config: Path, run: str) -> None:
    states = json.loads(invoke("status", config, "--format", "json").stdout)
    assert {row["state"] for row in states} == {"stale", "missing", "pending"}
    assert rows(config, SQL, run) == [
        {"variant": "random", "value": 0.125, "ci_low": None},
        {"variant": "sane", "value": 0.5, "ci_low": 0.25},
    ]
    joined = (
        "select e.attribute, v.position from explanations e join attribute_vocabulary v using (attribute) order by 2"
    )
    assert rows(config, joined, run) == [{"attribute": "red", "position": 0}, {"attribute": "round", "position": 1}]
    assert rows(config, "select count(*) n, sum(seconds) s from runtime", run) == [{"n": 7, "s": 3.5}]


def test_every_file_of_it_is_verified(config: Path) -> None:
    answer = json.loads(invoke("verify", config, "--all", "--format", "json").stdout)
    files = [path for path in (config.parent / "store").rglob("*") if path.is_file() and "runs" not in path.parts]
    assert answer["problems"] == []
    assert answer["checked"] == {
        "manifests": 6,
        "shards": 7,
        "files": len(files),
        "size_bytes": sum(path.stat().st_size for path in files),
    }


@pytest.mark.parametrize(("number", "with_checksum"), [(2, True), (0, True), (2, False)])
@pytest.mark.parametrize("pattern", ["metrics/*.json", "metrics/shards/*/commit.json", "runs/*.json"])
def test_another_format_number_is_refused(config: Path, pattern: str, number: int, with_checksum: bool) -> None:
    (record,) = (config.parent / "store").glob(pattern)
    set_format(record, number, with_checksum)
    message = refusal(invoke("query", config, SQL, "--run", "latest"), 1)
    assert str(record) in message
    assert ("written by sane-explanations" in message) == (number > 1 and with_checksum)
    answer = json.loads(invoke("verify", config, "--all", "--format", "json").stdout)
    assert [problem["file"] for problem in answer["problems"]] == [str(record)]


def test_a_record_of_a_newer_version_is_not_removed_by_a_repair(config: Path) -> None:
    (record,) = (config.parent / "store").glob("metrics/*.json")
    set_format(record, 2, with_checksum=True)
    result = invoke("verify", config, "--all", "--repair", "--format", "json")
    assert result.exit_code == 1
    assert [problem["file"] for problem in json.loads(result.stdout)["repair"]["left"]] == [str(record)]
    assert record.exists()


def test_runs_that_are_not_there_are_refused_with_those_that_are(config: Path) -> None:
    message = refusal(invoke("query", config, SQL, "--run", "keptt"), 2)
    assert make_store.NAME in message
    refusal(invoke("query", config, SQL, "--run", ""), 2)


def test_a_run_whose_results_are_gone_says_so(config: Path) -> None:
    shutil.rmtree(config.parent / "store" / "metrics")
    assert "it was collected" in refusal(invoke("query", config, SQL, "--run", "latest"), 1)


def test_the_script_writes_what_this_code_reads(tmp_path: Path) -> None:
    make_store.write_store(str(tmp_path / "store"))
    assert rows(write_config(tmp_path), SQL, "latest")[0]["variant"] == "random"
