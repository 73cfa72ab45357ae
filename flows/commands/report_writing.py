"""A whole report written as a folder, or packed into one ZIP where folders cannot be opened, as on object stores."""

import io
import zipfile
from pathlib import Path
from typing import Final

from flows.commands.report_members import ReportMember, report_members, report_parts
from flows.engine.upstream import Upstream
from pipeline.report.archive import add_member
from stores.copied_files import CONTENTS, CopiedFiles, SourcePart
from stores.errors import StoreError, UnreachableStore
from stores.location import Location
from stores.replaced_folder import replaced_folder

# To be raised with every change of how the parts become files, so that folders written before are written again.
LAYOUT: Final = 1


def write_folder(current: Upstream, place: Location) -> None:
    """Write the current report as a folder; what is there gives way to it as a whole, see `replaced_folder`.

    Raises:
        MissingArtifact: the report is not current.
        ReadOnlyStore: the place cannot be written.
        StoreError: the report cannot be read.
    """
    parts = report_parts(current)
    with replaced_folder(place) as folder:
        written = _Written()
        for member in report_members(current):
            path = folder.joinpath(*member.path.split("/"))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(member.data)
            written.add(member)
        folder.joinpath(CONTENTS).write_bytes(written.contents(parts).encode())


def packed_report(current: Upstream) -> bytes:
    """Return the current report as one ZIP, the same bytes for the same parts.

    Raises:
        MissingArtifact: the report is not current.
        StoreError: the report cannot be read.
    """
    parts, written, buffer = report_parts(current), _Written(), io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for member in report_members(current):
            add_member(archive, member.path, member.data)
            written.add(member)
        add_member(archive, CONTENTS, written.contents(parts).encode())
    return buffer.getvalue()


def is_written(current: Upstream, place: Location) -> bool:
    """Return whether a folder holds the current report with all its files; their bytes are not looked at."""
    try:
        contents = CopiedFiles.decode(place.child(CONTENTS).read_bytes(), place.url)
        if (contents.layout, contents.parts) != (LAYOUT, report_parts(current)):
            return False
        return place.file_sizes_bytes().keys() == {*contents.digests, CONTENTS}
    except UnreachableStore:
        raise
    except StoreError:
        return False


class _Written:
    """Collects what a record of contents says of the files written."""

    def __init__(self) -> None:
        self._digests: dict[str, str] = {}
        self._made_from: dict[str, int] = {}

    def add(self, member: ReportMember) -> None:
        self._digests[member.path] = member.digest
        self._made_from[member.path] = member.made_from

    def contents(self, parts: tuple[SourcePart, ...]) -> CopiedFiles:
        return CopiedFiles(LAYOUT, parts, self._digests, self._made_from)


def is_report_folder(folder: Path) -> bool:
    """Return whether a folder is empty, or holds a report and nothing else, so that nobody's own files are replaced."""
    if not folder.is_dir():
        return False
    if not any(folder.iterdir()):
        return True
    place = Location.parse(str(folder.absolute()))
    try:
        contents = CopiedFiles.decode(place.child(CONTENTS).read_bytes(), place.url)
        return place.file_sizes_bytes().keys() <= {*contents.digests, CONTENTS}
    except StoreError:
        return False
