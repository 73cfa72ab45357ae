"""Results as files: workbooks whose text stays text, Parquet, LaTeX in the papers' layout, and what is refused."""

import io
import math
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.commands import xlsx_file
from flows.commands.query_formats import write_result
from flows.commands.query_output import ResultOutput, result_output
from flows.commands.xlsx_file import LONGEST_TEXT, check_fits, write_xlsx
from pipeline.errors import BadSetting

HOSTILE = [
    "=1+1",
    '=HYPERLINK("http://x")',
    "@sum(a)",
    "+1",
    "http://example.org",
    "file:///etc",
    "00123",
    "1e5",
    "<b>",
]


def sheet_of(table: pa.Table, file: Path, digits: int | None = None) -> openpyxl.worksheet.worksheet.Worksheet:
    told: list[str] = []
    write_xlsx(table, file, digits, told.append)
    assert not told
    return openpyxl.load_workbook(file)["result"]


def test_text_is_text_whatever_it_looks_like(tmp_path: Path) -> None:
    sheet = sheet_of(pa.table({"=name": HOSTILE}), tmp_path / "text.xlsx")
    cells = [row[0] for row in sheet.iter_rows(min_row=1)]
    assert [cell.value for cell in cells] == ["=name", *HOSTILE]
    assert {cell.data_type for cell in cells} == {"s"}
    assert not any(cell.hyperlink for cell in cells)
    # The check can fail: a formula has another type.
    workbook = openpyxl.Workbook()
    workbook.active["A1"] = "=1+1"
    workbook.save(tmp_path / "formula.xlsx")
    assert openpyxl.load_workbook(tmp_path / "formula.xlsx").active["A1"].data_type == "f"


def test_values_are_what_they_are(tmp_path: Path) -> None:
    table = pa.table(
        {
            "n": [1, None, 2**60],
            "x": [2 / 3, math.nan, math.inf],
            "flag": [True, False, None],
            "l": [["a", "b"], None, []],
            "m": pa.array([[("a", "b")], None, []], pa.map_(pa.string(), pa.string())),
            "t": pa.array([datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), None, None], pa.timestamp("us", tz="UTC")),
        }
    )
    sheet = sheet_of(table, tmp_path / "values.xlsx", digits=2)
    rows = [list(row) for row in sheet.iter_rows(min_row=2, values_only=True)]
    assert rows[0] == [1, 2 / 3, True, '["a", "b"]', '{"a": "b"}', datetime(2026, 1, 2, 3, 4, 5)]
    assert rows[1] == [None, None, False, None, None, None]
    assert rows[2] == [str(2**60), None, None, "[]", "{}", None]
    assert sheet["B2"].number_format == "0.00"
    assert sheet.freeze_panes == "A2"
    assert sheet.column_dimensions["A"].width > sheet.column_dimensions["D"].width > sheet.column_dimensions["B"].width


def test_text_longer_than_a_cell_is_cut_and_told(tmp_path: Path) -> None:
    told: list[str] = []
    write_xlsx(pa.table({"a": ["x" * (LONGEST_TEXT + 1), "y"]}), tmp_path / "long.xlsx", None, told.append)
    assert len(told) == 1
    assert told[0].startswith("1 texts are longer than 32,767 characters")
    assert len(openpyxl.load_workbook(tmp_path / "long.xlsx")["result"]["A2"].value) == LONGEST_TEXT


def test_more_rows_than_a_sheet_has_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx_file, "MOST_ROWS", 3)
    check_fits(pa.table({"a": [1, 2, 3]}))
    with pytest.raises(BadSetting, match="at most 3 rows") as refused:
        ResultOutput("xlsx", tmp_path / "x.xlsx", None, ()).write(pa.table({"a": [1, 2, 3, 4]}), print)
    assert "4 rows" in refused.value.found
    assert "parquet" in refused.value.remedy
    assert list(tmp_path.iterdir()) == []


def test_parquet_keeps_types(tmp_path: Path) -> None:
    table = pa.table({"a": [1, None], "l": [["x"], None], "x": [0.1, math.nan]})
    result_output(None, tmp_path / "r.parquet", None, ()).write(table, print)
    assert pq.read_table(tmp_path / "r.parquet").schema.equals(table.schema)
    assert [file.name for file in tmp_path.iterdir()] == ["r.parquet"]


@pytest.mark.parametrize(
    ("name", "asked", "found"),
    [
        ("r.parquet", None, "parquet"),
        ("r.XLSX", None, "xlsx"),
        ("r.csv", None, "csv"),
        ("r.tex", None, "latex"),
        ("r.txt", None, "table"),
        ("r.txt", "json", "json"),
    ],
)
def test_the_format_is_that_of_the_ending_unless_asked_for(name: str, asked: str | None, found: str) -> None:
    assert result_output(asked, Path(name), None, ()).format == found


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    file = tmp_path / "r.csv"
    result_output(None, file, None, ()).write(pa.table({"a": [1]}), print)
    with pytest.raises(BadSetting, match="--percent"):
        ResultOutput("table", file, None, ("missing",)).write(pa.table({"a": [2]}), print)
    assert file.read_text() == "a\n1\n"
    assert [one.name for one in tmp_path.iterdir()] == ["r.csv"]


def test_what_does_not_fit_together_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="where: --output"):
        result_output("xlsx", None, None, ())
    with pytest.raises(BadSetting, match="--percent, --format parquet"):
        result_output("parquet", tmp_path / "r.parquet", None, ("a",))
    with pytest.raises(BadSetting, match="yaml"):
        result_output("yaml", None, None, ())
    with pytest.raises(BadSetting, match="--output"):
        result_output(None, tmp_path / "none" / "r.csv", None, ()).write(pa.table({"a": [1]}), print)


def text_of(table: pa.Table, output_format: str, digits: int | None = None, percent: tuple[str, ...] = ()) -> str:
    output = io.StringIO()
    write_result(table, output_format, output, digits, percent)
    return output.getvalue()


FIGURES = pa.table({"variant": ["a_b", "c"], "value": [0.12345, -0.5], "p": [0.004, None], "n": [200, 7]})


def test_latex_has_the_layout_of_the_papers() -> None:
    assert text_of(FIGURES, "latex", percent=("value",)).splitlines() == [
        r"% \usepackage{booktabs}",
        r"\begin{tabular}{@{}lrrr@{}}",
        r"\toprule",
        r"variant & value x 100 &     p &   n \\",
        r"\midrule",
        r"a\_b    &        12.3 & 0.004 & 200 \\",
        r"c       &     $-$50.0 &    -- &   7 \\",
        r"\bottomrule",
        r"\end{tabular}",
    ]


def test_points_of_latex_stand_under_each_other_without_digits_too() -> None:
    lines = text_of(pa.table({"x": [0.5, 0.125, 2.0, 1e-30]}), "latex").splitlines()[5:9]
    assert [line.strip() for line in lines] == [r"0.500 \\", r"0.125 \\", r"2.000 \\", r"1$\times10^{-30}$ \\"]


def test_percent_is_of_the_columns_named_and_of_text_for_people() -> None:
    line = text_of(FIGURES, "markdown", digits=3, percent=("value", "p")).splitlines()[2]
    assert line == r"| a_b | 12.345 | 0.400 | 200 |"
    assert text_of(FIGURES, "table").split()[5] == "0.12345"
    for output_format in ("json", "csv"):
        with pytest.raises(BadSetting, match="--percent"):
            text_of(FIGURES, output_format, percent=("value",))
    with pytest.raises(BadSetting, match="variant"):
        text_of(FIGURES, "table", percent=("variant",))


def test_a_map_is_an_object() -> None:
    table = pa.table({"m": pa.array([[("a", "b")], None], pa.map_(pa.string(), pa.string()))})
    assert text_of(table, "csv") == 'm\n"{""a"": ""b""}"\n""\n'
    assert '"a": "b"' in text_of(table, "json")
