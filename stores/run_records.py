"""What each run did: one record a run, beside the artifacts, replaced whole as the run goes on.

    <root>/runs/<run id>.json

No result depends on a record: one that cannot be written costs a warning, never the run. Collecting garbage reads
them: a run with a name keeps the results it used, and so does one that still goes on.
"""

import dataclasses
import logging
import secrets
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from stores.errors import MissingArtifact, StoreError, UnreachableStore
from stores.liveness import BEAT_S, SIGN_FIELDS, Heartbeat, SignOfLife
from stores.location import Location
from stores.manifests import created_now
from stores.record_fields import Instant, PlainName, field_problem
from stores.records import decode_side_record, encode_record, require_side_record

RUNS = "runs"
RUNNING = "running"
DONE = "done"
FAILED = "failed"
STOPPED = "stopped"
LOST = "lost"


@dataclass(frozen=True)
class RunRecord:
    """One run of one seed.

    Attributes:
        run_id: sorts by time of start.
        name: given by the user; a run with a name pins its results; may be empty.
        config: the configuration file as the user named it.
        seed: of the run.
        started: when.
        finished: when; empty while it goes on.
        state: "running", "done", "failed" or "stopped" (by a signal), as last written; see `shown_state`.
        artifacts: stage instance to fingerprint of every result used or made so far.
        error: why it failed; else empty.
        sign: the process of the run, and its last heartbeat.
    """

    run_id: str
    name: str
    config: str
    seed: int
    started: str
    finished: str
    state: str
    artifacts: dict[str, str]
    error: str
    sign: SignOfLife

    @property
    def shown_state(self) -> str:
        """The state now: "lost" for a run that is said to go on but whose process is gone or silent."""
        return LOST if self.state == RUNNING and self.sign.is_over() else self.state

    def to_json(self) -> bytes:
        """Return the content of the record's file."""
        fields = {**dataclasses.asdict(self), **dataclasses.asdict(self.sign)}
        del fields["sign"]
        return encode_record(fields)

    @classmethod
    def from_json(cls, data: bytes, where: str) -> "RunRecord":
        """Return the record that `to_json` wrote; `where` names the file in messages.

        Raises:
            StoreError: when a newer version of this program wrote it.
            CorruptArtifact: when it is damaged.
        """
        own = {
            "run_id": PlainName,
            **dict.fromkeys(("name", "config", "finished", "state", "error"), str),
            "started": Instant,
            "seed": int,
            "artifacts": dict[PlainName, PlainName],
        }
        fields = decode_side_record(data, where, {**own, **SIGN_FIELDS})
        if fields["finished"]:
            require_side_record(field_problem(fields["finished"], Instant, "finished"), where)
        return cls(**{name: fields[name] for name in own}, sign=SignOfLife.from_fields(fields))


class RunJournal:
    """Keeps the record of a run that goes on: each change replaces the file, and a thread renews the heartbeat.

    Args:
        root: of the store.
        record: as the run starts.
        beat_s: seconds between heartbeats.

    Raises:
        UnreachableStore: when an object store does not answer.
    """

    def __init__(self, root: Location, record: RunRecord, beat_s: float = BEAT_S) -> None:
        self._place = root.child(RUNS, f"{record.run_id}.json")
        self._record = record
        self._warned = False
        self._started = False
        self._lock = threading.Lock()
        self._write()
        self._started = True
        self._heart = Heartbeat(self._beat, beat_s)

    @property
    def record(self) -> RunRecord:
        """The record as it is now."""
        return self._record

    def add_artifact(self, stage: str, fingerprint: str) -> None:
        """Note a result that the run uses or has made; written with the next change or heartbeat."""
        with self._lock:
            artifacts = {**self._record.artifacts, stage: fingerprint}
            self._record = dataclasses.replace(self._record, artifacts=artifacts)

    def save(self) -> None:
        """Write the record as it is now."""
        self._write()

    def finish(self, state: str, error: str = "") -> None:
        """Write how the run ended: "done", "failed" or "stopped"."""
        self._heart.stop()
        self._write(state=state, error=error, finished=created_now())

    def _beat(self) -> bool:
        self._write()
        return True

    def _write(self, **changes: Any) -> None:
        with self._lock:
            sign = SignOfLife.of_this_process(self._record.sign.expiry_s)
            self._record = dataclasses.replace(self._record, **changes, sign=sign)
            try:
                self._place.replace_bytes(self._record.to_json())
            except StoreError as error:
                if isinstance(error, UnreachableStore) and not self._started:
                    raise  # nothing that the run does next would be answered either
                self._warn_once(error)

    def _warn_once(self, error: StoreError) -> None:
        if not self._warned:
            logging.getLogger("sane").warning("the record of this run cannot be written: %s", error.found)
        self._warned = True


def start_run(root: Location, name: str, config: str, seed: int) -> RunJournal:
    """Return the journal of a run that starts now in this process, under a new id."""
    started = created_now()
    sign = SignOfLife.of_this_process()
    return RunJournal(root, RunRecord(new_run_id(), name, config, seed, started, "", RUNNING, {}, "", sign))


def new_run_id() -> str:
    """Return an id that sorts by time and that no other run has."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S-%f}-{secrets.token_hex(4)}"


def list_runs(root: Location) -> list[RunRecord]:
    """Return the records of all runs of a store, oldest first.

    Raises:
        StoreError: when one is damaged or of a newer version.
    """
    folder = root.child(RUNS)
    runs = []
    for name in folder.list_names():
        if name.endswith(".json"):
            place = folder.child(name)
            try:
                runs.append(RunRecord.from_json(place.read_bytes(), place.url))
            except MissingArtifact:
                continue  # removed meanwhile
    return runs
