"""Files packed into one ZIP whose bytes follow from the files alone."""

import io
import zipfile
from collections.abc import Mapping

# The oldest moment that a ZIP can hold: no clock is in the bytes.
_DATE = (1980, 1, 1, 0, 0, 0)
_READABLE = 0o644 << 16
_PACKED = (".html", ".css", ".js")


def pack_files(members: Mapping[str, bytes]) -> bytes:
    """Return a ZIP of these files by path, in the order of their paths; texts are deflated, pictures stored."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path in sorted(members):
            entry = zipfile.ZipInfo(path, _DATE)
            entry.external_attr = _READABLE
            entry.create_system = 3
            entry.compress_type = zipfile.ZIP_DEFLATED if path.endswith(_PACKED) else zipfile.ZIP_STORED
            archive.writestr(entry, members[path])
    return buffer.getvalue()
