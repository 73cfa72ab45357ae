"""The figures of an analysis as lines of text for the terminal."""

from collections.abc import Iterator

from flows.study.analyse import AnalysedStudy
from pipeline.report.table_model import Table


def printed_lines(analysed: AnalysedStudy) -> Iterator[str]:
    """Yield what there is to say, and last the files."""
    for section in analysed.sections:
        yield section.heading
        yield from (f"  {paragraph}" for paragraph in section.paragraphs)
        for table in section.tables:
            yield ""
            yield f"  {table.title}"
            yield from (f"    {line}" for line in _table_lines(table))
        yield ""
    if analysed.repeated:
        yield f"{analysed.repeated} answers were in the files more than once and count once"
    yield "files: " + ", ".join(map(str, analysed.paths))


def _table_lines(table: Table) -> Iterator[str]:
    rows = [[column.heading for column in table.columns]]
    rows += [[" ".join(f"{cell.text} {cell.note}".split()) for cell in row.cells] for row in table.rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [
            text.ljust(width) if column.is_text else text.rjust(width)
            for text, width, column in zip(row, widths, table.columns, strict=True)
        ]
        yield "  ".join(cells).rstrip()
