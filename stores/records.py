"""JSON records that notice damage: a format number, who wrote them, strict fields, and a checksum.

Every format, also a later one, has a `checksum` over all else as it is computed here: only then can a flipped digit
of the format number be told from a record that a newer version wrote.
"""

import json
from collections.abc import Mapping
from importlib import metadata
from typing import Any

from stores.canonical import canonical_json, fingerprint, fingerprint_of_parsed
from stores.errors import REPAIR_REMEDY, CorruptArtifact, StoreError
from stores.record_fields import fields_problem

RECORD_FORMAT = 1


def encode_record(fields: Mapping[str, Any]) -> bytes:
    """Return a record as indented JSON with sorted keys, for programs and people alike.

    Raises:
        StoreError: when a field has no canonical JSON, such as a NaN.
    """
    # Through canonical JSON first: it refuses what would not come back as it went.
    record = json.loads(canonical_json({**fields, "format": RECORD_FORMAT, "written_by": _version()}))
    text = json.dumps({**record, "checksum": fingerprint(record)}, indent=1, sort_keys=True)
    return text.encode() + b"\n"


def decode_record(data: bytes, where: str, types: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a record, each of the given type to the bottom.

    Args:
        data: what `encode_record` returned.
        where: the file, for error messages.
        types: every field's name and type, see `stores.record_fields.field_problem`.

    Raises:
        StoreError: when a newer version of this program wrote the record.
        CorruptArtifact: when it is torn, changed, or has other fields.
    """
    try:
        record = json.loads(data)
        written_format = record["format"]
        checksum = record.pop("checksum", None)
        found_checksum = _checksum_of(record)
    # A record that is nested deeper than Python's stack was not written by this program.
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _corrupt(where, f"{len(data)} bytes that are no such record ({type(error).__name__})") from error
    # First of all, whatever the format: a flipped digit must not pass for the work of a newer version.
    if checksum != found_checksum:
        raise _corrupt(where, "content that does not agree with its own checksum")
    if type(written_format) is int and written_format > RECORD_FORMAT:
        raise StoreError(
            expected=f"a record of format {RECORD_FORMAT} or older",
            found=f"format {written_format}, written by {record.get('written_by', 'an unknown version')}"[:200],
            where=where,
            remedy="use that version or a newer one, or choose another store",
        )
    if type(written_format) is not int or written_format != RECORD_FORMAT:
        raise _corrupt(where, f"the format {written_format!r:.100}, which there never was")
    problem = fields_problem(record, {**types, "format": int, "written_by": str})
    if problem is not None:
        raise _corrupt(where, problem)
    return {name: record[name] for name in types}


def require_record(problem: str | None, where: str) -> None:
    """Raise CorruptArtifact for the record at `where` unless there is no problem.

    Args:
        problem: what is wrong with its content, in words.
        where: the file, for error messages.
    """
    if problem is not None:
        raise _corrupt(where, problem)


def decode_side_record(data: bytes, where: str, types: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a record that lies beside the artifacts, such as a lease; see `decode_record`.

    Raises:
        StoreError: when a newer version of this program wrote the record.
        CorruptArtifact: when it is damaged; such a file can be deleted, as no result depends on it.
    """
    try:
        return decode_record(data, where, types)
    except CorruptArtifact as error:
        raise _deletable(error) from error


def require_side_record(problem: str | None, where: str) -> None:
    """Do as `require_record` for a record that lies beside the artifacts."""
    try:
        require_record(problem, where)
    except CorruptArtifact as error:
        raise _deletable(error) from error


def _deletable(error: CorruptArtifact) -> CorruptArtifact:
    remedy = "delete this file: no result depends on it"
    return CorruptArtifact(expected=error.expected, found=error.found, where=error.where, remedy=remedy)


def misplaced_record(where: str, found: str) -> CorruptArtifact:
    """Return the error for a whole record that lies where another belongs."""
    return CorruptArtifact(
        expected="the record that this file's place and its manifest promise",
        found=found,
        where=where,
        remedy=REPAIR_REMEDY,
    )


def _checksum_of(record: Mapping[str, Any]) -> str:
    try:
        return fingerprint_of_parsed(record)
    except StoreError:
        return "none: a number that no record holds, such as NaN"


def _version() -> str:
    try:
        return f"sane-explanations {metadata.version('sane-explanations')}"
    except metadata.PackageNotFoundError:
        return "sane-explanations (not installed)"


def _corrupt(where: str, found: str) -> CorruptArtifact:
    return CorruptArtifact(
        expected="a whole record as it was written",
        found=found,
        where=where,
        remedy=REPAIR_REMEDY,
    )
