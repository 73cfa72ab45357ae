"""A query's result as text, for terminals, spreadsheets, programs, notes and papers; written as it is made."""

import csv
import json
import math
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TextIO

from pipeline.errors import BadSetting

if TYPE_CHECKING:
    import pyarrow as pa

FORMATS = ("table", "csv", "json", "markdown", "latex")
# A spreadsheet takes a cell that begins so for a formula, and would run it.
_FORMULA_MARKS = ("=", "+", "-", "@", "\t", "\r")
_ROWS_AT_ONCE = 1000
# What Markdown would take for a new cell, for HTML, or for a mark of its own.
_MARKDOWN = str.maketrans({**{mark: "\\" + mark for mark in "\\|*`"}, "<": "&lt;"})
_LATEX_NAMES = {
    "\\": "textbackslash",
    "~": "textasciitilde",
    "^": "textasciicircum",
    "|": "textbar",
    "<": "textless",
    ">": "textgreater",
}
_LATEX = str.maketrans(
    {mark: f"\\{name}{{}}" for mark, name in _LATEX_NAMES.items()} | {mark: "\\" + mark for mark in "&%$#_{}"}
)


def check_format(output_format: str) -> None:
    """Refuse an unknown format, before the query is run.

    Raises:
        BadSetting: names the known formats.
    """
    if output_format not in FORMATS:
        raise BadSetting(
            expected=", ".join(FORMATS), found=output_format, where="--format", remedy="choose one of them"
        )


def write_result(table: "pa.Table", output_format: str, output: TextIO, digits: int | None = None) -> None:
    """Write a query's result as text, ending in a newline; of a large one only some rows are text at a time.

    A missing value is empty (in JSON null), a list is JSON text (in JSON a list). Numbers stand on the right where
    columns are lined up. In CSV an apostrophe is put before text that a spreadsheet would take for a formula.

    Args:
        table: the result.
        output_format: one of `FORMATS`.
        output: where to.
        digits: after the point of fractional numbers; None writes the shortest text that reads back as the same
            number. JSON always does.

    Raises:
        BadSetting: unknown format.
    """
    check_format(output_format)
    if output_format == "json":
        _write_json(table, output)
    elif output_format == "csv":
        _write_csv(table, output, digits)
    elif output_format == "markdown":
        _write_markdown(table, output, digits)
    elif output_format == "latex":
        _write_latex(table, output, digits)
    else:
        _write_aligned(table, output, digits)


def _rows(table: "pa.Table") -> Iterator[tuple[Any, ...]]:
    """Give the rows by position: two columns of a result may have one name."""
    for start in range(0, table.num_rows, _ROWS_AT_ONCE):
        part = table.slice(start, _ROWS_AT_ONCE)
        yield from zip(*(column.to_pylist() for column in part.columns), strict=True)


def _is_numeric(table: "pa.Table") -> list[bool]:
    import pyarrow.types as types

    tests = (types.is_integer, types.is_floating, types.is_decimal)
    return [any(test(kind) for test in tests) for kind in table.schema.types]


def _as_json(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dict):
        return {key: _as_json(item) for key, item in value.items()}
    return [_as_json(item) for item in value] if isinstance(value, list) else value


def _write_json(table: "pa.Table", output: TextIO) -> None:
    encoder = json.JSONEncoder(indent=2, ensure_ascii=False, default=str)
    before = "[\n"
    for row in _rows(table):
        record = dict(zip(table.column_names, map(_as_json, row), strict=True))
        output.write(before + "  " + encoder.encode(record).replace("\n", "\n  "))
        before = ",\n"
    output.write("\n]\n" if table.num_rows else "[]\n")


def _cell(value: Any, digits: int | None) -> str:
    if value is None:
        return ""
    if isinstance(value, float | Decimal) and digits is not None:
        return f"{value:.{digits}f}"
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def _cells(table: "pa.Table", digits: int | None) -> Iterator[list[str]]:
    return ([_cell(value, digits) for value in row] for row in _rows(table))


class _UnixLines:
    """A file for a csv.writer that ends its lines with "\\r\\n"; only such a writer quotes a cell with a "\\r"."""

    def __init__(self, output: TextIO) -> None:
        self._output = output

    def write(self, line: str) -> int:
        return self._output.write(line.removesuffix("\r\n") + "\n")


def _write_csv(table: "pa.Table", output: TextIO, digits: int | None) -> None:
    writer = csv.writer(_UnixLines(output), lineterminator="\r\n")
    writer.writerow([_without_formula(name) for name in table.column_names])
    for row in _rows(table):
        writer.writerow([_csv_cell(value, digits) for value in row])


def _csv_cell(value: Any, digits: int | None) -> str:
    text = _cell(value, digits)
    return text if isinstance(value, int | float | Decimal) else _without_formula(text)


def _without_formula(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA_MARKS) else text


def _one_line(text: str) -> str:
    return "\\n".join(text.splitlines()) if "\n" in text or "\r" in text else text


def _write_aligned(table: "pa.Table", output: TextIO, digits: int | None) -> None:
    # All of it is needed before the first line can be written: a column is as wide as its widest cell.
    lines = [[_one_line(cell) for cell in line] for line in (table.column_names, *_cells(table, digits))]
    widths = [max(len(line[position]) for line in lines) for position in range(table.num_columns)]
    for line in lines:
        output.write(" ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) + "\n")


def _write_markdown(table: "pa.Table", output: TextIO, digits: int | None) -> None:
    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(_markdown(cell) for cell in cells) + " |\n"

    output.write(line(table.column_names))
    output.write(line(["---:" if numeric else "---" for numeric in _is_numeric(table)]))
    for row in _cells(table, digits):
        output.write(line(row))


def _markdown(text: str) -> str:
    return "<br>".join(line.translate(_MARKDOWN) for line in text.splitlines())


def _write_latex(table: "pa.Table", output: TextIO, digits: int | None) -> None:
    def line(cells: Sequence[str]) -> str:
        return " & ".join(map(_latex, cells)) + r" \\" + "\n"

    places = "".join("r" if numeric else "l" for numeric in _is_numeric(table))
    output.write(f"\\begin{{tabular}}{{{places}}}\n{line(table.column_names)}\\hline\n")
    for row in _cells(table, digits):
        output.write(line(row))
    output.write("\\end{tabular}\n")


def _latex(text: str) -> str:
    line = " ".join(text.splitlines()).translate(_LATEX)
    # After a line break LaTeX takes an opening bracket for an argument.
    return "{[}" + line[1:] if line.startswith("[") else line
