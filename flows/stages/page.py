"""The tables of docs/data-formats.md, made from what stages declare; needs no torch.

Run `python -m flows.stages.page` after changing a table; a test compares the page with the declarations.
"""

import importlib
import pkgutil
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

import flows.stages
from pipeline.errors import BadSetting
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
    for name in _topics():
        found |= _schemas(name)
    return dict(sorted(found.items()))


def _topics() -> list[str]:
    return [module.name for module in pkgutil.iter_modules(flows.stages.__path__, "flows.stages.")]


def _schemas(module: str) -> dict[str, TableSchema]:
    values = vars(importlib.import_module(module)).values()
    return {value.name: value for value in values if isinstance(value, TableSchema)}


def render_tables() -> str:
    """Return the part of the page below the marker: a heading, what a row is, and the columns of each table."""
    homes: dict[str, tuple[TableSchema, str]] = {}
    for module in (*_topics(), "flows.engine.history_tables"):
        source = Path(str(importlib.import_module(module).__file__)).read_text(encoding="utf-8")
        for name, schema in _schemas(module).items():
            # A topic may import another's table; it is at home where it is assigned.
            if f"\n{name.upper()} = TableSchema(" in source:
                homes[name] = (schema, module.replace(".", "/") + ".py")
    return "".join(_section(*homes[name], homes) for name in sorted(homes))


def with_tables(page: str) -> str:
    """Return a page with its tables made anew: all that follows the marker is replaced.

    Raises:
        BadSetting: the page has no marker.
    """
    if BEGIN not in page:
        raise BadSetting(expected="the marker of the tables", found="none", where=str(PAGE), remedy=f"insert {BEGIN!r}")
    return page.partition(BEGIN)[0] + BEGIN + render_tables()


def _section(schema: TableSchema, home: str, homes: Mapping[str, tuple[TableSchema, str]]) -> str:
    heading = f"\n### `{schema.name}`\n\n{schema.meaning}\nDeclared in `{home}`.\n"
    others = [other.name for other, _ in homes.values() if other.columns is schema.columns]
    if min(others, key=len) != schema.name:
        return heading  # its text names the table that has the same columns
    rows = [
        f"| `{column.name}` | {TYPES[column.kind]} | {'yes' if column.nullable else 'no'} | "
        f"{column.meaning}{'; volatile' if column.volatile else ''} |\n"
        for column in schema.columns
    ]
    return heading + "\n| column | type | null | meaning |\n| --- | --- | --- | --- |\n" + "".join(rows)


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
