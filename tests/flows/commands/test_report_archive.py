"""ZIPs that a store holds are checked before a file of theirs is written anywhere."""

import io
import stat
import zipfile

import pytest

from flows.commands import report_archive
from flows.commands.report_archive import checked_members
from pipeline.report.archive import packed
from stores.errors import CorruptArtifact

FILES = {"index.html": b"<p>x</p>" * 50, "pairs/0123456789abcdef.html": b"y", "thumbnails/a.jpg": b"\xff\xd8"}


def zipped(*members: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for member, data in members:
            archive.writestr(member, data)
    return buffer.getvalue()


def test_plain_files_come_as_they_are() -> None:
    assert dict(checked_members(packed(FILES), "a place")) == FILES


@pytest.mark.parametrize(
    "name",
    [
        "../index.html",
        "a/../../b",
        "/etc/passwd",
        "C:/x",
        "a\\b",
        "./x",
        "a//b",
        "a/b/c/d",
        ".hidden",
        "pairs/.x",
        "a/",
        "ünï",
        "x" * 200,
        "a\nb",
    ],
)
def test_a_path_that_may_lead_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(CorruptArtifact, match="plain relative paths") as told:
        list(checked_members(zipped(("index.html", b"x"), (name, b"x")), "a place"))
    assert told.value.where == "a place"


def test_links_are_refused() -> None:
    link = zipfile.ZipInfo("index.html")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with pytest.raises(CorruptArtifact, match="no plain file"):
        list(checked_members(zipped((link, b"/etc/passwd")), "a place"))


def test_names_that_differ_in_case_alone_are_refused() -> None:
    with pytest.raises(CorruptArtifact, match="one name twice"):
        list(checked_members(zipped(("a.html", b"x"), ("A.html", b"y")), "a place"))


@pytest.mark.parametrize(
    ("limit", "value", "words"),
    [
        ("MOST_MEMBERS", 2, "3 files"),
        ("LARGEST_MEMBER_BYTES", 399, "'index.html' of 400 bytes"),
        ("LARGEST_TOTAL_BYTES", 402, "too large together"),
    ],
)
def test_limits_are_kept(monkeypatch: pytest.MonkeyPatch, limit: str, value: int, words: str) -> None:
    monkeypatch.setattr(report_archive, limit, value)
    with pytest.raises(CorruptArtifact, match=words):
        list(checked_members(packed(FILES), "a place"))
    monkeypatch.setattr(report_archive, limit, value + 1)
    assert dict(checked_members(packed(FILES), "a place")) == FILES


def test_other_compressions_are_refused() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("index.html", b"x" * 100)
    with pytest.raises(CorruptArtifact, match="not used here"):
        list(checked_members(buffer.getvalue(), "a place"))


def test_every_flipped_byte_of_a_file_is_noticed() -> None:
    data = packed({"a.jpg": bytes(range(256))})
    start = data.index(b"a.jpg") + len("a.jpg")
    for position in range(start, start + 100, 7):
        torn = data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :]
        with pytest.raises(CorruptArtifact):
            list(checked_members(torn, "a place"))
    with pytest.raises(CorruptArtifact):
        list(checked_members(data[:-30], "a place"))
    with pytest.raises(CorruptArtifact):
        list(checked_members(b"no ZIP", "a place"))


def test_a_member_that_unpacks_to_more_than_promised_is_refused() -> None:
    data = packed({"index.html": b"x" * 5000})
    promised = (5000).to_bytes(4, "little")
    assert data.count(promised) == 2
    with pytest.raises(CorruptArtifact):
        list(checked_members(data.replace(promised, (50).to_bytes(4, "little")), "a place"))
