"""Files of a ZIP that a store holds, checked before any of them is written somewhere."""

import io
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from typing import Final

from stores.errors import CorruptArtifact

MOST_MEMBERS: Final = 1_000_000
LARGEST_MEMBER_BYTES: Final = 256 * 2**20
LARGEST_TOTAL_BYTES: Final = 16 * 2**30
# Plain names, at most three levels deep: no way up, no drive, no hidden file.
_PATH: Final = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9_.-]{0,120}/){0,2}[A-Za-z0-9_][A-Za-z0-9_.-]{0,120}")
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED: Final = 0x1
# What reading a damaged ZIP raises, beside its decompressor's error.
_DAMAGE: Final = (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, NotImplementedError, RuntimeError, ValueError)


def checked_members(data: bytes, where: str) -> Iterator[tuple[str, bytes]]:
    """Give (path, content) of each file of a ZIP, in its order.

    Args:
        data: of the ZIP.
        where: names it, for error messages.

    Raises:
        CorruptArtifact: it is damaged, or holds what no report has: a path that leads elsewhere, a link, too many or
            too large files, one twice.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            problem = _problem(members)
            if problem is not None:
                raise _refusal(problem, where)
            for member in members:
                with archive.open(member) as file:
                    # One byte more than promised tells a member that unpacks to more.
                    content = file.read(member.file_size + 1)
                if len(content) != member.file_size:
                    raise _refusal(f"{member.filename[:80]!r} with another size than promised", where)
                yield member.filename, content
    except (*_DAMAGE, zlib.error) as error:
        raise _refusal(str(error) or type(error).__name__, where) from error


def _problem(members: list[zipfile.ZipInfo]) -> str | None:
    if len(members) > MOST_MEMBERS:
        return f"{len(members)} files"
    if sum(member.file_size for member in members) > LARGEST_TOTAL_BYTES:
        return "files that are too large together"
    # File systems that do not tell cases apart would take two for one.
    if len({member.filename.casefold() for member in members}) != len(members):
        return "one name twice"
    return next(filter(None, map(_member_problem, members)), None)


def _member_problem(member: zipfile.ZipInfo) -> str | None:
    name = f"{member.filename[:80]!r}"
    kind = stat.S_IFMT(member.external_attr >> 16)
    if not _PATH.fullmatch(member.filename):
        return f"the path {name}"
    if kind not in (0, stat.S_IFREG):
        return f"{name}, which is no plain file"
    if member.flag_bits & _ENCRYPTED or member.compress_type not in _METHODS:
        return f"{name} in a form that is not used here"
    if member.file_size > LARGEST_MEMBER_BYTES:
        return f"{name} of {member.file_size} bytes"
    return None


def _refusal(found: str, where: str) -> CorruptArtifact:
    return CorruptArtifact(
        expected="a ZIP of plain files with plain relative paths",
        found=found,
        where=where,
        remedy="sane verify CONFIG --repair removes a damaged result, and the next run makes it anew",
    )
