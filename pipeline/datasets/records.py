"""What a dataset is to the pipeline: an ordered list of labelled images and a vocabulary of attributes.

And what index and pixels are made from, which callers find: folders, rows of tables, bytes of files.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

SPLITS = ("train", "valid", "test")


@dataclass(frozen=True)
class ImageRecord:
    """One image and what is known of it.

    Attributes:
        image_id: unique within the split; sorts the dataset.
        path: file, relative to the dataset's root with forward slashes; None where the image is rendered.
        split: "train", "valid" or "test".
        label: class or item type; images of one class match.
        attributes: names of the attributes the image has, in vocabulary order.
        similarity_target: coordinates whose cosine is the planted similarity, where the dataset defines one.
    """

    image_id: str
    path: str | None
    split: str
    label: str
    attributes: tuple[str, ...]
    similarity_target: tuple[float, ...] | None = None


@dataclass(frozen=True)
class DatasetIndex:
    """A dataset without its pixels.

    Attributes:
        name: the dataset's kind.
        root: the folder that image paths are relative to; None where images are rendered.
        attribute_names: the vocabulary, in the order used by every attribute axis.
        attribute_groups: one integer per attribute; attributes that share a non-negative group are the
            mutually exclusive values of one factor, -1 marks an independent attribute.
        records: one per image, sorted by image_id.
        notices: sentences about the dataset that a run tells its user before it starts; no part of any result.
    """

    name: str
    root: str | None
    attribute_names: tuple[str, ...]
    attribute_groups: tuple[int, ...]
    records: tuple[ImageRecord, ...]
    notices: tuple[str, ...] = field(default=(), kw_only=True)


@dataclass(frozen=True)
class TableRow:
    """One row of a user's table.

    Attributes:
        place: where it stands, such as "row 7 (line 8)"; rows are counted from 1, without the header.
        values: text by column, without surrounding white space; empty where the table has nothing. Columns that no
            dataset reads may be left out.
    """

    place: str
    values: Mapping[str, str]


@dataclass(frozen=True)
class UserTable:
    """A table as read: its file, its columns in order, and its rows."""

    path: Path
    columns: tuple[str, ...]
    rows: tuple[TableRow, ...]


@dataclass(frozen=True)
class IndexSource:
    """What an index is made from.

    Attributes:
        root: the folder of the dataset's files; None where images are rendered.
        table: the user's table; None for datasets without.
        follow_links_to: folders outside the root that links of the dataset may lead into.
    """

    root: Path | None = None
    table: UserTable | None = None
    follow_links_to: tuple[Path, ...] = ()

    def folder(self) -> Path:
        """Return the root of a dataset that has files."""
        assert self.root is not None
        return self.root


@dataclass(frozen=True)
class PixelSource:
    """What the pixels of one image are made from.

    Attributes:
        image_id: of the image.
        data: the bytes of its file; empty where the image is rendered.
        where: the file's name, for messages.
    """

    image_id: str
    data: bytes = b""
    where: str = ""
