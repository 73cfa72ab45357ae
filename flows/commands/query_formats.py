"""A query's result as text, for terminals, spreadsheets, programs, notes and papers; written as it is made."""

import csv
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TextIO

from flows.commands.latex_table import write_latex
from pipeline.errors import BadSetting

if TYPE_CHECKING:
    import pyarrow as pa

# For people; values may be shown times 100 there.
PEOPLES_FORMATS = ("table", "markdown", "latex")
TEXT_FORMATS = ("table", "csv", "json", "markdown", "latex")
FILE_FORMATS = ("parquet", "xlsx")
FORMATS = (*TEXT_FORMATS, *FILE_FORMATS)
_PERCENT, _PERCENT_DIGITS = 100.0, 1
# A spreadsheet takes a cell that begins so for a formula, and would run it.
_FORMULA_MARKS = ("=", "+", "-", "@", "\t", "\r")
_ROWS_AT_ONCE = 1000
# What Markdown would take for a new cell, for HTML, or for a mark of its own.
_MARKDOWN = str.maketrans({**{mark: "\\" + mark for mark in "\\|*`"}, "<": "&lt;"})


def check_format(output_format: str, known: Sequence[str] = FORMATS) -> None:
    """Refuse an unknown format, before the query is run.

    Raises:
        BadSetting: names the known formats.
    """
    if output_format not in known:
        raise BadSetting(expected=", ".join(known), found=output_format, where="--format", remedy="choose one of them")


def write_result(
    table: "pa.Table", output_format: str, output: TextIO, digits: int | None = None, percent: Sequence[str] = ()
) -> None:
    """Write a query's result as text, ending in a newline; of a large one only some rows are text at a time.

    A missing value is empty (in JSON null, in LaTeX a dash), a list is JSON text (in JSON a list), a map likewise.
    Where columns are lined up numbers stand on the right, text on the left. In CSV an apostrophe is put before text
    that a spreadsheet would take for a formula.

    Args:
        table: the result.
        output_format: one of `TEXT_FORMATS`.
        output: where to.
        digits: after the point of fractional numbers; None writes the shortest text that reads back as the same
            number. JSON always does.
        percent: columns shown times 100, with one digit unless `digits` says otherwise; of `PEOPLES_FORMATS` alone.

    Raises:
        BadSetting: unknown format; or no column of numbers has a name in `percent`, or the format is for programs.
    """
    check_format(output_format, TEXT_FORMATS)
    shown = _shown(table, output_format, digits, percent)
    if output_format == "json":
        _write_json(table, output)
    elif output_format == "csv":
        _write_csv(shown, output)
    elif output_format == "markdown":
        _write_markdown(shown, output)
    elif output_format == "latex":
        write_latex(shown.names, is_numeric(table), shown.cells, output)
    else:
        _write_aligned(shown, output)


@dataclass(frozen=True)
class _Shown:
    """A result with the digits of its columns.

    Attributes:
        table: the result.
        names: of its columns.
        digits: of each column; None: as many as there are.
        scales: what the numbers of each column are multiplied by; None: nothing.
    """

    table: "pa.Table"
    names: list[str]
    digits: list[int | None]
    scales: list[float | None]

    def cells(self) -> Iterator[list[str]]:
        """Give the text of each row's cells."""
        for row in rows_of(self.table):
            yield [
                cell_text(value if scale is None or value is None else float(value) * scale, digits)
                for value, digits, scale in zip(row, self.digits, self.scales, strict=True)
            ]


def _shown(table: "pa.Table", output_format: str, digits: int | None, percent: Sequence[str]) -> _Shown:
    numeric = {name for name, numbers in zip(table.column_names, is_numeric(table), strict=True) if numbers}
    unknown = [name for name in percent if name not in numeric]
    if unknown or (percent and output_format not in PEOPLES_FORMATS):
        raise BadSetting(
            expected=f"columns of numbers ({', '.join(sorted(numeric)) or 'there are none'}), "
            f"in one of the formats {', '.join(PEOPLES_FORMATS)}",
            found=f"{', '.join(unknown or percent)} in {output_format}",
            where="--percent",
            remedy="name columns of the result; files for programs keep fractions, so multiply in the query",
        )
    scaled = [name in percent for name in table.column_names]
    return _Shown(
        table,
        [f"{name} x 100" if of_100 else name for name, of_100 in zip(table.column_names, scaled, strict=True)],
        [_PERCENT_DIGITS if of_100 and digits is None else digits for of_100 in scaled],
        [_PERCENT if of_100 else None for of_100 in scaled],
    )


def rows_of(table: "pa.Table") -> Iterator[tuple[Any, ...]]:
    """Give the rows by position, maps as dictionaries: two columns of a result may have one name."""
    for start in range(0, table.num_rows, _ROWS_AT_ONCE):
        part = table.slice(start, _ROWS_AT_ONCE)
        yield from zip(*(column.to_pylist(maps_as_pydicts="strict") for column in part.columns), strict=True)


def is_numeric(table: "pa.Table") -> list[bool]:
    """Return of each column whether it holds numbers."""
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
    for row in rows_of(table):
        record = dict(zip(table.column_names, map(_as_json, row), strict=True))
        output.write(before + "  " + encoder.encode(record).replace("\n", "\n  "))
        before = ",\n"
    output.write("\n]\n" if table.num_rows else "[]\n")


def cell_text(value: Any, digits: int | None) -> str:
    """Return a value as text: nothing for a missing one, JSON for lists and maps.

    Args:
        value: of any type that a result may have.
        digits: after the point of a fractional number; None: as many as it has.
    """
    if value is None:
        return ""
    if isinstance(value, float | Decimal) and digits is not None:
        return f"{value:.{digits}f}"
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


class _UnixLines:
    """A file for a csv.writer that ends its lines with "\\r\\n"; only such a writer quotes a cell with a "\\r"."""

    def __init__(self, output: TextIO) -> None:
        self._output = output

    def write(self, line: str) -> int:
        return self._output.write(line.removesuffix("\r\n") + "\n")


def _write_csv(shown: _Shown, output: TextIO) -> None:
    writer = csv.writer(_UnixLines(output), lineterminator="\r\n")
    writer.writerow([_without_formula(name) for name in shown.names])
    for row in rows_of(shown.table):
        writer.writerow([_csv_cell(value, digits) for value, digits in zip(row, shown.digits, strict=True)])


def _csv_cell(value: Any, digits: int | None) -> str:
    text = cell_text(value, digits)
    return text if isinstance(value, int | float | Decimal) else _without_formula(text)


def _without_formula(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA_MARKS) else text


def _one_line(text: str) -> str:
    return "\\n".join(text.splitlines()) if "\n" in text or "\r" in text else text


def _write_aligned(shown: _Shown, output: TextIO) -> None:
    # All of it is needed before the first line can be written: a column is as wide as its widest cell.
    lines = [[_one_line(cell) for cell in line] for line in (shown.names, *shown.cells())]
    widths = [max(len(line[position]) for line in lines) for position in range(len(shown.names))]
    sides = [str.rjust if numeric else str.ljust for numeric in is_numeric(shown.table)]
    for line in lines:
        cells = (side(cell, width) for side, cell, width in zip(sides, line, widths, strict=True))
        output.write(" ".join(cells).rstrip() + "\n")


def _write_markdown(shown: _Shown, output: TextIO) -> None:
    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(_markdown(cell) for cell in cells) + " |\n"

    output.write(line(shown.names))
    output.write(line(["---:" if numeric else "---" for numeric in is_numeric(shown.table)]))
    for row in shown.cells():
        output.write(line(row))


def _markdown(text: str) -> str:
    return "<br>".join(line.translate(_MARKDOWN) for line in text.splitlines())
