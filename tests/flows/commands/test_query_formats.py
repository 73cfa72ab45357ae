"""Results as text: the same whatever their size, and never all of a large one at once."""

import csv
import io
import json

import pyarrow as pa
import pytest

from flows.commands.query_formats import ROWS_AT_ONCE, result_pieces
from pipeline.errors import BadSetting

ROWS = 3 * ROWS_AT_ONCE + 7
TABLE = pa.table(
    {
        "name": pa.array([f"a\n“{number}”" for number in range(ROWS)]),
        "value": pa.array([None if number % 5 == 0 else number / 3 for number in range(ROWS)], pa.float64()),
        "curve": pa.array([[number, float("nan")] for number in range(ROWS)], pa.list_(pa.float64())),
    }
)


def test_pieces_of_json_are_the_text_of_the_whole() -> None:
    rows = [{**row, "curve": [row["curve"][0], None]} for row in TABLE.to_pylist()]
    assert "".join(result_pieces(TABLE, "json")) == json.dumps(rows, indent=2, ensure_ascii=False) + "\n"
    assert (
        "".join(result_pieces(TABLE.slice(0, 1), "json")) == json.dumps(rows[:1], indent=2, ensure_ascii=False) + "\n"
    )
    assert "".join(result_pieces(TABLE.slice(0, 0), "json")) == "[]\n"


def test_pieces_of_csv_are_one_table() -> None:
    lines = list(csv.reader(io.StringIO("".join(result_pieces(TABLE, "csv")))))
    assert len(lines) == ROWS + 1
    assert lines[0] == ["name", "value", "curve"]
    assert lines[-1][0] == f"a\n“{ROWS - 1}”"


@pytest.mark.parametrize("output_format", ["json", "csv"])
def test_a_long_result_comes_in_small_pieces(output_format: str) -> None:
    long = pa.concat_tables([TABLE] * 5)
    sizes = [len(piece) for piece in result_pieces(long, output_format)]
    assert max(sizes) < sum(sizes) / 10


def test_columns_of_one_name_both_come() -> None:
    twice = pa.table([pa.array([1]), pa.array([2])], ["n", "n"])
    assert "".join(result_pieces(twice, "csv")) == "n,n\n1,2\n"
    assert "".join(result_pieces(twice, "markdown")).splitlines()[-1] == "| 1 | 2 |"


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(BadSetting):
        list(result_pieces(TABLE, "xml"))
