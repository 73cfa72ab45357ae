"""A user's table without labels: the columns that it lacks are filled, so that it is read like any other."""

from dataclasses import replace

from pipeline.datasets.folder import ATTRIBUTES, FLAG_PREFIX
from pipeline.datasets.records import TableRow, UserTable
from pipeline.discovery.no_label import NO_LABEL

_LABEL = "label"


def filled_table(table: UserTable) -> UserTable:
    """Return the table with NO_LABEL in the columns `label` and `attributes` where it has no such columns."""
    has_attributes = any(name == ATTRIBUTES or name.startswith(FLAG_PREFIX) for name in table.columns)
    lacking = [*([] if _LABEL in table.columns else [_LABEL]), *([] if has_attributes else [ATTRIBUTES])]
    if not lacking:
        return table
    filled = dict.fromkeys(lacking, NO_LABEL)
    rows = tuple(TableRow(row.place, {**row.values, **filled}) for row in table.rows)
    return replace(table, columns=(*table.columns, *lacking), rows=rows)
