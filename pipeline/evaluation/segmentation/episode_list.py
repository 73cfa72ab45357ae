"""Episodes as somebody lists them, such as those of a released protocol."""

from collections.abc import Mapping
from pathlib import Path

from pipeline.datasets.table_rows import read_csv_table
from pipeline.errors import BadDataset
from pipeline.evaluation.segmentation.episodes import Episode
from pipeline.evaluation.segmentation.voc import CLASSES, CLASSES_OF_A_FOLD

COLUMNS = ("test", "class", "supports", "other_class", "other_supports")


def read_episodes(path: Path) -> tuple[Episode, ...]:
    """Return the episodes of a CSV file with the columns of COLUMNS, in its order.

    Classes are names of VOC; supports are names of images with spaces between them; the two last columns are empty in
    1-way episodes. What the images show is for check_episodes to say.

    Raises:
        BadDataset: the file is missing or malformed, has no episode, or names another class.
    """
    table = read_csv_table(path)
    if table.columns != COLUMNS or not table.rows:
        raise _malformed(path, f"columns {', '.join(COLUMNS)}, and an episode", ", ".join(table.columns))
    return tuple(_episode(path, row.values) for row in table.rows)


def _episode(path: Path, cells: Mapping[str, str]) -> Episode:
    target = _class(path, cells["class"])
    other = _class(path, cells["other_class"]) if cells["other_class"] else None
    supports, others = (tuple(cells[name].split()) for name in ("supports", "other_supports"))
    return Episode((target - 1) // CLASSES_OF_A_FOLD, cells["test"], target, supports, other, others)


def _class(path: Path, name: str) -> int:
    if name not in CLASSES:
        raise _malformed(path, f"classes among {', '.join(CLASSES)}", repr(name))
    return CLASSES.index(name) + 1


def _malformed(path: Path, expected: str, found: str) -> BadDataset:
    return BadDataset(expected=expected, found=found, where=str(path), remedy="correct the list of episodes")
