"""What a folder holds: a release, images with a table, or classes as sub-folders."""

from dataclasses import replace
from pathlib import Path

from flows.commands.new_configuration.class_table import dataset_of_class_folders
from flows.commands.new_configuration.found_dataset import FoundDataset
from flows.stages.user_tables import read_user_table
from pipeline.datasets.catalogue import DATASETS
from pipeline.datasets.class_folders import list_class_folders
from pipeline.datasets.declaration import DatasetKind
from pipeline.datasets.folder import FOLDER, REQUIRED_COLUMNS, build_folder_index
from pipeline.datasets.folder_files import list_folder
from pipeline.datasets.folder_images import FolderImages
from pipeline.datasets.image_sizes import read_image_sizes
from pipeline.datasets.records import DatasetIndex, IndexSource, UserTable
from pipeline.errors import BadDataset
from pipeline.randomness import derive_seed

TABLE_SUFFIXES = (".csv", ".parquet")
MOST_HEADERS_READ = 500
ROWS_LOOKED_UP = 20


def recognise(folder: Path, new_table: Path) -> FoundDataset:
    """Return what a folder holds, tried in this order: a release, a table of images, classes as sub-folders.

    Args:
        folder: absolute.
        new_table: where a table would be written; nothing is written here.

    Raises:
        BadDataset: it is no folder or cannot be listed, holds nothing that is known, several tables, or what it holds
            is malformed.
    """
    if not folder.is_dir():
        raise BadDataset(
            expected="a folder of images",
            found="a file" if folder.exists() else "no such folder",
            where=str(folder),
            remedy="name the folder that holds the images, or a release as it was unpacked",
        )
    for kind in DATASETS.values():
        if _has_files_of(kind, folder):
            suited = kind.suited_settings(folder)
            index = kind.build_index(suited.settings, IndexSource(folder))
            own = {key: (getattr(suited.settings, key), reason) for key, reason in suited.reasons.items()}
            return replace(_found(kind, folder, index), own_settings=own)
    tables, others = _tables_of(folder)
    if len(tables) > 1:
        raise BadDataset(
            expected=f"one table with the columns {', '.join(REQUIRED_COLUMNS)}",
            found=", ".join(table.path.name for table in tables),
            where=str(folder),
            remedy="move all but one of them elsewhere",
        )
    if tables:
        return _dataset_of_table(folder, tables[0], others)
    listed = list_class_folders(folder)
    if len({image.folder for image in listed.images}) < 2:
        raise _nothing_known(folder, others)
    return dataset_of_class_folders(folder, listed, new_table, tuple(others))


def _has_files_of(kind: DatasetKind, folder: Path) -> bool:
    """Return whether most files that a release has at its top are there; what is missing is for its index to say.

    Where a release is handed out in several layouts, all files that tell one of them.
    """
    if kind.index_files is None or kind.needs_table:
        return False
    if kind.layouts:
        return any(all((folder / path).exists() for path in layout) for layout in kind.layouts)
    at_top = [path for path in kind.index_files(kind.settings(), folder) if path.parent == folder]
    return 2 * sum(path.exists() for path in at_top) > len(at_top)


def _found(
    kind: DatasetKind, root: Path, index: DatasetIndex, table: Path | None = None, notes: tuple[str, ...] = ()
) -> FoundDataset:
    paths = sorted({record.path for record in index.records if record.path is not None})
    sample = sorted(paths, key=lambda path: derive_seed("header", path))[:MOST_HEADERS_READ]
    sizes = read_image_sizes(root, sample)
    if sizes.unreadable:
        shown = ", ".join(map(repr, sizes.unreadable[:3]))
        notes = (*notes, f"{len(sizes.unreadable)} of {len(sample)} files that were opened are no images: {shown}")
    return FoundDataset(kind, root, index, sizes, table, None, (*notes, *index.notices))


def _tables_of(folder: Path) -> tuple[list[UserTable], list[str]]:
    """Return the tables with all columns that are needed, and a line for each other one."""
    tables, others = [], []
    for path in _entries(folder):
        if path.suffix.lower() not in TABLE_SUFFIXES or not path.is_file():
            continue
        try:
            table = read_user_table(path)
        except BadDataset as error:
            others.append(f"table left out: {path.name!r}: {error.found}")
            continue
        missing = [name for name in REQUIRED_COLUMNS if name not in table.columns]
        if missing:
            others.append(f"table left out: {path.name!r}: no column {', '.join(missing)}")
        else:
            tables.append(table)
    return tables, others


def _dataset_of_table(folder: Path, table: UserTable, notes: list[str]) -> FoundDataset:
    """Return the dataset of a table whose paths are relative to the folder or else to one of its sub-folders."""
    roots = [folder, *(path for path in _entries(folder) if path.is_dir())]
    root = max(roots, key=lambda each: _images_found(each, table))  # of equals the first
    return _found(FOLDER, root, build_folder_index(root, table), table.path, tuple(notes))


def _images_found(root: Path, table: UserTable) -> int:
    """Return how many of a table's first images are in a folder."""
    images = FolderImages(root)
    found = 0
    for row in table.rows[:ROWS_LOOKED_UP]:
        try:
            images.named(row.values["path"]) if row.values.get("path") else images.of_id(row.values["image_id"])
        except (ValueError, BadDataset):  # what is wrong with it, the index says
            continue
        found += 1
    return found


def _nothing_known(folder: Path, tables: list[str]) -> BadDataset:
    releases = " or ".join(kind.name for kind in DATASETS.values() if kind.index_files and not kind.needs_table)
    return BadDataset(
        expected=f"the files of {releases}; a table (CSV or Parquet) with the columns {', '.join(REQUIRED_COLUMNS)}; "
        "or at least two sub-folders with images, one a class",
        found="; ".join(tables) or f"{_in_words(folder)}",
        where=str(folder),
        remedy="sort the images into a folder for each class, or write a table as docs/own-dataset.md describes; "
        "images that nobody labelled need only ids and splits, see docs/discovery.md",
    )


def _in_words(folder: Path) -> str:
    entries = _entries(folder)
    folders = sum(entry.is_dir() for entry in entries)
    shown = ", ".join(repr(entry.name) for entry in entries[:3])
    return f"{folders} folders and {len(entries) - folders} files: {shown}" if entries else "an empty folder"


def _entries(folder: Path) -> list[Path]:
    return sorted(Path(entry.path) for entry in list_folder(folder))
