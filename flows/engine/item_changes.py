"""What changed between two versions of the same items, in words: their names and columns."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

NAMES_SHOWN = 3
ADDED, REMOVED = "added", "removed"

# An item's id to its values by column.
Items = Mapping[str, Mapping[str, Any]]


def item_changes(old: Items, new: Items) -> list[str]:
    """Return a line for each kind of change, such as "cat_7: label changed; attributes changed"; none if nothing did.

    Items that changed in the same columns share a line, and so do those that are new and those that are gone.
    """
    names: dict[str, list[str]] = defaultdict(list)
    for name in sorted({*old, *new}):
        what = _change(old.get(name), new.get(name))
        if what:
            names[what].append(name)
    return [f"{listed(found)}: {what}" for what, found in names.items()]


def listed(names: Sequence[str]) -> str:
    """Return the first names, and how many more there are."""
    more = len(names) - NAMES_SHOWN
    return ", ".join(names[:NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _change(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> str:
    if old is None:
        return ADDED
    if new is None:
        return REMOVED
    columns = [_called(column) for column in new if column in old and old[column] != new[column]]
    return "; ".join(f"{column} changed" for column in dict.fromkeys(columns))


def _called(column: str) -> str:
    """Return what a column says something of: `pixels_sha256` of the pixels, `sha256` alone of a file."""
    return column.removesuffix("sha256").removesuffix("_") or "file" if column.endswith("sha256") else column
