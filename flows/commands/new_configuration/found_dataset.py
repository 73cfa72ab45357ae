"""What a folder was found to hold."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.datasets.declaration import DatasetKind
from pipeline.datasets.image_sizes import ImageSizes
from pipeline.datasets.records import DatasetIndex, UserTable


@dataclass(frozen=True)
class FoundDataset:
    """A dataset that a configuration can name.

    Attributes:
        kind: as declared.
        root: the folder that image paths are relative to, absolute.
        index: as a run will read it.
        sizes: of all images or, where there are many, of some.
        table: the user's table that is there; None where there is none.
        new_table: the table that is to be written; None where none is.
        notes: what was left out, and how splits were made, a line each.
        own_settings: keys of [dataset] that only this kind has and that are not left at their defaults: value and why.
    """

    kind: DatasetKind
    root: Path
    index: DatasetIndex
    sizes: ImageSizes
    table: Path | None = None
    new_table: UserTable | None = None
    notes: tuple[str, ...] = ()
    own_settings: Mapping[str, tuple[str | int, str]] = field(default_factory=dict)
