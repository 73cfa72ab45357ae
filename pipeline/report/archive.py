"""Files packed into one ZIP whose bytes depend on the files alone."""

import io
import zipfile
from collections.abc import Mapping
from typing import Final

# The first moment that the format can express.
_MOMENT: Final = (1980, 1, 1, 0, 0, 0)
_PLAIN_FILE: Final = 0o100644 << 16
# Their formats are compressed already.
_STORED_ENDINGS: Final = (".jpg", ".png")
_LEVEL: Final = 6


def packed(files: Mapping[str, bytes]) -> bytes:
    """Return a ZIP of files by path, in the order of their paths, pictures stored and all else deflated."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path in sorted(files):
            add_member(archive, path, files[path])
    return buffer.getvalue()


def add_member(archive: zipfile.ZipFile, path: str, data: bytes) -> None:
    """Add a file to a ZIP that is being written, with nothing in it that tells when or where."""
    member = zipfile.ZipInfo(path, _MOMENT)
    member.external_attr = _PLAIN_FILE
    # Unix, whatever the system: otherwise the bytes would tell.
    member.create_system = 3
    is_stored = path.endswith(_STORED_ENDINGS)
    member.compress_type = zipfile.ZIP_STORED if is_stored else zipfile.ZIP_DEFLATED
    archive.writestr(member, data, compresslevel=None if is_stored else _LEVEL)
