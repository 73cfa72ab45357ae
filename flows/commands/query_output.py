"""Where a query's result goes: standard output, or a file that is there whole or not at all."""

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from flows.commands.query_formats import FILE_FORMATS, check_format, write_result
from pipeline.errors import BadSetting

if TYPE_CHECKING:
    import pyarrow as pa

# The format of a file whose format is not asked for, by its ending.
_BY_ENDING: Final = {
    ".parquet": "parquet",
    ".xlsx": "xlsx",
    ".csv": "csv",
    ".json": "json",
    ".md": "markdown",
    ".tex": "latex",
}


@dataclass(frozen=True)
class ResultOutput:
    """How a result is written.

    Attributes:
        format: one of `FORMATS`.
        file: None for standard output.
        digits: after the point of fractional numbers; None: as many as there are.
        percent: columns shown times 100.
    """

    format: str
    file: Path | None
    digits: int | None
    percent: tuple[str, ...]

    @property
    def is_for_people(self) -> bool:
        """Whether it is shown as lines on standard output, which may be laid out freely."""
        return self.file is None and self.format == "table"

    def write(self, table: "pa.Table", tell: Callable[[str], None]) -> None:
        """Write a result.

        Args:
            table: the result.
            tell: called with a line of what a person should know of the file.

        Raises:
            BadSetting: the file cannot be written, or cannot hold the result; `percent` does not fit.
        """
        if self.file is None:
            write_result(table, self.format, sys.stdout, self.digits, self.percent)
            return
        part = self.file.with_name(f".{self.file.name}.{os.getpid()}.part")
        try:
            self._write_file(table, part, tell)
            part.replace(self.file)
            tell(f"wrote {self.file}: {table.num_rows:,} rows")
        except OSError as error:
            raise BadSetting(
                expected="a file that can be written, in a folder that exists",
                found=error.strerror or str(error),
                where=f"--output {self.file}",
                remedy="name a file where you may write",
            ) from error
        finally:
            part.unlink(missing_ok=True)

    def _write_file(self, table: "pa.Table", file: Path, tell: Callable[[str], None]) -> None:
        if self.format == "parquet":
            import pyarrow.parquet as pq

            pq.write_table(table, file)
        elif self.format == "xlsx":
            from flows.commands.xlsx_file import write_xlsx

            write_xlsx(table, file, self.digits, tell)
        else:
            with file.open("w", encoding="utf-8", newline="") as output:
                write_result(table, self.format, output, self.digits, self.percent)


def result_output(
    output_format: str | None, file: Path | None, digits: int | None, percent: Sequence[str]
) -> ResultOutput:
    """Return how a result is written; the format is that of the file's ending unless it is asked for.

    Raises:
        BadSetting: unknown format, or one that needs a file; `percent` in a file for programs.
    """
    by_ending = _BY_ENDING.get(file.suffix.lower(), "table") if file is not None else "table"
    chosen = output_format or by_ending
    check_format(chosen)
    if chosen in FILE_FORMATS and file is None:
        raise BadSetting(
            expected=f"a file for {chosen}, which is no text",
            found="none",
            where="--output",
            remedy=f"name one, such as --output result.{chosen}",
        )
    if chosen in FILE_FORMATS and percent:
        raise BadSetting(
            expected="fractions in a file for programs",
            found=", ".join(percent),
            where=f"--percent, --format {chosen}",
            remedy="multiply in the query: select 100 * value as percent from metrics",
        )
    return ResultOutput(chosen, file, digits, tuple(percent))
