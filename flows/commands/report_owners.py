"""Which configuration a report's name belongs to, so that two files of one name do not write over each other's report.

    <store>/reports/<name>.json

No result depends on these records: one that is damaged or gone frees its name.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from stores.digests import digest_bytes
from stores.errors import CorruptArtifact, MissingArtifact
from stores.location import Location
from stores.records import decode_side_record, encode_record

OWNERS: Final = "reports"
_FIELDS: Final = {"place": str, "content": str}
_DIGITS: Final = 8


@dataclass(frozen=True)
class Owner:
    """A configuration file.

    Attributes:
        place: digest of its absolute path.
        content: digest of its bytes.
    """

    place: str
    content: str

    @classmethod
    def of(cls, config: str) -> "Owner":
        """Return the owner that a configuration file, as the user named it, is; one that is gone has no content."""
        path = Path(config).absolute()
        try:
            content = digest_bytes(path.read_bytes())
        except OSError:
            content = ""
        return cls(digest_bytes(str(path).encode("utf-8", "surrogateescape")), content)

    def is_same(self, other: "Owner") -> bool:
        """Return whether it is one configuration: the same file, perhaps edited, or a copy of it elsewhere."""
        return self.place == other.place or (bool(self.content) and self.content == other.content)


def own_name(root: Location, name: str, config: str, ending: str = "") -> str:
    """Return the name under which a configuration's report is written, and note that it is this configuration's.

    That is `name` unless another configuration has a report there: then eight digits for the file's place follow.

    Args:
        root: of the store.
        name: see `flows.commands.report_file.report_name`.
        config: the configuration file as the user named it.
        ending: of the report's file, empty for a folder.

    Raises:
        ReadOnlyStore: the store cannot be written.
    """
    owner = Owner.of(config)
    chosen = name
    holder = _owner(root, name)
    if holder is not None and not holder.is_same(owner) and root.child(name + ending).exists():
        chosen, holder = f"{name}-{owner.place[:_DIGITS]}", None
    if holder != owner:
        fields = {"place": owner.place, "content": owner.content}
        root.child(OWNERS, f"{chosen}.json").replace_bytes(encode_record(fields))
    return chosen


def _owner(root: Location, name: str) -> Owner | None:
    place = root.child(OWNERS, f"{name}.json")
    try:
        return Owner(**decode_side_record(place.read_bytes(), place.url, _FIELDS))
    except (MissingArtifact, CorruptArtifact):
        return None
