"""What the store says of a shard (commit) and of a stage's whole result (manifest).

A reader believes a manifest and nothing else. Digests cover values only: seconds, devices, file names and
other provenance are recorded beside them and never enter a key.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Literal, get_args

from stores.canonical import fingerprint
from stores.digests import combine_digests
from stores.errors import REPAIR_REMEDY, CorruptArtifact, MissingArtifact
from stores.records import decode_record, encode_record

PartKind = Literal["arrays", "table", "tensors", "file"]
_SUMMARISED = ("table", "dtypes", "axes", "units")


@dataclass(frozen=True)
class PartRecord:
    """One payload of a shard.

    Attributes:
        name: its name within the shard.
        kind: "arrays", "table", "tensors" or "file".
        file: the file or folder, below the shard's folder.
        digest: of the decoded values.
        detail: for arrays and tensors, by member: `shapes`, `dtypes` and `digests`, for arrays also `axes`,
            `units` and, by file, `metadata_digests`; for a table `table`, `rows`, `column_digests` and
            `file_sha256`; for a file `file_name` and `size_bytes`.
    """

    name: str
    kind: PartKind
    file: str
    digest: str
    detail: dict[str, Any]


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
            "stage": str,
            "shard_key": str,
            "shard_label": str,
            "parts": dict,
            "counts": dict,
            "seconds": float,
            "provenance": dict,
        }
        fields = decode_record(data, where, types)
        fields["parts"] = {name: _part_from_json(part, where) for name, part in fields["parts"].items()}
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
        moment = datetime.fromisoformat(self.created)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

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
        types: dict[str, type] = dict.fromkeys(("stage", "fingerprint", "digest", "created", "adopted_from"), str)
        types |= dict.fromkeys(("shard_keys", "shard_labels", "digests"), list)
        types |= dict.fromkeys(("ingredients", "upstream", "versions", "details"), dict)
        fields = decode_record(data, where, {**types, "seconds": float})
        for name in ("shard_keys", "shard_labels", "digests"):
            fields[name] = tuple(fields[name])
        fields["adopted_from"] = fields["adopted_from"] or None
        return cls(**fields)


def combine_shard_digests(digests: Sequence[str]) -> str:
    """Return a stage's digest: one digest of its shards' digests in order."""
    return fingerprint(list(digests))


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


def _part_from_json(part: Any, where: str) -> PartRecord:
    names = {part_field.name for part_field in dataclasses.fields(PartRecord)}
    if not isinstance(part, Mapping) or set(part) != names or part["kind"] not in get_args(PartKind):
        raise CorruptArtifact(
            expected=f"parts with the fields {', '.join(sorted(names))}",
            found=f"{part!r:.200}",
            where=where,
            remedy=REPAIR_REMEDY,
        )
    return PartRecord(**{str(name): value for name, value in part.items()})
