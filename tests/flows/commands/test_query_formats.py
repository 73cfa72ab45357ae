"""Results of queries as Markdown and LaTeX, whatever names hold; and rounded numbers."""

import json

import pyarrow as pa
import pytest

from flows.commands.query_formats import render_result

NAMES = ["red\nwine", "big | wide", "a\\|b", "50% $x_1$ & <b>", "[1] *x*", "a\r\n[b]", None]
TABLE = pa.table({"name": NAMES, "count": [1, 20, 300, None, 5, 6, 7], "share": [0.123456, 2 / 3, 1e-7, None, 1, 2, 3]})


def test_a_row_of_markdown_is_one_line_with_its_pipes_escaped() -> None:
    lines = render_result(TABLE, "markdown").splitlines()
    assert lines[:2] == ["| name | count | share |", "| --- | ---: | ---: |"]
    assert [line.rsplit(" | ", 2)[0].removeprefix("| ") for line in lines[2:]] == [
        "red<br>wine",
        r"big \| wide",
        r"a\\\|b",
        "50% $x_1$ & &lt;b>",
        r"[1] \*x\*",
        "a<br>[b]",
        "",
    ]


def test_a_row_of_latex_is_one_line_that_latex_reads() -> None:
    lines = render_result(TABLE, "latex").splitlines()
    assert lines[0] == r"\begin{tabular}{lrr}"
    assert [line.rsplit(" & ", 2)[0] for line in lines[3:-1]] == [
        r"\shortstack[l]{red\\wine}",
        r"big \textbar{} wide",
        r"a\textbackslash{}\textbar{}b",
        r"50\% \$x\_1\$ \& \textless{}b\textgreater{}",
        "{[}1] *x*",
        r"\shortstack[l]{a\\{[}b]}",
        "",
    ]
    assert all(line.endswith(r" \\") for line in lines[3:-1])


def test_a_row_of_the_aligned_table_is_one_line() -> None:
    lines = render_result(TABLE, "table").splitlines()
    assert len(lines) == 1 + len(NAMES)
    assert len({len(line) for line in lines}) == 1
    assert r"red\nwine" in lines[1]


@pytest.mark.parametrize(("output_format", "separator"), [("markdown", " | "), ("latex", " & "), ("csv", ",")])
def test_digits_round_fractions_and_leave_whole_numbers(output_format: str, separator: str) -> None:
    table = pa.table({"count": [123456], "share": [0.123456], "list": [[0.5551, 2.0]]})
    row = next(line for line in render_result(table, output_format, digits=3).splitlines() if "123456" in line)
    assert separator.join(["123456", "0.123", ""]) in row
    assert "0.555, 2.0]" in row
    assert "0.123456" in render_result(table, output_format)


def test_digits_round_json_too() -> None:
    table = pa.table({"share": [2 / 3, float("nan"), None], "pair": [{"a": 0.12345}, {"a": 1.0}, {"a": 2.0}]})
    assert json.loads(render_result(table, "json", digits=2)) == [
        {"share": 0.67, "pair": {"a": 0.12}},
        {"share": None, "pair": {"a": 1.0}},
        {"share": None, "pair": {"a": 2.0}},
    ]


def test_a_result_without_rows_has_its_columns_aligned() -> None:
    assert render_result(TABLE.slice(0, 0), "markdown").splitlines()[1] == "| --- | ---: | ---: |"
