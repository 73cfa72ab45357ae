"""A lease keeps others waiting while its process lives, and no longer; losing one harms nobody."""

import dataclasses
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stores import canonical
from stores.errors import CorruptArtifact, StoreError
from stores.leases import HeldLease, Lease, acquire, lease_file, live_leases
from stores.liveness import SignOfLife
from stores.location import Location
from stores.records import encode_record

STAGE = "saliency_maps.test.rise.fixed"
FINGERPRINT = "ab" * 32

CHILD = """
import sys, time
from stores.leases import acquire
from stores.location import Location
acquire(Location.parse(sys.argv[1]), "child", sys.argv[2], sys.argv[3], {})
print("held", flush=True)
time.sleep(300)
"""


@pytest.fixture(params=["local", "memory"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> Location:
    return Location.parse(str(tmp_path) if request.param == "local" else f"memory://{secrets.token_hex(8)}")


def take(root: Location, run_id: str, expiry_s: float = 60.0, beat_s: float = 10.0) -> HeldLease | Lease:
    return acquire(root, run_id, STAGE, FINGERPRINT, {"images": "c" * 64}, expiry_s, beat_s)


def held(found: HeldLease | Lease) -> HeldLease:
    assert isinstance(found, HeldLease)
    return found


def stored(root: Location) -> Lease:
    place = lease_file(root, STAGE, FINGERPRINT)
    return Lease.from_json(place.read_bytes(), place.url)


def write(root: Location, lease: Lease) -> None:
    lease_file(root, STAGE, FINGERPRINT).replace_bytes(lease.to_json())


def foreign(lease: Lease, age_s: float, expiry_s: float = 60.0) -> Lease:
    """The lease as a process on another machine would have written it."""
    moment = (datetime.now(UTC) - timedelta(seconds=age_s)).isoformat()
    sign = dataclasses.replace(lease.sign, host="elsewhere", machine="another", heartbeat=moment, expiry_s=expiry_s)
    return dataclasses.replace(lease, run_id="theirs", sign=sign)


def wait_until(condition: Callable[[], bool], at_most_s: float = 10.0) -> bool:
    end = time.monotonic() + at_most_s
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


def test_the_second_run_gets_the_lease_of_the_first_until_it_is_given_back(root: Location) -> None:
    with held(take(root, "first")):
        found = take(root, "second")
        assert isinstance(found, Lease)
        assert (found.run_id, found.stage, found.fingerprint) == ("first", STAGE, FINGERPRINT)
        assert found.covers == {"images": "c" * 64}
        assert found.sign.pid == os.getpid()
        assert [lease.run_id for lease in live_leases(root)] == ["first"]
    assert live_leases(root) == []
    with held(take(root, "second")):
        assert stored(root).run_id == "second"


def test_other_stages_and_other_results_have_leases_of_their_own(root: Location) -> None:
    with held(take(root, "first")):
        with held(acquire(root, "second", STAGE, "cd" * 32, {})), held(acquire(root, "second", "images", "e" * 64, {})):
            assert len(live_leases(root)) == 3
        assert len(live_leases(root)) == 1


def test_a_part_of_the_same_run_joins_and_does_not_give_back(root: Location) -> None:
    outer = held(take(root, "first"))
    with held(take(root, "first")) as inner:
        assert inner.joined
        assert not outer.joined
    assert stored(root).run_id == "first"
    outer.release()
    outer.release()
    assert live_leases(root) == []


def test_heartbeats_keep_a_lease_alive_past_its_expiry(root: Location) -> None:
    with held(take(root, "first", expiry_s=0.6, beat_s=0.1)) as lease:
        first = lease.lease.sign.heartbeat
        assert wait_until(lambda: stored(root).sign.heartbeat > first)
        time.sleep(1.0)
        assert not stored(root).is_over()
        assert isinstance(take(root, "second"), Lease)


def test_without_heartbeats_it_is_taken_over_after_its_expiry(root: Location) -> None:
    with held(take(root, "first", expiry_s=0.3, beat_s=60.0)):
        assert isinstance(take(root, "second"), Lease)
        time.sleep(0.4)
        assert live_leases(root) == []
        with held(take(root, "second")):
            assert stored(root).run_id == "second"


@pytest.mark.parametrize(("age_s", "over"), [(0, False), (50, False), (-50, False), (70, True), (-70, True)])
def test_a_lease_from_another_machine_lives_as_long_as_its_heartbeat_is_young(
    root: Location, age_s: float, over: bool
) -> None:
    held(take(root, "mine")).release()
    with held(take(root, "mine")) as lease:
        write(root, foreign(lease.lease, age_s))
        assert stored(root).is_over() is over
        found = take(root, "second")
        assert isinstance(found, HeldLease) is over
        if isinstance(found, HeldLease):
            found.release()


def test_a_heartbeat_that_finds_another_owner_stops_and_leaves_the_other_alone(root: Location) -> None:
    first = held(take(root, "first", beat_s=0.05))
    theirs = foreign(first.lease, age_s=0)
    write(root, theirs)
    time.sleep(0.3)
    assert stored(root) == theirs
    first.release()
    assert stored(root) == theirs


def test_a_deleted_lease_is_free_and_its_holder_goes_on(root: Location) -> None:
    first = held(take(root, "first", beat_s=0.05))
    lease_file(root, STAGE, FINGERPRINT).remove_tree()
    time.sleep(0.2)
    with held(take(root, "second")):
        first.release()
        assert stored(root).run_id == "second"


def test_a_killed_holder_on_this_machine_is_followed_at_once(tmp_path: Path) -> None:
    root = Location.parse(str(tmp_path))
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, str(tmp_path), STAGE, FINGERPRINT],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        first_line = child.stdout.readline()
        found = take(root, "mine")
        child.send_signal(signal.SIGKILL)
        assert first_line == "held\n"
        assert isinstance(found, Lease)
        assert found.sign.pid == child.pid
        # Not waited for: a dead process that its parent has not asked about is still listed by the system.
        assert wait_until(lambda: stored(root).is_over())
        # The last heartbeat is seconds old, and the expiry a minute.
        with held(take(root, "mine")):
            assert stored(root).run_id == "mine"


def test_a_number_that_another_process_has_by_now_is_no_sign_of_life() -> None:
    mine = SignOfLife.of_this_process()
    assert not mine.is_over()
    assert dataclasses.replace(mine, process_began="1").is_over()
    assert not dataclasses.replace(mine, host="elsewhere", process_began="1").is_over()


def test_a_damaged_lease_holds_nobody_up_but_what_it_covers_is_unknown(root: Location) -> None:
    place = lease_file(root, STAGE, FINGERPRINT)
    place.create_bytes(b"{")
    with pytest.raises(CorruptArtifact, match="delete this file: no result depends on it"):
        live_leases(root)
    with held(take(root, "first")):
        assert [lease.run_id for lease in live_leases(root)] == ["first"]


def test_a_lease_of_a_newer_version_is_refused(root: Location) -> None:
    record = {**json.loads(encode_record({"stage": STAGE})), "format": 2}
    del record["checksum"]
    newer = json.dumps({**record, "checksum": canonical.fingerprint(record)}).encode()
    lease_file(root, STAGE, FINGERPRINT).create_bytes(newer)
    with pytest.raises(StoreError, match="format 2"):
        take(root, "first")


def test_a_store_that_cannot_be_written_for_a_while_does_not_end_the_heartbeat(
    root: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Location, data: bytes = b"") -> None:
        raise StoreError(expected="a", found="b", where="c", remedy="d")

    with held(take(root, "first", beat_s=0.05)) as lease:
        with monkeypatch.context() as replaced:
            replaced.setattr(Location, "replace_bytes", refuse)
            time.sleep(0.2)
        silent = stored(root).sign.heartbeat
        assert wait_until(lambda: stored(root).sign.heartbeat > silent)
        with monkeypatch.context() as replaced:
            replaced.setattr(Location, "remove_tree", refuse)
            lease.release()
    assert stored(root).run_id == "first"
