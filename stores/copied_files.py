"""The record that lies in a folder of copies for people: which files it has, and which parts they were made from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from stores.digests import digest_bytes
from stores.errors import CorruptArtifact
from stores.records import decode_side_record, encode_record, require_side_record

CONTENTS: Final = "contents.json"
_FIELDS: Final = {"layout": int, "parts": list[dict[str, str]], "digests": dict[str, str], "made_from": dict[str, int]}
_REMEDY: Final = "sane report CONFIG writes the copy again; no result depends on it"
_PART_FIELDS: Final = ("digest", "part", "stage")


@dataclass(frozen=True)
class SourcePart:
    """A part of kind file from which copies were made."""

    stage: str
    part: str
    digest: str


@dataclass(frozen=True)
class CopiedFiles:
    """What a folder of copies holds.

    Attributes:
        layout: number of the way in which the files were made from the parts.
        parts: that they were made from, the main one first.
        digests: of each file's bytes, by path below the folder with "/" between names; the record itself is left out.
        made_from: by path, the place of its part among `parts`.
    """

    layout: int
    parts: tuple[SourcePart, ...]
    digests: Mapping[str, str]
    made_from: Mapping[str, int]

    def encode(self) -> bytes:
        """Return the record as JSON."""
        parts = [{"stage": one.stage, "part": one.part, "digest": one.digest} for one in self.parts]
        fields = {"digests": dict(self.digests), "made_from": dict(self.made_from)}
        return encode_record({"layout": self.layout, "parts": parts, **fields})

    @classmethod
    def decode(cls, data: bytes, where: str) -> "CopiedFiles":
        """Return the record that `encode` made.

        Raises:
            StoreError: a newer version of this program wrote it.
            CorruptArtifact: it is torn or changed.
        """
        try:
            fields = decode_side_record(data, where, _FIELDS)
        except CorruptArtifact as error:
            raise CorruptArtifact(expected=error.expected, found=error.found, where=where, remedy=_REMEDY) from error
        has_parts = bool(fields["parts"]) and all(sorted(part) == sorted(_PART_FIELDS) for part in fields["parts"])
        places = range(len(fields["parts"]))
        is_whole = has_parts and fields["digests"].keys() == fields["made_from"].keys()
        is_whole = is_whole and all(place in places for place in fields["made_from"].values())
        require_side_record(None if is_whole else "files and parts that do not belong together", where)
        parts = tuple(SourcePart(part["stage"], part["part"], part["digest"]) for part in fields["parts"])
        return cls(fields["layout"], parts, fields["digests"], fields["made_from"])

    def require(self, path: str, data: bytes, where: str) -> None:
        """Refuse the bytes of a file that are not those that were written.

        Raises:
            CorruptArtifact: they are others.
        """
        if self.digests.get(path) != digest_bytes(data):
            raise CorruptArtifact(
                expected="a file as it was copied",
                found="other bytes: damaged, or edited",
                where=where,
                remedy=_REMEDY,
            )
