"""A query's result as text, for terminals, spreadsheets, programs, notes and papers."""

import csv
import io
import json
import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pipeline.errors import BadSetting

if TYPE_CHECKING:
    import pyarrow as pa

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


def render_result(table: "pa.Table", output_format: str) -> str:
    """Return a query's result as text, ending in a newline.

    A missing value is empty (in JSON null), a list is JSON text (in JSON a list).

    Raises:
        BadSetting: unknown format.
    """
    check_format(output_format)
    columns: list[str] = table.column_names
    # By position: two columns of a result may have one name.
    rows = [list(row) for row in zip(*(column.to_pylist() for column in table.columns), strict=True)]
    if output_format == "json":
        records = [dict(zip(columns, map(_as_json, row), strict=True)) for row in rows]
        return json.dumps(records, indent=2, ensure_ascii=False, default=str) + "\n"
    cells = [[_cell(value) for value in row] for row in rows]
    if output_format == "csv":
        return _csv(columns, cells)
    if output_format == "markdown":
        return _markdown(columns, cells)
    if output_format == "latex":
        return _latex(columns, cells)
    return _aligned(columns, cells)


def _as_json(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Decimal):
        return float(value)
    return [_as_json(item) for item in value] if isinstance(value, list) else value


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def _csv(columns: list[str], rows: list[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([columns, *rows])
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
