"""Records of runs: what they hold, how they end, and that no run fails for want of one."""

import dataclasses
import logging
import os
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stores.errors import CorruptArtifact, ReadOnlyStore
from stores.location import Location
from stores.run_records import RunJournal, RunRecord, list_runs, new_run_id, start_run

CHILD = """
import sys, time
from stores.location import Location
from stores.run_records import start_run
run = start_run(Location.parse(sys.argv[1]), "", "planted.toml", 3)
run.add_artifact("images", "a" * 64)
run.save()
print("started", flush=True)
time.sleep(300)
"""


@pytest.fixture(params=["local", "memory"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> Location:
    return Location.parse(str(tmp_path) if request.param == "local" else f"memory://{secrets.token_hex(8)}")


def begin(root: Location, name: str = "") -> RunJournal:
    return start_run(root, name, "configs/planted.toml", 0)


def only(root: Location) -> RunRecord:
    (record,) = list_runs(root)
    return record


def test_a_record_follows_the_run_to_its_end(root: Location) -> None:
    run = begin(root, "paper")
    first = only(root)
    assert (first.name, first.config, first.seed) == ("paper", "configs/planted.toml", 0)
    assert (first.state, first.shown_state, first.finished, first.artifacts) == ("running", "running", "", {})
    run.add_artifact("images", "a" * 64)
    run.add_artifact("similarity_model", "b" * 64)
    assert only(root) == first
    run.save()
    assert only(root).artifacts == {"images": "a" * 64, "similarity_model": "b" * 64}
    run.finish("done")
    last = only(root)
    assert (last.state, last.shown_state, last.error) == ("done", "done", "")
    assert last.finished >= last.started == first.started
    assert last.artifacts == {"images": "a" * 64, "similarity_model": "b" * 64}
    assert run.record == last


def test_a_failed_run_says_why(root: Location) -> None:
    begin(root).finish("failed", "expected: a\n   found: b")
    assert (only(root).shown_state, only(root).error) == ("failed", "expected: a\n   found: b")


def test_runs_are_listed_in_the_order_of_their_start_and_no_two_share_an_id(root: Location) -> None:
    runs = [begin(root) for _ in range(3)]
    for run in reversed(runs):
        run.finish("done")
    assert [record.run_id for record in list_runs(root)] == [run.record.run_id for run in runs]
    ids = [new_run_id() for _ in range(200)]
    assert len(set(ids)) == 200
    assert [identifier[:22] for identifier in ids] == sorted(identifier[:22] for identifier in ids)


def test_a_run_whose_process_was_killed_is_lost(tmp_path: Path) -> None:
    root = Location.parse(str(tmp_path))
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, str(tmp_path)], cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        first_line = child.stdout.readline()
        living = [(record.shown_state, record.sign.pid) for record in list_runs(root)]
        child.send_signal(signal.SIGKILL)
    assert first_line == "started\n"
    assert living == [("running", child.pid)]
    assert (only(root).state, only(root).shown_state) == ("running", "lost")
    assert only(root).artifacts == {"images": "a" * 64}


def test_a_silent_run_on_another_machine_is_lost(root: Location) -> None:
    run = begin(root)
    run.finish("done")
    sign = dataclasses.replace(run.record.sign, host="elsewhere", heartbeat="2026-01-01T00:00:00+00:00")
    silent = dataclasses.replace(run.record, state="running", sign=sign)
    assert silent.shown_state == "lost"
    assert dataclasses.replace(silent, state="stopped").shown_state == "stopped"


def test_the_heartbeat_renews_the_record(root: Location) -> None:
    begin(root).finish("done")
    template = only(root)
    root.child("runs", f"{template.run_id}.json").remove_tree()
    run = RunJournal(root, dataclasses.replace(template, state="running"), beat_s=0.05)
    first = only(root).sign.heartbeat
    time.sleep(0.3)
    assert only(root).sign.heartbeat > first
    run.finish("done")
    last = only(root)
    time.sleep(0.2)
    assert only(root) == last


def test_a_store_that_cannot_be_written_costs_one_warning(root: Location, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Location, data: bytes) -> None:
        raise ReadOnlyStore(expected="a", found="No space left on device", where="c", remedy="d")

    monkeypatch.setattr(Location, "replace_bytes", full)
    warnings: list[str] = []
    monkeypatch.setattr(logging.getLogger("sane"), "warning", lambda text, *words: warnings.append(text % words))
    run = begin(root)
    run.save()
    run.finish("failed", "No space left on device")
    assert warnings == ["the record of this run cannot be written: No space left on device"]
    assert list_runs(root) == []


def test_a_damaged_record_is_named_with_the_remedy(tmp_path: Path) -> None:
    root = Location.parse(str(tmp_path))
    begin(root).finish("done")
    file = tmp_path / "runs" / os.listdir(tmp_path / "runs")[0]
    file.write_bytes(file.read_bytes().replace(b'"done"', b'"gone"'))
    with pytest.raises(CorruptArtifact, match="delete this file: no result depends on it") as caught:
        list_runs(root)
    assert caught.value.where == str(file)
