"""All tables and views of a configuration or a run, with their columns and numbers of rows."""

import textwrap
from collections.abc import Callable
from typing import TYPE_CHECKING, TextIO

from flows.commands.query import KnownTables, known_tables, register_tables
from flows.commands.query_views.catalogue import VIEWS, missing_table
from flows.settings.configuration import Settings

if TYPE_CHECKING:
    import pyarrow as pa

LINE_WIDTH = 100


def list_tables(settings: Settings, run: str | None, tell: Callable[[str], None]) -> "pa.Table":
    """Return `name`, `kind` (table or view), `rows` and `columns` (text) of all there are, views first.

    Args:
        settings: of all seeds; of them a recorded run needs only the store.
        run: a run's name, its id, or "latest"; None for what is current.
        tell: called with a line for each view that is not there yet.

    Raises:
        BadSetting: there is no such run.
        StoreError: the store cannot be read.
    """
    import duckdb
    import pyarrow as pa

    known = known_tables(settings, run)
    rows = []
    with duckdb.connect(config={"enable_external_access": "false"}) as connection:
        register_tables(connection, known)
        for name in VIEWS:
            missing = missing_table(VIEWS[name], known.tables, known.maps)
            if missing is None:
                view = connection.table(name)
                rows.append((name, "view", len(view), ", ".join(view.columns)))
            else:
                tell(_not_there(name, missing, known))
    for name in sorted(known.tables):
        table = known.tables[name]
        rows.append((name, "table", table.num_rows, ", ".join(table.column_names)))
    columns = list(zip(*rows, strict=True)) or [()] * 4
    kinds = (pa.string(), pa.string(), pa.int64(), pa.string())
    arrays = [pa.array(list(column), kind) for column, kind in zip(columns, kinds, strict=True)]
    return pa.table(arrays, names=["name", "kind", "rows", "columns"])


def write_list(listed: "pa.Table", output: TextIO) -> None:
    """Write a list for people: a line a table with its kind and rows, and its columns below, folded."""
    rows = listed.to_pylist()
    width = max((len(row["name"]) for row in rows), default=0)
    for row in rows:
        output.write(f"{row['name']:<{width}}  {row['kind']:<5}  {row['rows']:>9,} rows\n")
        output.write(textwrap.fill(row["columns"], LINE_WIDTH, initial_indent="    ", subsequent_indent="    ") + "\n")


def _not_there(view: str, missing: str, known: KnownTables) -> str:
    stage = next(source.stage for source in VIEWS[view].sources(*known.maps) if source.table == missing)
    return f"{view} is not there yet, since {missing} is not: sane run CONFIG --until {stage}"
