"""What a commit says of one payload of its shard."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from stores.errors import REPAIR_REMEDY, CorruptArtifact
from stores.record_fields import PlainName, field_problem, fields_problem

PartKind = Literal["arrays", "table", "tensors", "file"]


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


_FIELDS = {"name": PlainName, "kind": str, "file": PlainName, "digest": str, "detail": dict}
_MEMBERS = {
    "shapes": dict[PlainName, list[int]],
    "dtypes": dict[PlainName, str],
    "digests": dict[PlainName, str],
}
_DETAILS: Mapping[str, Mapping[str, Any]] = {
    "arrays": {**_MEMBERS, "axes": dict[PlainName, list[str]], "units": dict[PlainName, str]},
    "table": {"table": str, "rows": int, "column_digests": dict[str, str], "file_sha256": str},
    "tensors": _MEMBERS,
    "file": {"file_name": str, "size_bytes": int},
}
# Arrays that were written before their metadata had digests have none.
_OPTIONAL: Mapping[str, Mapping[str, Any]] = {"arrays": {"metadata_digests": dict[str, str]}}


def part_from_json(name: str, part: Mapping[str, Any], where: str) -> PartRecord:
    """Return the record of a part, as a commit holds it.

    Args:
        name: under which the commit has it.
        part: its fields, read from JSON.
        where: the commit's file, for error messages.

    Raises:
        CorruptArtifact: for other fields, or contents that no part of its kind has.
    """
    problem = _part_problem(name, part)
    if problem is not None:
        raise CorruptArtifact(
            expected=f"parts with the fields {', '.join(sorted(_FIELDS))}, and the detail of their kind",
            found=problem,
            where=where,
            remedy=REPAIR_REMEDY,
        )
    return PartRecord(**part)


def _part_problem(name: str, part: Mapping[str, Any]) -> str | None:
    place = f"parts.{name}"
    problem = fields_problem(part, _FIELDS, place=place)
    if problem is not None:
        return problem
    kind, detail = part["kind"], part["detail"]
    if part["name"] != name or kind not in _DETAILS:
        return f"the field {place!r} holds the part {part['name']!r:.100} of kind {kind!r:.100}"
    problem = fields_problem(detail, _DETAILS[kind], _OPTIONAL.get(kind), f"{place}.detail")
    if problem is not None or kind not in ("arrays", "tensors"):
        return problem
    members = {field: sorted(detail[field]) for field in _MEMBERS}
    if len({tuple(names) for names in members.values()}) != 1:
        return f"the field '{place}.detail' holds different names: {members}"[:200]
    levels = [level for path in detail.get("metadata_digests", {}) for level in path.split("/")]
    return field_problem(levels, list[PlainName], f"{place}.detail.metadata_digests")
