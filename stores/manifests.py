"""What the store says of a shard (commit) and of a stage's whole result (manifest).

A reader believes a manifest and nothing else. Digests cover values only: seconds, devices, file names and
other provenance are recorded beside them and never enter a key.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from stores.canonical import fingerprint
from stores.digests import combine_digests
from stores.errors import MissingArtifact
from stores.part_records import PartRecord, part_from_json
from stores.record_fields import Instant, PlainName, fields_problem
from stores.records import decode_record, encode_record, require_record

_SUMMARISED = ("table", "dtypes", "axes", "units")
# What `describe_commits` returns; a manifest may say more.
_DETAILS = {"counts": dict[str, int], "devices": list[str], "parts": dict[str, dict[str, Any]]}


@dataclass(frozen=True)
class Commit:
    """A finished shard.

    Attributes:
        stage: the stage instance, such as "saliency_maps.test.rise.fixed".
        shard_key: names the computation.
        shard_label: names the shard to people.
        parts: the payloads by name.
        counts: what was processed, such as {"images": 64}.
        seconds: how long it took.
        provenance: device, batch size, package versions, time; never part of a digest.
    """

    stage: str
    shard_key: str
    shard_label: str
    parts: dict[str, PartRecord]
    counts: dict[str, int]
    seconds: float
    provenance: dict[str, Any]

    @cached_property
    def digest(self) -> str:
        """One digest of all parts' values."""
        return combine_digests({name: part.digest for name, part in self.parts.items()})

    def part(self, part_name: str) -> PartRecord:
        """Return the record of one part.

        Raises:
            MissingArtifact: when the shard has no part of this name.
        """
        if part_name not in self.parts:
            raise MissingArtifact(
                expected=f"one of the parts {', '.join(sorted(self.parts))}",
                found=f"a request for {part_name!r}",
                where=f"{self.stage}, shard {self.shard_label} ({self.shard_key})",
                remedy="ask for a part that the shard has",
            )
        return self.parts[part_name]

    def to_json(self) -> bytes:
        """Return the content of commit.json.

        Raises:
            StoreError: when a field has no canonical JSON.
        """
        return encode_record({**dataclasses.asdict(self), "seconds": float(self.seconds)})

    @classmethod
    def from_json(cls, data: bytes, where: str) -> "Commit":
        """Return the commit that `to_json` wrote; `where` names the file in messages.

        Raises:
            StoreError: when a newer version of this program wrote it.
            CorruptArtifact: when it is damaged.
        """
        types = {
            "stage": PlainName,
            "shard_key": PlainName,
            "shard_label": str,
            "parts": dict[PlainName, dict[str, Any]],
            "counts": dict[str, int],
            "seconds": float,
            "provenance": dict,
        }
        fields = decode_record(data, where, types)
        device = {name: text for name, text in fields["provenance"].items() if name == "device"}
        require_record(fields_problem(device, {}, {"device": str}, "provenance"), where)
        fields["parts"] = {name: part_from_json(name, part, where) for name, part in fields["parts"].items()}
        return cls(**fields)


@dataclass(frozen=True)
class Manifest:
    """A stage's finished result.

    Attributes:
        stage: the stage instance.
        fingerprint: names the computation, over the stage's whole input.
        ingredients: everything the fingerprint is made of, in the clear.
        shard_keys: the shards in order.
        shard_labels: their names for people, in the same order.
        digests: their digests, in the same order.
        digest: one digest of all of them.
        upstream: the fingerprint of each upstream stage instance.
        versions: package versions.
        seconds: how long the shards took together.
        created: when it was written, ISO 8601 with time zone.
        details: what else is worth knowing, such as `describe_commits` returns.
        adopted_from: the fingerprint of the result that a user declared still valid, or None.
    """

    stage: str
    fingerprint: str
    ingredients: dict[str, Any]
    shard_keys: tuple[str, ...]
    shard_labels: tuple[str, ...]
    digests: tuple[str, ...]
    digest: str
    upstream: dict[str, str]
    versions: dict[str, str]
    seconds: float
    created: str
    details: dict[str, Any] = field(default_factory=dict)
    adopted_from: str | None = None

    def moment(self) -> datetime:
        """Return `created` as a time, in UTC when it names no zone."""
        return moment_of(self.created)

    def to_json(self) -> bytes:
        """Return the content of the manifest's file.

        Raises:
            StoreError: when a field has no canonical JSON.
        """
        plain = {"adopted_from": self.adopted_from or "", "seconds": float(self.seconds)}
        return encode_record({**dataclasses.asdict(self), **plain})

    @classmethod
    def from_json(cls, data: bytes, where: str) -> "Manifest":
        """Return the manifest that `to_json` wrote; `where` names the file in messages.

        Raises:
            StoreError: when a newer version of this program wrote it.
            CorruptArtifact: when it is damaged.
        """
        lists = {"shard_keys": list[PlainName], "shard_labels": list[str], "digests": list[str]}
        types = {
            "stage": PlainName,
            "fingerprint": PlainName,
            "ingredients": dict,
            **lists,
            "digest": str,
            "upstream": dict[PlainName, PlainName],
            "versions": dict[str, str],
            "seconds": float,
            "created": Instant,
            "details": dict,
            "adopted_from": str,
        }
        fields = decode_record(data, where, types)
        lengths = {name: len(fields[name]) for name in lists}
        if len(set(lengths.values())) != 1:
            require_record(f"lists of different lengths: {lengths}", where)
        known = {name: value for name, value in fields["details"].items() if name in _DETAILS}
        require_record(fields_problem(known, {}, _DETAILS, "details"), where)
        for name in lists:
            fields[name] = tuple(fields[name])
        fields["adopted_from"] = fields["adopted_from"] or None
        return cls(**fields)


def combine_shard_digests(digests: Sequence[str]) -> str:
    """Return a stage's digest: one digest of its shards' digests in order."""
    return fingerprint(list(digests))


def moment_of(text: str) -> datetime:
    """Return a record's time, ISO 8601, in UTC when it names no zone."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def created_now() -> str:
    """Return the present moment as a manifest's `created`."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def describe_commits(commits: Sequence[Commit]) -> dict[str, Any]:
    """Return what a manifest's `details` should say of its shards.

    Returns:
        `counts`: the sums over shards; `devices`: the different ones, sorted; `parts`: for each part its kind
        and the number of its rows or the dtypes, axes and units of its arrays.
    """
    counts: dict[str, int] = {}
    parts: dict[str, dict[str, Any]] = {}
    for commit in commits:
        for name, count in commit.counts.items():
            counts[name] = counts.get(name, 0) + count
        for part in commit.parts.values():
            shown: dict[str, Any] = {key: part.detail[key] for key in _SUMMARISED if key in part.detail}
            summary = parts.setdefault(part.name, {"kind": part.kind, **shown})
            if "rows" in part.detail:
                summary["rows"] = summary.get("rows", 0) + part.detail["rows"]
    devices = sorted({str(commit.provenance["device"]) for commit in commits if "device" in commit.provenance})
    return {"counts": counts, "devices": devices, "parts": parts}
