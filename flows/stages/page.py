"""The tables of docs/data-formats.md, made from what stages declare; needs no torch.

Run `python -m flows.stages.page` after changing a table; a test compares the page with the declarations.
"""

import importlib
import pkgutil
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

import flows.stages
from flows.engine import history_tables
from stores.table_schema import TableSchema

PAGE = Path(__file__).resolve().parents[2] / "docs" / "data-formats.md"
BEGIN = "<!-- Tables, made by `python -m flows.stages.page` from the stages' declarations; edit these instead. -->\n"
TYPES = {
    pa.string(): "text",
    pa.bool_(): "true or false",
    pa.int64(): "integer",
    pa.float64(): "number",
    pa.list_(pa.string()): "list of text",
    pa.list_(pa.float64()): "list of number",
    pa.timestamp("us", tz="UTC"): "time",
}


def declared_tables() -> dict[str, TableSchema]:
    """Return every table that some stage of some configuration may write, by name, in alphabetical order."""
    found: dict[str, TableSchema] = {}
    for module in pkgutil.iter_modules(flows.stages.__path__, "flows.stages."):
        found |= _schemas(vars(importlib.import_module(module.name)))
    return dict(sorted(found.items()))


def recorded_tables() -> dict[str, TableSchema]:
    """Return the tables that are made of records of runs and shards, by name."""
    return dict(sorted(_schemas(vars(history_tables)).items()))


def _schemas(values: Mapping[str, object]) -> dict[str, TableSchema]:
    return {value.name: value for value in values.values() if isinstance(value, TableSchema)}


def render_tables() -> str:
    """Return the part of the page below the marker: a heading, what a row is, and the columns of each table."""
    return "".join(_section(schema) for schema in (declared_tables() | recorded_tables()).values())


def with_tables(page: str) -> str:
    """Return a page with its tables made anew: all that follows the marker is replaced."""
    return page.partition(BEGIN)[0] + BEGIN + render_tables()


def _section(schema: TableSchema) -> str:
    rows = [
        f"| `{column.name}` | {TYPES[column.kind]} | {'yes' if column.nullable else 'no'} | {column.meaning} |\n"
        for column in schema.columns
    ]
    table = "| column | type | null | meaning |\n| --- | --- | --- | --- |\n" + "".join(rows)
    return f"\n### `{schema.name}`\n\n{schema.meaning}\n\n{table if any(c.meaning for c in schema.columns) else ''}"


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
