"""A result as a workbook for spreadsheets: text stays text, numbers stay numbers, nothing is run or followed."""

import math
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from flows.commands.query_formats import cell_text, is_numeric, rows_of
from pipeline.errors import BadSetting

if TYPE_CHECKING:
    import pyarrow as pa
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

# Excel's own limits; the first row is the header.
MOST_ROWS: Final = 2**20 - 1
MOST_COLUMNS: Final = 2**14
LONGEST_TEXT: Final = 32_767
# Whole numbers above it are not exact in a spreadsheet, whose numbers are all of double precision.
_LARGEST_EXACT: Final = 2**53
_WIDTH_ROWS: Final = 200
_LEAST_WIDTH, _MOST_WIDTH = 8, 60
# Nothing of what a text looks like makes it anything else; rows go to disk as they are written.
_OPTIONS: Final = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "constant_memory": True,
}


def check_fits(table: "pa.Table") -> None:
    """Refuse a result that is larger than a sheet can be.

    Raises:
        BadSetting: says the limit, and what to do.
    """
    if table.num_rows > MOST_ROWS or table.num_columns > MOST_COLUMNS:
        raise BadSetting(
            expected=f"at most {MOST_ROWS:,} rows and {MOST_COLUMNS:,} columns, which is all that a sheet of Excel has",
            found=f"{table.num_rows:,} rows and {table.num_columns:,} columns",
            where="the result, --format xlsx",
            remedy="choose rows in the query (where, limit), or write --format parquet or csv, which have no limit",
        )


def write_xlsx(table: "pa.Table", file: Path, digits: int | None, tell: Callable[[str], None]) -> None:
    """Write a result as one sheet: header in bold and frozen, columns about as wide as what they hold.

    Lists and maps are JSON text; times are in UTC; NaN and infinity, which a sheet has no number for, are empty as
    missing values are; whole numbers above 2^53 are text, since a sheet would round them.

    Args:
        table: the result.
        file: is written anew.
        digits: after the point, as fractional numbers are shown; their full values are kept. None: as they are.
        tell: called with a line where texts were longer than a cell can hold, and are cut.

    Raises:
        BadSetting: the result is larger than a sheet can be.
        OSError: the file cannot be written.
    """
    from xlsxwriter import Workbook
    from xlsxwriter.exceptions import FileCreateError

    check_fits(table)
    workbook = Workbook(str(file), dict(_OPTIONS))
    sheet = workbook.add_worksheet("result")
    bold = workbook.add_format({"bold": True, "bottom": 1})
    fraction = workbook.add_format({} if digits is None else {"num_format": "0." + "0" * digits if digits else "0"})
    moment = workbook.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    sheet.freeze_panes(1, 0)
    for position, width in enumerate(_widths(table, digits)):
        sheet.set_column(position, position, width)
    for position, name in enumerate(table.column_names):
        sheet.write_string(0, position, name[:LONGEST_TEXT], bold)
    cut = 0
    for row, values in enumerate(rows_of(table), start=1):
        for position, value in enumerate(values):
            cut += _write_cell(sheet, (row, position), value, (fraction, moment))
    try:
        workbook.close()
    except FileCreateError as error:
        raise OSError(str(error)) from error
    if cut:
        tell(f"{cut} texts are longer than {LONGEST_TEXT:,} characters, which is all that a cell holds, and are cut")


def _write_cell(sheet: "Worksheet", place: tuple[int, int], value: Any, formats: "tuple[Format, Format]") -> bool:
    """Write one value as what it is; return whether its text was cut."""
    fraction, moment = formats
    if isinstance(value, bool):
        sheet.write_boolean(*place, value)
    elif isinstance(value, int) and abs(value) <= _LARGEST_EXACT:
        sheet.write_number(*place, value)
    elif isinstance(value, float | Decimal):
        if math.isfinite(value):
            sheet.write_number(*place, float(value), fraction)
    elif isinstance(value, date):
        sheet.write_datetime(*place, _without_zone(value), moment)
    elif value is not None:
        text = cell_text(value, None)
        sheet.write_string(*place, text[:LONGEST_TEXT])
        return len(text) > LONGEST_TEXT
    return False


def _without_zone(value: date) -> date:
    is_zoned = isinstance(value, datetime) and value.tzinfo is not None
    return value.astimezone(UTC).replace(tzinfo=None) if is_zoned and isinstance(value, datetime) else value


def _widths(table: "pa.Table", digits: int | None) -> Sequence[int]:
    """Return each column's width in characters, by its name and its first rows."""
    longest = [len(name) for name in table.column_names]
    shown = [digits if numeric else None for numeric in is_numeric(table)]
    for row in rows_of(table.slice(0, _WIDTH_ROWS)):
        lengths = [len(cell_text(value, places)) for value, places in zip(row, shown, strict=True)]
        longest = [max(pair) for pair in zip(longest, lengths, strict=True)]
    return [min(max(length + 2, _LEAST_WIDTH), _MOST_WIDTH) for length in longest]
