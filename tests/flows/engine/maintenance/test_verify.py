"""sane verify: which results it reads, what it says, and what a repair leaves alone. Damage itself: tests/faults."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from flows.stages.graph import build_stages
from stores.artifacts import ArtifactStore
from stores.leases import acquire
from tests.flows.run_cases import FinishedRun, invoke, refusal

STAGE = "explanation_weights"
CHANGE = "explanation.weight_grid_step=0.25"


def damage_commit(run: FinishedRun, stage: str, key: str) -> Path:
    commit = run.store / stage / "shards" / key / "commit.json"
    commit.write_bytes(commit.read_bytes()[:-10])
    return commit


def verify(run: FinishedRun, *options: str) -> dict[str, Any]:
    result = invoke("verify", run.config, "--format", "json", *options)
    assert result.exit_code in (0, 1), result.output
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def test_text_names_the_file_what_was_found_and_what_a_repair_did(run_copy: FinishedRun) -> None:
    commit = damage_commit(run_copy, "report", run_copy.manifest("report").shard_keys[0])
    found = invoke("verify", run_copy.config)
    assert found.exit_code == 1
    lines = found.stdout.splitlines()
    assert lines[0] == f"report: {commit}"
    assert "expected: a whole record" in lines[1]
    assert "found: " in lines[2]
    assert "sane verify CONFIG --repair" in lines[3]
    shards = sum(len(run_copy.manifest(stage.name).shard_keys) for stage in build_stages(run_copy.settings()))
    assert lines[-1].startswith(f"checked {run_copy.stage_count} manifests, {shards} shards, ")
    assert lines[-1].endswith("MB: 1 problems")
    repaired = invoke("verify", run_copy.config, "--repair")
    assert repaired.exit_code == 0
    assert "  report: 1 shards and 1 manifests removed" in repaired.stdout
    assert "the next run computes 1 shards" in repaired.stdout
    assert run_copy.computed() == {"report": 1}
    assert invoke("verify", run_copy.config).stdout.endswith("MB: no problem\n")


def test_results_of_other_configurations_are_read_only_with_all(run_copy: FinishedRun) -> None:
    run_copy.run(CHANGE, until=STAGE)
    other = run_copy.manifest(STAGE)
    commit = damage_commit(run_copy, STAGE, other.shard_keys[0])
    assert verify(run_copy)["problems"] == []
    assert [problem["file"] for problem in verify(run_copy, "--set", CHANGE)["problems"]] == [str(commit)]
    (problem,) = verify(run_copy, "--all")["problems"]
    assert (problem["stage"], problem["file"], problem["shard"]) == (STAGE, str(commit), other.shard_keys[0])
    removed = verify(run_copy, "--all", "--repair")["repair"]
    assert removed["removed_manifests"] == [{"stage": STAGE, "fingerprint": other.fingerprint}]
    assert run_copy.computed() == {}


def test_a_repair_leaves_alone_what_a_run_works_with(run_copy: FinishedRun) -> None:
    commit = damage_commit(run_copy, "pairs.train", run_copy.manifest("pairs.train").shard_keys[0])
    root = ArtifactStore(str(run_copy.store)).root
    lease = acquire(root, "another run", STAGE, "0" * 64, {"pairs.train": "1" * 64})
    result = invoke("verify", run_copy.config, "--repair", "--format", "json")
    assert result.exit_code == 1
    repair = json.loads(result.stdout)["repair"]
    assert [problem["file"] for problem in repair["in_use"]] == [str(commit)]
    assert commit.exists()
    lease.release()  # type: ignore[union-attr]
    assert invoke("verify", run_copy.config, "--repair").exit_code == 0
    assert not commit.exists()


def test_a_file_that_cannot_be_opened_is_no_damage(run_copy: FinishedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = run_copy.store / "report" / "shards" / run_copy.manifest("report").shard_keys[0] / "commit.json"
    whole = Path.read_bytes

    def refuse(self: Path) -> bytes:
        if self == commit:
            raise PermissionError(13, os.strerror(13))
        return whole(self)

    with monkeypatch.context() as refusing:
        refusing.setattr(Path, "read_bytes", refuse)
        result = invoke("verify", run_copy.config, "--repair", "--format", "json")
    assert result.exit_code == 1
    repair = json.loads(result.stdout)["repair"]
    assert [problem["file"] for problem in repair["left"]] == [str(commit)]
    assert repair["removed_shards"] == []
    assert verify(run_copy)["problems"] == []


def test_a_damaged_record_of_a_run_is_told_and_kept(run_copy: FinishedRun) -> None:
    # Other tests may have asked for runs on the same store that were refused.
    record = next(path for path in (run_copy.store / "runs").iterdir() if b'"state": "done"' in path.read_bytes())
    record.write_bytes(record.read_bytes().replace(b'"state": "done"', b'"state": "dome"'))
    result = invoke("verify", run_copy.config, "--repair", "--format", "json")
    assert result.exit_code == 1
    assert [problem["file"] for problem in json.loads(result.stdout)["problems"]] == [str(record)]
    assert record.exists()


@pytest.mark.parametrize(
    "name",
    [
        "report-latest-seed0.html",
        "report-planted-seed0/index.html",
        "report-planted-seed0/data/pages.js",
        "report-planted-seed0/contents.json",
    ],
)
def test_a_copy_of_the_report_that_is_none_is_told_and_kept(run_copy: FinishedRun, name: str) -> None:
    assert invoke("report", run_copy.config).exit_code == 0
    copy = run_copy.store / name
    assert verify(run_copy)["problems"] == []
    whole = copy.read_bytes()
    copy.write_bytes(whole[:20] + bytes([whole[20] ^ 1]) + whole[21:])
    for options in ((), ("--all",), ("--repair",)):
        (problem,) = verify(run_copy, *options)["problems"]
        assert (problem["stage"], problem["file"]) == ("report", str(copy))
        assert "sane report CONFIG" in problem["remedy"]
    assert invoke("verify", run_copy.config).exit_code == 1
    assert copy.exists()
    assert invoke("report", run_copy.config).exit_code == 0
    assert copy.read_bytes() == whole
    assert verify(run_copy)["problems"] == []


def test_a_report_that_lacks_files_or_has_others_is_told_with_their_names(run_copy: FinishedRun) -> None:
    assert invoke("report", run_copy.config).exit_code == 0
    copy = run_copy.store / "report-planted-seed0"
    picture = next((copy / "thumbnails").iterdir())
    picture.unlink()
    (copy / "notes.txt").write_text("mine")
    told = {(problem["file"], problem["found"]) for problem in verify(run_copy)["problems"]}
    assert told == {(str(picture), "none"), (str(copy / "notes.txt"), "another")}


def test_a_report_whose_result_was_cleaned_away_is_told(run_copy: FinishedRun) -> None:
    change = ("--set", "explanation.weight_grid_step=0.5")
    assert invoke("run", run_copy.config, *change).exit_code == 0
    assert verify(run_copy)["problems"] == []
    assert invoke("gc", run_copy.config, "--delete").exit_code == 0
    (own,) = (path for path in run_copy.store.glob("report-planted-seed0-*"))
    (problem,) = verify(run_copy)["problems"]
    assert (problem["file"], problem["found"].rpartition(" of ")[2]) == (str(own), "a report that was cleaned away")


def test_a_link_within_the_store_is_refused_by_every_command(run_copy: FinishedRun, tmp_path: Path) -> None:
    (run_copy.store / "pairs.test").rename(tmp_path / "elsewhere")
    (run_copy.store / "pairs.test").symlink_to(tmp_path / "elsewhere")
    before = sorted(str(path) for path in (tmp_path / "elsewhere").rglob("*"))
    for words in (("gc",), ("gc", "--delete"), ("verify", "--all"), ("verify", "--repair"), ("run",), ("status",)):
        command, *options = words
        result = invoke(command, run_copy.config, *options)
        assert result.exit_code == 1, words
        assert "a symbolic link to" in result.stdout + result.stderr, words
    assert sorted(str(path) for path in (tmp_path / "elsewhere").rglob("*")) == before


def test_wrong_usage_is_refused(finished_run: FinishedRun) -> None:
    assert "where: --format" in refusal(invoke("verify", finished_run.config, "--format", "yaml"), 2)
    assert "text or json" in refusal(invoke("gc", finished_run.config, "--format", "yaml"), 2)
