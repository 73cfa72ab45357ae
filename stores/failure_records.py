"""What went wrong: one record and one log file for each shard that failed in a run.

    <root>/failures/<run id>--<shard key>.json
    <root>/logs/<run id>/<stage instance>--<shard label>.log

They are history and stay when the shard is done later. A shard that fails again in the same run, because it was
tried again, replaces its record and adds to its log.
"""

import dataclasses
import re
from dataclasses import dataclass

from stores.errors import MissingArtifact
from stores.location import Location
from stores.record_fields import Instant, PlainName
from stores.records import decode_side_record, encode_record

FAILURES = "failures"
LOGS = "logs"
MOST_LISTED_IMAGES = 1000

_UNSAFE = re.compile(r"[^A-Za-z0-9._+-]+")


@dataclass(frozen=True)
class FailureRecord:
    """A shard that failed.

    Attributes:
        run_id: the run in which it did.
        stage: stage instance.
        shard: the shard's label.
        shard_key: names the computation.
        images: ids of the images it worked on, at most 1,000; none where the shard is the whole stage.
        images_count: how many there are in all.
        error: what was expected and found, where, and what to do; for an unforeseen error its type and text.
        when: time of the failure.
    """

    run_id: str
    stage: str
    shard: str
    shard_key: str
    images: tuple[str, ...]
    images_count: int
    error: str
    when: str

    def to_json(self) -> bytes:
        """Return the content of the record's file."""
        return encode_record(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, data: bytes, where: str) -> "FailureRecord":
        """Return the record that `to_json` wrote; `where` names the file in messages.

        Raises:
            StoreError: when a newer version of this program wrote it.
            CorruptArtifact: when it is damaged.
        """
        types = {
            **dict.fromkeys(("run_id", "stage", "shard_key"), PlainName),
            **dict.fromkeys(("shard", "error"), str),
            "images": list[str],
            "images_count": int,
            "when": Instant,
        }
        fields = decode_side_record(data, where, types)
        return cls(**{**fields, "images": tuple(fields["images"])})


def write_failure(root: Location, failure: FailureRecord, log_text: str) -> None:
    """Store a failure and its log.

    Raises:
        ReadOnlyStore: when the place cannot be written.
    """
    log = failure_log(root, failure)
    try:
        earlier = log.read_bytes() + b"\n"
    except MissingArtifact:
        earlier = b""
    # The log first: a record never names a log that is not there.
    log.replace_bytes(earlier + log_text.encode("utf-8", errors="replace"))
    name = f"{failure.run_id}--{failure.shard_key}.json"
    root.child(FAILURES, name).replace_bytes(failure.to_json())


def failure_log(root: Location, failure: FailureRecord) -> Location:
    """Return the log file of a failure."""
    label = _UNSAFE.sub("_", failure.shard)
    return root.child(LOGS, failure.run_id, f"{failure.stage}--{label}.log")


def list_failures(root: Location) -> list[FailureRecord]:
    """Return all failures that a store remembers, those of the oldest run first, in a run by time.

    Raises:
        StoreError: when a record is damaged or of a newer version.
    """
    folder = root.child(FAILURES)
    failures = []
    for name in folder.list_names():
        if name.endswith(".json"):
            place = folder.child(name)
            try:
                failures.append(FailureRecord.from_json(place.read_bytes(), place.url))
            except MissingArtifact:
                continue  # removed meanwhile
    return sorted(failures, key=lambda failure: (failure.run_id, failure.when, failure.shard))
