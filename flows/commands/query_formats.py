"""A query's result as text, for terminals, spreadsheets, programs, notes and papers."""

import csv
import io
import json
import math
from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pipeline.errors import BadSetting

if TYPE_CHECKING:
    import pyarrow as pa

ROWS_AT_ONCE = 1000
FORMATS = ("table", "csv", "json", "markdown", "latex")


def check_format(output_format: str) -> None:
    """Refuse an unknown format, before the query is run.

    Raises:
        BadSetting: names the known formats.
    """
    if output_format not in FORMATS:
        raise BadSetting(
            expected=", ".join(FORMATS), found=output_format, where="--format", remedy="choose one of them"
        )


def result_pieces(table: "pa.Table", output_format: str) -> Iterator[str]:
    """Yield a query's result as text, piece by piece, ending in a newline.

    A missing value is empty (in JSON null), a list is JSON text (in JSON a list). JSON and CSV come some rows at a
    time, so that millions of them need little memory; the other forms are as wide as their widest row, and come whole.

    Raises:
        BadSetting: unknown format.
    """
    check_format(output_format)
    columns: list[str] = table.column_names
    if output_format == "json":
        yield from _json(columns, table)
    elif output_format == "csv":
        yield _csv([columns])
        yield from (_csv(list(map(_cells, rows))) for rows in _row_batches(table))
    else:
        cells = [_cells(row) for rows in _row_batches(table) for row in rows]
        yield {"markdown": _markdown, "latex": _latex}.get(output_format, _aligned)(columns, cells)


def _row_batches(table: "pa.Table") -> Iterator[list[list[Any]]]:
    for batch in table.to_batches(ROWS_AT_ONCE):
        # By position: two columns of a result may have one name.
        yield [list(row) for row in zip(*(column.to_pylist() for column in batch.columns), strict=True)]


def _json(columns: list[str], table: "pa.Table") -> Iterator[str]:
    """Yield the text that json.dumps gives of the list of all rows, indented by 2."""
    before = "[\n  "
    for rows in _row_batches(table):
        records = (dict(zip(columns, map(_as_json, row), strict=True)) for row in rows)
        texts = (json.dumps(record, indent=2, ensure_ascii=False, default=str) for record in records)
        # Line breaks within values are escaped: these are all json's own.
        yield before + ",\n  ".join(text.replace("\n", "\n  ") for text in texts)
        before = ",\n  "
    yield "[]\n" if before.startswith("[") else "\n]\n"


def _as_json(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Decimal):
        return float(value)
    return [_as_json(item) for item in value] if isinstance(value, list) else value


def _cells(row: list[Any]) -> list[str]:
    return [_cell(value) for value in row]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def _csv(rows: list[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _aligned(columns: list[str], rows: list[list[str]]) -> str:
    lines = [columns, *rows]
    widths = [max(len(line[position]) for line in lines) for position in range(len(columns))]
    padded = (" ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)
    return "\n".join(padded) + "\n"


def _markdown(columns: list[str], rows: list[list[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def _latex(columns: list[str], rows: list[list[str]]) -> str:
    marks = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    escapes = str.maketrans({**marks, **{mark: "\\" + mark for mark in "&%$#_{}"}})

    def line(cells: list[str]) -> str:
        return " & ".join(cell.translate(escapes) for cell in cells) + r" \\" + "\n"

    body = "".join(line(row) for row in rows)
    return f"\\begin{{tabular}}{{{'l' * len(columns)}}}\n{line(columns)}\\hline\n{body}\\end{{tabular}}\n"
