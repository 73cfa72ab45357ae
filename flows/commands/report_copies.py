"""The copies of reports at the top of a store, for people, written anew at the end of each run."""

import re
from collections.abc import Iterator, Mapping

from flows.commands.report_archive import checked_members
from flows.commands.report_members import REPORT
from pipeline.report.file_names import OVERVIEW
from pipeline.report.latest import latest_page
from stores.copied_files import CONTENTS, CopiedFiles
from stores.digests import digest_bytes
from stores.errors import CorruptArtifact, MissingArtifact, StoreError, UnreachableStore
from stores.location import Location
from stores.verification import Problem, TolerantStore

_COPY = re.compile(r"report-.+")
# Of one copy: whoever deleted its pictures need not read of each.
_MOST_PROBLEMS = 20


def latest_copy(root: Location, seed: int) -> Location:
    """Return the page that leads to the latest report of a seed, which need not exist."""
    return root.child(f"report-latest-seed{seed}.html")


def report_copy_problems(store: TolerantStore) -> Iterator[Problem]:
    """Give a problem for each file of a copy that is not, byte for byte, what was made from a report of this store.

    Raises:
        StoreError: the store cannot be listed.
    """
    names = [name for name in store.root.list_names() if _COPY.fullmatch(name)]
    digests: dict[str, set[str]] = {}
    for name in names:
        place = store.root.child(name)
        try:
            errors = list(_errors(store, place, name, names, digests))
        except UnreachableStore:
            raise
        except StoreError as error:
            errors = [error]
        yield from (Problem(REPORT, error) for error in errors[:_MOST_PROBLEMS])


def _errors(
    store: TolerantStore, place: Location, name: str, names: list[str], digests: dict[str, set[str]]
) -> Iterator[StoreError]:
    if name.endswith(".html"):
        data = place.read_bytes()
        if not _leads_to_a_report(data, names) and digest_bytes(data) not in _digests(store, REPORT, digests):
            yield _stray(place)
        return
    if name.endswith(".zip"):
        members = dict(checked_members(place.read_bytes(), place.url))
        yield from _member_errors(store, place, members, digests)
        return
    yield from _folder_errors(store, place, digests)


def _folder_errors(store: TolerantStore, place: Location, digests: dict[str, set[str]]) -> Iterator[StoreError]:
    contents = CopiedFiles.decode(place.child(CONTENTS).read_bytes(), place.child(CONTENTS).url)
    yield from _part_errors(store, place, contents, digests)
    there = place.file_sizes_bytes().keys() - {CONTENTS}
    yield from _absent_or_strange(place, contents, there)
    for path in sorted(there & contents.digests.keys()):
        file = place.child(*path.split("/"))
        yield from _error_of(contents, path, file.read_bytes(), file.url)


def _member_errors(
    store: TolerantStore, place: Location, members: Mapping[str, bytes], digests: dict[str, set[str]]
) -> Iterator[StoreError]:
    contents = CopiedFiles.decode(members.get(CONTENTS, b""), place.url)
    yield from _part_errors(store, place, contents, digests)
    there = members.keys() - {CONTENTS}
    yield from _absent_or_strange(place, contents, there)
    for path in sorted(there & contents.digests.keys()):
        yield from _error_of(contents, path, members[path], place.url)


def _part_errors(
    store: TolerantStore, place: Location, contents: CopiedFiles, digests: dict[str, set[str]]
) -> Iterator[StoreError]:
    if any(part.digest not in _digests(store, part.stage, digests) for part in contents.parts):
        yield _stray(place)


def _absent_or_strange(place: Location, contents: CopiedFiles, there: set[str]) -> Iterator[StoreError]:
    remedy = "sane report CONFIG writes the copy again; no result depends on it"
    for path in sorted(contents.digests.keys() - there):
        where = f"{place.url}/{path}"
        yield MissingArtifact(expected="a file of a report", found="none", where=where, remedy=remedy)
    for path in sorted(there - contents.digests.keys()):
        where = f"{place.url}/{path}"
        yield CorruptArtifact(expected="the files of a report alone", found="another", where=where, remedy=remedy)


def _error_of(contents: CopiedFiles, path: str, data: bytes, where: str) -> Iterator[StoreError]:
    try:
        contents.require(path, data, where)
    except CorruptArtifact as error:
        yield error


def _digests(store: TolerantStore, stage: str, known: dict[str, set[str]]) -> set[str]:
    """Return the digests of all files that the store holds of a stage, looked up once."""
    if stage not in known:
        manifests = (store.read_manifest(stage, fingerprint) for fingerprint in store.fingerprints(stage))
        keys = {key for manifest in manifests if manifest is not None for key in manifest.shard_keys}
        commits = (store.read_commit(stage, key) for key in keys)
        parts = (part for commit in commits if commit for part in commit.parts.values())
        known[stage] = {part.digest for part in parts if part.kind == "file"}
    return known[stage]


def _leads_to_a_report(data: bytes, names: list[str]) -> bool:
    return any(data == latest_page(name, "" if name.endswith(".zip") else OVERVIEW) for name in names)


def _stray(place: Location) -> CorruptArtifact:
    return CorruptArtifact(
        expected="a copy of a report that the store holds",
        found="other bytes: damaged, edited, or of a report that was cleaned away",
        where=place.url,
        remedy="sane report CONFIG writes the copy again; no result depends on it",
    )
