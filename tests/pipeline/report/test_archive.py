"""The ZIP of a report: the same bytes for the same files, whatever the order and the time."""

import io
import zipfile

from pipeline.report.archive import packed

FILES = {"index.html": b"<p>x</p>" * 200, "thumbnails/a.jpg": b"\xff\xd8" + bytes(300), "data/gallery.js": b"x"}


def test_equal_files_give_equal_bytes_in_any_order() -> None:
    data = packed(FILES)
    assert packed(dict(reversed(FILES.items()))) == data
    assert packed({**FILES, "data/gallery.js": b"y"}) != data


def test_all_files_come_back_pictures_stored_and_text_deflated() -> None:
    with zipfile.ZipFile(io.BytesIO(packed(FILES))) as archive:
        assert {member.filename: archive.read(member) for member in archive.infolist()} == FILES
        kinds = {member.filename: member.compress_type for member in archive.infolist()}
        assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert kinds["thumbnails/a.jpg"] == zipfile.ZIP_STORED
    assert kinds["index.html"] == kinds["data/gallery.js"] == zipfile.ZIP_DEFLATED
