"""The record of a folder of copies: it comes back as it went, and damage is told."""

import pytest

from stores.copied_files import CopiedFiles, SourcePart
from stores.digests import digest_bytes
from stores.errors import CorruptArtifact

CONTENTS = CopiedFiles(
    1,
    (SourcePart("report", "report", "ab"), SourcePart("pages", "pages", "cd")),
    {"index.html": digest_bytes(b"x"), "pairs/1.html": digest_bytes(b"y")},
    {"index.html": 0, "pairs/1.html": 1},
)


def test_it_comes_back_as_it_went() -> None:
    assert CopiedFiles.decode(CONTENTS.encode(), "a place") == CONTENTS
    assert CONTENTS.encode() == CONTENTS.encode()


def test_every_tenth_flipped_byte_is_noticed() -> None:
    data = CONTENTS.encode()
    for position in range(0, len(data), 10):
        torn = data[:position] + bytes([data[position] ^ 2]) + data[position + 1 :]
        with pytest.raises(CorruptArtifact):
            CopiedFiles.decode(torn, "a place")


@pytest.mark.parametrize(
    "broken",
    [
        CopiedFiles(1, (), {}, {}),
        CopiedFiles(1, CONTENTS.parts, CONTENTS.digests, {"index.html": 0}),
        CopiedFiles(1, CONTENTS.parts, {"a": "b"}, {"a": 2}),
    ],
)
def test_a_record_that_does_not_hold_together_is_refused(broken: CopiedFiles) -> None:
    with pytest.raises(CorruptArtifact, match="do not belong together"):
        CopiedFiles.decode(broken.encode(), "a place")


def test_other_bytes_are_refused() -> None:
    CONTENTS.require("index.html", b"x", "a place")
    for path, data in (("index.html", b"z"), ("other.html", b"x")):
        with pytest.raises(CorruptArtifact, match="damaged, or edited"):
            CONTENTS.require(path, data, "a place")
