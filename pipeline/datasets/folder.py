"""A user's own images: a folder, and a table with a row for each image. No image is opened.

docs/own-dataset.md describes the table.
"""

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.datasets.declaration import FILE_SETTINGS, DatasetKind, NoSettings
from pipeline.datasets.fitting import PAD
from pipeline.datasets.folder_images import FolderImages, LeadsOutside
from pipeline.datasets.names import composed, is_name, names_alike
from pipeline.datasets.records import SPLITS, DatasetIndex, ImageRecord, IndexSource, TableRow, UserTable
from pipeline.errors import BadDataset

REQUIRED_COLUMNS = ("image_id", "split", "label")
ATTRIBUTES, FLAG_PREFIX, SEPARATOR = "attributes", "attribute:", ";"
# What pandas calls an index that has no name: in CSV, in CSV read and written once more, in Parquet.
INDEX_COLUMNS = ("", "Unnamed: 0", "__index_level_0__")


@dataclass(frozen=True)
class FolderIndex(DatasetIndex):
    """An index that follows from a table and from what some folders hold, and from nothing else.

    Attributes:
        listed_folders: these, relative to the root, also those that were looked for and are not there.
    """

    listed_folders: tuple[str, ...] = field(kw_only=True)


def is_read(column: str) -> bool:
    """Return whether a column of a table matters to the index; others may hold values of any type."""
    return column in (*REQUIRED_COLUMNS, "path", ATTRIBUTES) or column.startswith(FLAG_PREFIX)


def build_folder_index(root: Path, table: UserTable, follow_links_to: Sequence[Path] = ()) -> FolderIndex:
    """Return the index of the images that a table names.

    Labels and attributes are brought to Unicode's composed form. Attributes stand in one column `attributes`,
    separated by semicolons (the vocabulary is sorted), or in a column `attribute:<name>` each, 0 or 1 (the vocabulary
    in the order of the columns). Other columns are left alone.

    Args:
        root: the folder with the images.
        table: as read.
        follow_links_to: folders outside the root that links may lead into.

    Raises:
        BadDataset: a column is missing; a value, named by row and column, is malformed or contradicts another; an
            image is not there, not inside the folder, or that of another row, links followed; a split has no two
            images of one label.
    """
    _check_header(table)
    images = FolderImages(root, follow_links_to)
    rows_by_id: dict[str, TableRow] = {}
    rows_by_path: dict[str, TableRow] = {}
    rows_by_file: dict[str, TableRow] = {}
    names = _vocabulary(table)
    records = []
    for row in table.rows:
        image_id = _once(table, row, "image_id", _text(table, row, "image_id"), rows_by_id)
        path = _path(table, row, images)
        _once(table, row, "path" if row.values.get("path") else "image_id", path, rows_by_path)
        _own_file(table, row, path, images.file_of(path), rows_by_file)
        split = row.values["split"]
        if split not in SPLITS:
            raise bad_value(table, row, "split", "train, valid or test", split)
        attributes = _attributes(table, row, names)
        records.append(ImageRecord(image_id, path, split, composed(_text(table, row, "label")), attributes))
    _check_matches(table, records)
    ordered = tuple(sorted(records, key=lambda record: record.image_id))
    return FolderIndex(
        "folder",
        str(root),
        names,
        (-1,) * len(names),
        ordered,
        notices=tuple(_notices(table, records, names)),
        listed_folders=images.listed_folders(),
    )


def _notices(table: UserTable, records: Sequence[ImageRecord], attributes: Sequence[str]) -> Iterator[str]:
    """Yield what the user should know of a table that is accepted."""
    for column in table.columns:
        if column in INDEX_COLUMNS:
            shown = f"the column {column!r}" if column else "the first column, which has no name,"
            yield f"{table.path.name}: {shown} is taken for the index of a data frame and left out"
    for kind, names in (("labels", {record.label for record in records}), ("attributes", set(attributes))):
        alike = names_alike(names)
        if alike:
            shown = "; ".join(" and ".join(map(repr, group)) for group in alike[:3])
            more = f"; and {len(alike) - 3} more" if len(alike) > 3 else ""
            words = "differ in case or white space alone and are taken for different ones"
            yield f"{table.path.name}: {kind} {words}: {shown}{more}"


def bad_value(
    table: UserTable,
    row: TableRow,
    column: str,
    expected: str,
    found: str,
    remedy: str = "correct the value; docs/own-dataset.md describes the columns",
) -> BadDataset:
    """Return the error for one value of a table."""
    return BadDataset(
        expected=expected,
        found=repr(found),
        where=f"{table.path}, {row.place}, column {column!r}",
        remedy=remedy,
    )


def _check_header(table: UserTable) -> None:
    missing = [name for name in REQUIRED_COLUMNS if name not in table.columns]
    flags = [name for name in table.columns if name.startswith(FLAG_PREFIX)]
    forms = [*(["attributes"] if ATTRIBUTES in table.columns else []), *([f"{FLAG_PREFIX}..."] if flags else [])]
    if missing or len(forms) != 1:
        shown = ", ".join(table.columns)
        raise BadDataset(
            expected=f"columns {', '.join(REQUIRED_COLUMNS)}, and either {ATTRIBUTES} or {FLAG_PREFIX}<name> columns",
            found=f"{', '.join(missing) or ' and '.join(forms) or 'no attributes'} "
            f"{'missing' if missing else 'among' if forms else 'in'}: {shown[:200]}",
            where=f"{table.path}, the header",
            remedy=_rename(missing, table.columns)
            or "name the columns as docs/own-dataset.md says (commas between them, not semicolons)",
        )
    if not table.rows:
        raise BadDataset(
            expected="a row for each image",
            found="a header alone",
            where=str(table.path),
            remedy="add a row for each image",
        )


def _rename(missing: Sequence[str], columns: Sequence[str]) -> str:
    """Return which columns to rename, those that are nearly what is missing; empty where there are none."""
    by_lower = {name.lower(): name for name in columns if name not in REQUIRED_COLUMNS}
    close = {name: difflib.get_close_matches(name, by_lower, n=1, cutoff=0.75) for name in missing}
    renamed = [f"rename the column {by_lower[found[0]]!r} to {name!r}" for name, found in close.items() if found]
    return "; ".join(renamed)


def _text(table: UserTable, row: TableRow, column: str) -> str:
    value = row.values[column]
    if not is_name(value):
        raise bad_value(table, row, column, "text without control characters or line breaks, not empty", value)
    return value


def _once(table: UserTable, row: TableRow, column: str, value: str, seen: dict[str, TableRow]) -> str:
    earlier = seen.setdefault(value, row)
    if earlier is not row:
        raise bad_value(table, row, column, f"a value of its own; {earlier.place} has the same", value)
    return value


def _own_file(table: UserTable, row: TableRow, path: str, file: str | None, seen: dict[str, TableRow]) -> None:
    """Refuse a file that a link gives to two rows; None is a file that may be shared."""
    earlier = row if file is None else seen.setdefault(file, row)
    if earlier is not row:
        raise bad_value(
            table,
            row,
            "path" if row.values.get("path") else "image_id",
            f"an image of its own; {earlier.place} has the same file, {file}, through a link",
            path,
            "drop one of the two rows; if the file is in a cache that keeps equal images once, name the cache's folder "
            "in dataset.follow_links_to",
        )


def _path(table: UserTable, row: TableRow, images: FolderImages) -> str:
    named = row.values.get("path", "")
    try:
        return images.named(named) if named else images.of_id(row.values["image_id"])
    except ValueError as error:
        column, value = ("path", named) if named else ("image_id", row.values["image_id"])
        refused = bad_value(table, row, column, str(error), value)
        if isinstance(error, LeadsOutside):
            # The link may be a folder on the way.
            found = error.found if error.found.startswith(repr(value)) else f"{value!r} below {error.found}"
            refused = BadDataset(expected=str(error), found=found, where=refused.where, remedy=error.remedy)
        raise refused from error


def _vocabulary(table: UserTable) -> tuple[str, ...]:
    if ATTRIBUTES not in table.columns:
        names = [
            composed(name.removeprefix(FLAG_PREFIX).strip()) for name in table.columns if name.startswith(FLAG_PREFIX)
        ]
    else:
        names = sorted({name for row in table.rows for name in _listed(row)})
    if not names or "" in names or len(set(names)) != len(names):
        raise BadDataset(
            expected="at least one attribute, each with a name of its own",
            found=repr(names[:10]),
            where=f"{table.path}, the attributes",
            remedy="name attributes as docs/own-dataset.md says",
        )
    return tuple(names)


def _listed(row: TableRow) -> list[str]:
    return [name for part in row.values[ATTRIBUTES].split(SEPARATOR) if (name := composed(part.strip()))]


def _attributes(table: UserTable, row: TableRow, names: tuple[str, ...]) -> tuple[str, ...]:
    if ATTRIBUTES in table.columns:
        return tuple(sorted(set(_listed(row))))  # in vocabulary order, as that is sorted, too
    found = []
    flags = [column for column in table.columns if column.startswith(FLAG_PREFIX)]
    for name, column in zip(names, flags, strict=True):
        value = row.values[column]
        if value not in ("0", "1"):
            raise bad_value(table, row, column, "0 or 1", value)
        if value == "1":
            found.append(name)
    return tuple(found)


def _check_matches(table: UserTable, records: Sequence[ImageRecord]) -> None:
    """Refuse a split without a match, and a training label without one: triplets of it cannot be made."""
    counts: dict[tuple[str, str], int] = {}
    for record in records:
        key = (record.split, record.label)
        counts[key] = counts.get(key, 0) + 1
    for split in SPLITS:
        if not any(count > 1 for (of_split, _), count in counts.items() if of_split == split):
            raise BadDataset(
                expected=f"a label with at least two images in the split {split!r}: a match needs two",
                found=f"{sum(of_split == split for of_split, _ in counts)} labels, none with two images",
                where=str(table.path),
                remedy=f"add images to the split {split!r}",
            )
    for record, row in zip(records, table.rows, strict=True):
        if record.split == "train" and counts["train", record.label] == 1:
            expected = "a label of at least two training images: only images of one label match"
            remedy = "add a training image of this label, give the image another label, or drop the row"
            raise bad_value(table, row, "label", expected, record.label, remedy)


def _build_index(_settings: NoSettings, source: IndexSource) -> DatasetIndex:
    assert source.table is not None
    return build_folder_index(source.folder(), source.table, source.follow_links_to)


def _index_files(_settings: NoSettings, root: Path) -> list[Path]:
    return [root]


FOLDER = DatasetKind(
    name="folder",
    origin="your own images",
    settings=NoSettings,
    pixel_settings=FILE_SETTINGS,
    build_index=_build_index,
    index_module="pipeline.datasets.folder",
    index_files=_index_files,
    needs_table=True,
    fit=PAD,
)
