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


def render_result(table: "pa.Table", output_format: str, digits: int | None = None) -> str:
    """Return a query's result as text, ending in a newline.

    A missing value is empty (in JSON null), a list is JSON text (in JSON a list). In Markdown and LaTeX a row is one
    line whatever its values hold, and columns of numbers are aligned to the right.

    Args:
        table: the result.
        output_format: one of FORMATS.
        digits: significant digits of numbers with a fraction, also in lists; None shows all.

    Raises:
        BadSetting: unknown format.
    """
    check_format(output_format)
    columns: list[str] = table.column_names
    # By position: two columns of a result may have one name.
    rows = [[_rounded(value, digits) for value in row] for row in _rows(table)]
    if output_format == "json":
        records = [dict(zip(columns, map(_as_json, row), strict=True)) for row in rows]
        return json.dumps(records, indent=2, ensure_ascii=False, default=str) + "\n"
    cells = [[_cell(value) for value in row] for row in rows]
    if output_format == "csv":
        return _csv(columns, cells)
    are_numbers = [_is_numeric(column.type) for column in table.columns]
    if output_format == "markdown":
        return _markdown(columns, cells, are_numbers)
    if output_format == "latex":
        return _latex(columns, cells, are_numbers)
    return _aligned(columns, cells)


def _rows(table: "pa.Table") -> Iterator[tuple[Any, ...]]:
    return zip(*(column.to_pylist() for column in table.columns), strict=True)


def _is_numeric(kind: "pa.DataType") -> bool:
    import pyarrow as pa

    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _rounded(value: Any, digits: int | None) -> Any:
    """Return a value with its numbers rounded to significant digits; whole numbers stay as they are."""
    if digits is None:
        return value
    if isinstance(value, list):
        return [_rounded(item, digits) for item in value]
    if isinstance(value, dict):
        return {key: _rounded(item, digits) for key, item in value.items()}
    if isinstance(value, float | Decimal) and math.isfinite(value):
        return float(f"{value:.{digits}g}")
    return value


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
    # A row is one line, whatever its values hold.
    lines = [[r"\n".join(cell.splitlines()) for cell in line] for line in (columns, *rows)]
    widths = [max(len(line[position]) for line in lines) for position in range(len(columns))]
    padded = (" ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)
    return "\n".join(padded) + "\n"


def _markdown(columns: list[str], rows: list[list[str]], are_numbers: list[bool]) -> str:
    # What Markdown would take for a new cell, for HTML, or for a mark of its own.
    marks = {mark: "\\" + mark for mark in "\\|*`"}
    escapes = str.maketrans({**marks, "<": "&lt;"})

    def line(cells: list[str]) -> str:
        shown = ("<br>".join(part.translate(escapes) for part in cell.splitlines()) for cell in cells)
        return "| " + " | ".join(shown) + " |\n"

    rule = "| " + " | ".join("---:" if is_number else "---" for is_number in are_numbers) + " |\n"
    return line(columns) + rule + "".join(map(line, rows))


def _latex(columns: list[str], rows: list[list[str]], are_numbers: list[bool]) -> str:
    def line(cells: list[str]) -> str:
        return " & ".join(map(_latex_cell, cells)) + r" \\" + "\n"

    body = "".join(map(line, rows))
    sides = "".join("r" if is_number else "l" for is_number in are_numbers)
    return f"\\begin{{tabular}}{{{sides}}}\n{line(columns)}\\hline\n{body}\\end{{tabular}}\n"


_LATEX_NAMES = {"\\": "textbackslash", "~": "textasciitilde", "^": "textasciicircum", "|": "textbar"}
_LATEX_NAMES |= {"<": "textless", ">": "textgreater"}
_LATEX_ESCAPES = str.maketrans(
    {mark: f"\\{name}{{}}" for mark, name in _LATEX_NAMES.items()} | {mark: "\\" + mark for mark in "&%$#_{}"}
)


def _latex_cell(cell: str) -> str:
    lines = [line.translate(_LATEX_ESCAPES) for line in cell.splitlines()] or [""]
    # After a line break LaTeX takes an opening bracket for an argument.
    lines = ["{[}" + line[1:] if line.startswith("[") else line for line in lines]
    return lines[0] if len(lines) == 1 else r"\shortstack[l]{" + r"\\".join(lines) + "}"
