"""What the metadata files of a Zarr group say, as one digest a file.

Names of axes, units and compression are in no digest of values, and Zarr ignores some entries that it does not
know. So the content of each `zarr.json` has a digest of its own in the shard's commit. It covers the parsed
JSON: white space tells a reader nothing.
"""

import json
from collections.abc import Iterable, Mapping

from stores.canonical import fingerprint
from stores.concurrency import at_once
from stores.errors import REPAIR_REMEDY, CorruptArtifact, StoreError, UnreachableStore
from stores.location import Location

_FILE = "zarr.json"


def digest_metadata(group: Location, arrays: Iterable[str]) -> dict[str, str]:
    """Return the digest of each metadata file of a group, by its path below it: the group's, then each array's.

    Raises:
        MissingArtifact: when a file is not there.
        CorruptArtifact: when one is no JSON.
    """
    paths = [_FILE, *(f"{name}/{_FILE}" for name in arrays)]
    return dict(zip(paths, at_once(group, lambda path: _digest(_place(group, path)), paths), strict=True))


def metadata_problems(group: Location, digests: Mapping[str, str]) -> dict[str, StoreError]:
    """Return what is wrong with the metadata files of a group, by path: damaged, or not there.

    Args:
        group: the group's folder.
        digests: what `digest_metadata` returned when the group was written.
    """
    problems: dict[str, StoreError] = {}
    for path, recorded in digests.items():
        place = _place(group, path)
        try:
            if _digest(place) != recorded:
                problems[path] = _corrupt(place, "content that does not agree with the digest in the commit")
        except UnreachableStore:
            raise
        except StoreError as error:
            problems[path] = error
    return problems


def _place(group: Location, path: str) -> Location:
    return group.child(*path.split("/"))


def _digest(place: Location) -> str:
    data = place.read_bytes()
    try:
        return fingerprint(json.loads(data))
    except (ValueError, RecursionError, StoreError) as error:
        raise _corrupt(place, f"{len(data)} bytes that are no such JSON ({type(error).__name__})") from error


def _corrupt(place: Location, found: str) -> CorruptArtifact:
    return CorruptArtifact(
        expected="the metadata of a Zarr group as they were written",
        found=found,
        where=place.url,
        remedy=REPAIR_REMEDY,
    )
