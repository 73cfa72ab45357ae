"""Two runs on one store at once: whole results, no work done twice, and one truth even without leases.

The child processes act from replaced functions; the product code has no hooks. They meet through files: a child says
what it does by creating one, and waits for one that another makes.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

import flows.engine.stage_lock
from flows.configured_runs import run_request
from flows.engine.adopt import read_as_part
from flows.engine.code_identity import SOURCE_ROOT
from flows.engine.plan import plan_stage
from flows.engine.plan_graph import plan_stages
from flows.engine.run import Reporter, run_stages
from flows.engine.runners import run_inline
from flows.settings.asked_run import AskedRun
from flows.stages.graph import build_stages
from stores.artifacts import ArtifactStore
from stores.errors import StoreError
from stores.leases import HeldLease, Lease, acquire, lease_file, live_leases
from stores.liveness import SignOfLife
from stores.location import Location
from stores.maintenance import verify_commit
from stores.manifests import Manifest
from stores.parts import ArraysPart
from stores.run_records import list_runs
from tests.flows.run_cases import FinishedRun

STAGE = "saliency_maps.test.rise.fixed"
SHARDS = 5

CHILD = f"""
import sys, time
from pathlib import Path
import flows.engine.execute, flows.commands.progress, flows.engine.stage_lock
from flows.cli import app

config, name, folder, until, *options = sys.argv[1:]
other = {{"first": "second", "second": "first"}}[name]
signs = Path(folder)

def say(what):
    (signs / f"{{name}}-{{what}}").touch()

def wait_for(what):
    end = time.monotonic() + 120
    while not (signs / what).exists():
        assert time.monotonic() < end, what
        time.sleep(0.02)

job_body = flows.engine.execute.job_body
def watched_job_body(job):
    body = job_body(job)
    def run(inputs):
        task = inputs.task
        if task.stage == "{STAGE}":
            say(f"computes-{{task.shard_key}}")
            if "stays" in options:
                wait_for("go-on")
            if "together" in options:
                wait_for(f"{{other}}-computes-{{task.shard_key}}")
        return body(inputs)
    return run
flows.engine.execute.job_body = watched_job_body

waiting_text = flows.commands.progress.waiting_text
def watched_waiting_text(plan, lease):
    say("waits")
    return waiting_text(plan, lease)
flows.commands.progress.waiting_text = watched_waiting_text

if "leaseless" in options:
    acquire = flows.engine.stage_lock.acquire
    def acquire_elsewhere(root, *words):
        return acquire(root.child(f"leases-of-{{name}}"), *words)
    flows.engine.stage_lock.acquire = acquire_elsewhere

if "mirrored" in options:
    import dataclasses
    import flows.jobs.saliency_maps
    build_generator = flows.jobs.saliency_maps.build_generator
    def build_mirrored(*words):
        generator = build_generator(*words)
        def mirror(requests):
            return [
                dataclasses.replace(maps, display_khw=maps.display_khw[..., ::-1].copy())
                for maps in generator(requests)
            ]
        return mirror
    flows.jobs.saliency_maps.build_generator = build_mirrored

app(["run", config, *(["--until", until] if until else [])])
"""


@dataclass
class Meeting:
    """Child processes on one store, and the files through which they meet."""

    run: FinishedRun
    signs: Path

    @contextmanager
    def child(self, name: str, *options: str, until: str = STAGE) -> Iterator[subprocess.Popen[str]]:
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(self.run.config), name, str(self.signs), until, *options],
            cwd=SOURCE_ROOT,
            env={**os.environ, "PYTHONPATH": str(SOURCE_ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            yield child
        finally:
            child.kill()
            child.communicate()

    def computed(self, name: str) -> int:
        return len(self.signs_of(name, "computes"))

    def signs_of(self, name: str, what: str) -> list[Path]:
        return sorted(self.signs.glob(f"{name}-{what}*"))

    def wait_for(self, name: str, what: str, child: subprocess.Popen[str]) -> None:
        end = time.monotonic() + 120
        while not self.signs_of(name, what):
            assert child.poll() is None, child.communicate()[0]
            assert time.monotonic() < end, f"{name} {what}"
            time.sleep(0.02)

    def go_on(self) -> None:
        (self.signs / "go-on").touch()


@pytest.fixture
def meeting(run_copy: FinishedRun, tmp_path: Path) -> Meeting:
    """A run whose test maps were never begun."""
    shutil.rmtree(run_copy.store / STAGE)
    (tmp_path / "signs").mkdir()
    return Meeting(run_copy, tmp_path / "signs")


def ends_well(child: subprocess.Popen[str]) -> str:
    output, _ = child.communicate(timeout=300)
    assert child.returncode == 0, output
    return output


def root_of(run: FinishedRun) -> Location:
    return Location.parse(str(run.store))


def problems_of(run: FinishedRun) -> list[str]:
    """Return what is wrong with the whole result: stages not current, digests that disagree, damaged parts."""
    store = ArtifactStore(str(run.store))
    try:
        plans = plan_stages(build_stages(run.settings()), store)
    except StoreError as error:
        return [str(error)]
    problems = []
    for plan in plans:
        if plan.manifest is None:
            problems.append(f"{plan.stage.name} is {plan.state}")
            continue
        try:
            for commit in store.read_commits(plan.manifest):
                problems += [str(error) for error in verify_commit(store, commit)]
        except StoreError as error:
            problems.append(str(error))
    return problems


def all_digests(run: FinishedRun) -> dict[str, str]:
    store = ArtifactStore(str(run.store))
    plans = plan_stages(build_stages(run.settings()), store)
    return {plan.stage.name: plan.manifest.digest for plan in plans if plan.manifest is not None}


def test_the_comparator_of_whole_results_can_fail(run_copy: FinishedRun) -> None:
    assert problems_of(run_copy) == []
    shutil.rmtree(run_copy.store / "metrics")
    assert "metrics is missing" in problems_of(run_copy)
    store = ArtifactStore(str(run_copy.store))
    manifest = run_copy.manifest(STAGE)
    old = store.read_commits(manifest)[0]
    (tables,) = (stage.tables for stage in build_stages(run_copy.settings()) if stage.name == STAGE)
    parts = {name: read_as_part(store, old, name, tables) for name in old.parts}
    maps = parts["maps"]
    assert isinstance(maps, ArraysPart)
    parts["maps"] = ArraysPart({"maps": maps.arrays["maps"] + 1}, maps.axes, maps.units)
    # As if a later writer had won: the manifest, and what was made from the first one's values, no longer agree.
    shutil.rmtree(run_copy.store / STAGE / "shards" / old.shard_key)
    store.commit_shard(STAGE, old.shard_key, old.shard_label, parts, old.counts, old.seconds, old.provenance)
    assert any("in the manifest" in problem for problem in problems_of(run_copy))


@pytest.mark.slow
def test_the_second_run_waits_and_nothing_is_done_twice(finished_run: FinishedRun, meeting: Meeting) -> None:
    with meeting.child("first", "stays") as first, meeting.child("second", "stays") as second:
        # Either may be first to the lease.
        end = time.monotonic() + 120
        while not (meeting.signs_of("*", "computes") and meeting.signs_of("*", "waits")):
            assert time.monotonic() < end
            assert first.poll() is None
            assert second.poll() is None
            time.sleep(0.02)
        (lease,) = live_leases(root_of(meeting.run))
        assert (lease.stage, lease.sign.pid in (first.pid, second.pid)) == (STAGE, True)
        assert set(lease.covers) >= {"images", "similarity_model", "embeddings", "pairs.test"}
        assert STAGE not in lease.covers
        meeting.go_on()
        outputs = [ends_well(first), ends_well(second)]
    assert sorted([meeting.computed("first"), meeting.computed("second")]) == [0, SHARDS]
    (waited,) = [output for output in outputs if "waiting; it goes on when that run is done or dead" in output]
    assert waited.count("waiting;") == 1
    assert f"run {lease.run_id} on {lease.sign.host} (process {lease.sign.pid})" in waited
    assert "nothing to do" in waited
    assert problems_of(meeting.run) == []
    assert all_digests(meeting.run) == all_digests(finished_run)
    assert live_leases(root_of(meeting.run)) == []
    assert [run.shown_state for run in list_runs(root_of(meeting.run))][-2:] == ["done", "done"]


@pytest.mark.slow
def test_a_killed_holder_is_followed_at_once(finished_run: FinishedRun, meeting: Meeting) -> None:
    with meeting.child("first", "stays") as first:
        meeting.wait_for("first", "computes", first)
        with meeting.child("second") as second:
            meeting.wait_for("second", "waits", second)
            first.send_signal(signal.SIGKILL)
            first.wait()
            killed = time.monotonic()
            while [lease.sign.pid for lease in live_leases(root_of(meeting.run))] != [second.pid]:
                # The lease expires a minute after its last heartbeat, which was at most ten seconds before.
                assert time.monotonic() - killed < 40
                time.sleep(0.1)
            ends_well(second)
    assert meeting.computed("second") == SHARDS
    assert problems_of(meeting.run) == []
    assert all_digests(meeting.run) == all_digests(finished_run)
    assert [run.shown_state for run in list_runs(root_of(meeting.run))][-2:] == ["lost", "done"]


@pytest.mark.slow
def test_of_two_writers_with_different_bytes_the_first_commit_wins_and_all_that_follows_agrees(
    finished_run: FinishedRun, meeting: Meeting, tmp_path: Path
) -> None:
    options = ("leaseless", "together")
    with (
        meeting.child("first", *options, until="") as first,
        meeting.child("second", *options, "mirrored", until="") as second,
    ):
        ends_well(first)
        ends_well(second)
    # Without leases all is done twice, so the count of the first test can fail.
    assert (meeting.computed("first"), meeting.computed("second")) == (SHARDS, SHARDS)
    assert problems_of(meeting.run) == []

    # Each shard is the one or the other writer's, whole.
    store, original = ArtifactStore(str(meeting.run.store)), ArtifactStore(str(finished_run.store))
    manifest = meeting.run.manifest(STAGE)
    pairs = zip(store.read_commits(manifest), original.read_commits(finished_run.manifest(STAGE)), strict=True)
    for mine, plain in pairs:
        found = store.read_part_arrays(mine, "maps")["maps"]
        maps = original.read_part_arrays(plain, "maps")["maps"]
        assert not np.array_equal(maps, maps[..., ::-1], equal_nan=True)
        assert any(np.array_equal(found, candidate, equal_nan=True) for candidate in (maps, maps[..., ::-1]))
        # Only the winner's payload is left: one file or folder a part, beside the commit.
        assert len(store.root.child(STAGE, "shards", mine.shard_key).list_names()) == len(mine.parts) + 1

    # What follows was made from the winners: made anew from them, it has the same digests.
    again = meeting.run.copy_to(tmp_path / "again")
    following = ("faithfulness.rise.fixed", "explanations", "metrics")
    assert set(again.computed(force=following)) == set(following)
    assert all_digests(again) == all_digests(meeting.run)


def foreign_lease(run: FinishedRun, expiry_s: float) -> Lease:
    """Lay down the lease of a process on another machine that gives no further sign of life."""
    store = ArtifactStore(str(run.store))
    manifests: dict[str, Manifest] = {}
    for stage in build_stages(run.settings()):
        plan = plan_stage(stage, store, manifests)
        if stage.name == STAGE:
            break
        assert plan.manifest is not None
        manifests[stage.name] = plan.manifest
    held = acquire(store.root, "theirs", STAGE, str(plan.fingerprint), {})
    assert isinstance(held, HeldLease)
    held.release()
    sign = replace(SignOfLife.of_this_process(expiry_s), host="elsewhere", machine="another")
    lease = replace(held.lease, sign=sign)
    lease_file(store.root, STAGE, lease.fingerprint).create_bytes(lease.to_json())
    return lease


class LostPatienceError(Exception):
    pass


def run_noting_waits(run: FinishedRun) -> list[tuple[str, str]]:
    waits: list[tuple[str, str]] = []
    reporter = Reporter(
        lambda plan: None,
        lambda plan, commits: commits,
        lambda plan, lease: waits.append((plan.stage.name, lease.sign.host)),
    )
    run_stages(run_request(AskedRun(run.settings(), STAGE)), run_inline, reporter)
    return waits


def test_a_silent_holder_on_another_machine_is_followed_after_its_expiry(meeting: Meeting) -> None:
    foreign_lease(meeting.run, expiry_s=2.0)
    started = time.monotonic()
    assert run_noting_waits(meeting.run) == [(STAGE, "elsewhere")]
    assert time.monotonic() - started > 1.0
    assert problems_of(meeting.run) == []


def test_a_holder_on_another_machine_is_waited_for_until_then(
    meeting: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign_lease(meeting.run, expiry_s=3600.0)
    looks = 0

    def look_again(seconds: float) -> None:
        nonlocal looks
        looks += 1
        if looks == 5:
            raise LostPatienceError

    monkeypatch.setattr(flows.engine.stage_lock.time, "sleep", look_again)
    with pytest.raises(LostPatienceError):
        run_noting_waits(meeting.run)
    assert not (meeting.run.store / STAGE).exists()
    assert list_runs(root_of(meeting.run))[-1].state == "failed"


def test_a_result_made_while_the_lease_was_asked_for_is_not_made_again(
    finished_run: FinishedRun, meeting: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    def other_run_first(*words: object) -> HeldLease | Lease:
        if not (meeting.run.store / STAGE).exists():
            shutil.copytree(finished_run.store / STAGE, meeting.run.store / STAGE)
        return acquire(*words)  # type: ignore[arg-type]

    monkeypatch.setattr(flows.engine.stage_lock, "acquire", other_run_first)
    assert meeting.run.computed(until=STAGE) == {}
