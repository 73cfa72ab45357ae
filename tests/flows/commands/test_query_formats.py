"""A result as text: what no reader may take for something else, and how much memory it takes."""

import csv
import io
import json
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from flows.commands.query_formats import TEXT_FORMATS, write_result
from pipeline.errors import BadSetting

SOURCE = Path(__file__).parents[3]


def text_of(table: pa.Table, output_format: str, digits: int | None = None) -> str:
    output = io.StringIO()
    write_result(table, output_format, output, digits)
    return output.getvalue()


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@sum(a)", "\t=1", "\r=1", '=cmd|"/c x"!A0'])
def test_text_that_a_spreadsheet_would_run_is_neutralised(text: str) -> None:
    rows = list(csv.reader(io.StringIO(text_of(pa.table({"name": [text], text: ["plain"]}), "csv"), newline="")))
    assert rows == [["name", f"'{text}"], [f"'{text}", "plain"]]


def test_numbers_and_harmless_text_are_left_as_they_are() -> None:
    table = pa.table({"a": [-1, 2], "b": [-0.5, 1e-9], "c": [Decimal("-1.50"), None], "d": ["a=1", "x+y"]})
    assert text_of(table, "csv") == "a,b,c,d\n-1,-0.5,-1.50,a=1\n2,1e-09,,x+y\n"


def test_bars_and_line_breaks_stay_within_their_cell() -> None:
    table = pa.table({"a|b": ["x|y", "one\ntwo", "end\\|", "a\r\nb"], "n": [1, 2, 3, 4]})
    lines = text_of(table, "markdown").split("\n")
    assert lines == [
        "| a\\|b | n |",
        "| --- | ---: |",
        "| x\\|y | 1 |",
        "| one<br>two | 2 |",
        "| end\\\\\\| | 3 |",
        "| a<br>b | 4 |",
        "",
    ]
    latex = text_of(table, "latex").splitlines()
    assert latex[1] == r"\begin{tabular}{@{}lr@{}}"
    assert re.fullmatch(r"one two +& 2 \\\\", latex[6])
    assert len(latex) == 11
    aligned = text_of(table, "table").splitlines()
    assert len(aligned) == 5
    assert len({len(line) for line in aligned}) == 1


def test_text_stands_on_the_left_and_numbers_on_the_right() -> None:
    table = pa.table({"text": ["a", "longer"], "n": [1, 100], "last": ["x", "yy"]})
    assert text_of(table, "table") == "text     n last\na        1 x\nlonger 100 yy\n"


def test_names_are_neither_markup_nor_commands() -> None:
    table = pa.table({"name": ["<script>alert(1)</script>", "*a* `b`", "[1] <x|y>"]})
    assert text_of(table, "markdown").splitlines()[2:] == [
        "| &lt;script>alert(1)&lt;/script> |",
        r"| \*a\* \`b\` |",
        r"| [1] &lt;x\|y> |",
    ]
    assert [line.replace("  ", "").replace("  ", "") for line in text_of(table, "latex").splitlines()[5:8]] == [
        r"\textless{}script\textgreater{}alert(1)\textless{}/script\textgreater{} \\",
        r"*a* `b` \\",
        r"{[}1] \textless{}x\textbar{}y\textgreater{} \\",
    ]


@pytest.mark.parametrize("digits", [0, 2])
def test_digits_are_those_of_fractional_numbers_alone(digits: int) -> None:
    table = pa.table({"n": [1234], "x": [2 / 3], "d": [Decimal("0.125")], "t": ["0.123456"]})
    expected = {0: ["1234", "1", "0", "0.123456"], 2: ["1234", "0.67", "0.12", "0.123456"]}[digits]
    assert text_of(table, "csv", digits).splitlines()[1].split(",") == expected
    assert text_of(table, "table", digits).split()[-4:] == expected
    assert json.loads(text_of(table, "json", digits))[0]["x"] == 2 / 3


TABLES = [
    pa.table({"a": pa.array([], pa.int64())}),
    pa.table({"a": [1]}),
    pa.table({"a": [1, None, 3], "b": [[0.5], [], None], "ü": ["x\ny", '"', ""], "s": [{"k": 1.5}, None, {"k": 2.0}]}),
    pa.table({"a": list(range(2500))}),
]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: str(table.num_rows))
def test_json_written_piece_by_piece_is_that_of_the_whole(table: pa.Table) -> None:
    assert text_of(table, "json") == json.dumps(table.to_pylist(), indent=2, ensure_ascii=False) + "\n"


def test_what_json_has_no_number_for_is_null_at_any_depth() -> None:
    table = pa.table({"x": [float("nan")], "l": [[float("inf"), 1.0]], "s": [{"k": float("-inf")}]})
    assert json.loads(text_of(table, "json")) == [{"x": None, "l": [None, 1.0], "s": {"k": None}}]


def test_two_columns_of_one_name_are_both_written() -> None:
    table = pa.table([[1], [2]], names=["a", "a"])
    assert text_of(table, "csv") == "a,a\n1,2\n"


MEASURED = """
import sys, tracemalloc
import pyarrow as pa
from flows.commands.query_formats import write_result

class Nowhere:
    def write(self, text): return len(text)

n = int(sys.argv[2])
table = pa.table({"pair_id": pa.array(range(n)).cast(pa.string()), "value": pa.array(range(n)).cast(pa.float64())})
tracemalloc.start()
write_result(table, sys.argv[1], Nowhere(), None)
print(tracemalloc.get_traced_memory()[1])
"""


@pytest.mark.parametrize("output_format", [name for name in TEXT_FORMATS if name != "table"])
def test_more_rows_take_no_more_memory(output_format: str) -> None:
    words = [sys.executable, "-c", MEASURED, output_format, "40000"]
    peak_bytes = int(subprocess.run(words, cwd=SOURCE, capture_output=True, text=True, check=True).stdout)
    # The rows as Python's objects alone take more than 8 MiB.
    assert peak_bytes < 2**20


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(BadSetting, match="yaml"):
        text_of(pa.table({"a": [1]}), "yaml")
