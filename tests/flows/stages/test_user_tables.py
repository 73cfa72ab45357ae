"""Parquet and CSV tables of one content give one index; what is neither is refused."""

import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.stages.user_tables import read_user_table
from pipeline.errors import BadDataset

COLUMNS: dict[str, Any] = {
    "image_id": pa.array([1, 2, 3]),
    "split": pa.array(["train", "valid", " test "]).dictionary_encode(),
    "label": pa.array(["a", None, "löwe"]),
    "attributes": pa.array([["red", "big"], [], None]),
    "attribute:x": pa.array([True, False, None]),
    "attribute:y": pa.array([1.0, 0.0, None]),
}


def write_parquet(path: Path, **replaced: Any) -> Path:
    pq.write_table(pa.table({**COLUMNS, **replaced}), path)
    return path


def test_values_become_text(tmp_path: Path) -> None:
    table = read_user_table(write_parquet(tmp_path / "items.parquet"))
    assert table.columns == tuple(COLUMNS)
    assert [row.place for row in table.rows] == ["row 1", "row 2", "row 3"]
    assert [tuple(row.values.values()) for row in table.rows] == [
        ("1", "train", "a", "red;big", "1", "1"),
        ("2", "valid", "", "", "0", "0"),
        ("3", "test", "löwe", "", "", ""),
    ]


def test_csv_and_parquet_of_one_content_are_alike(tmp_path: Path) -> None:
    (tmp_path / "items.csv").write_text(
        'image_id,split,label,attributes,attribute:x,attribute:y\n1,train,a,red;big,1,1\n2,valid,,"",0,0\n'
        "3, test ,löwe,,,\n",
        encoding="utf-8",
    )
    csv = read_user_table(tmp_path / "items.csv")
    parquet = read_user_table(write_parquet(tmp_path / "items.parquet"))
    assert csv.columns == parquet.columns
    assert [row.values for row in csv.rows] == [row.values for row in parquet.rows]


@pytest.mark.parametrize(
    ("column", "values", "found"),
    [
        ("label", pa.array([0.5, 1.0, 1.0]), "0.5"),
        ("attributes", pa.array([["a;b"], [], []]), "a;b"),
        ("attributes", pa.array([[1], [], []]), r"\[1\]"),
        ("label", pa.array([b"a", b"b", b"c"]), "b'a'"),
    ],
)
def test_other_values_are_refused_with_row_and_column(tmp_path: Path, column: str, values: Any, found: str) -> None:
    path = write_parquet(tmp_path / "items.parquet", **{column: values})
    with pytest.raises(BadDataset, match=found) as error:
        read_user_table(path)
    assert error.value.where == f"{path}, row 1, column {column!r}"


OTHERS = {
    "price": pa.array([19.9, 20.9, None]),
    "taken": pa.array([datetime.datetime(2024, 1, 1)] * 3),  # noqa: DTZ001 - a timestamp without a zone is a case
    "box": pa.array([[0.1, 0.2]] * 3),
    "blob": pa.array([b"\x00\x01"] * 3),
    "nested.name": pa.array([{"a": 1.5}] * 3),
    "__index_level_0__": pa.array([7.5, 8.5, 9.5]),
}


@pytest.mark.parametrize("name", OTHERS)
def test_columns_that_are_not_read_may_be_of_any_type(tmp_path: Path, name: str) -> None:
    plain = read_user_table(write_parquet(tmp_path / "items.parquet"))
    wider = read_user_table(write_parquet(tmp_path / "wider.parquet", **{name: OTHERS[name]}))
    assert wider.columns == (*plain.columns, name)
    assert [row.values for row in wider.rows] == [row.values for row in plain.rows]


@pytest.mark.parametrize("content", [b"", b"image_id,split\n", b"PAR1" + b"\0" * 40 + b"PAR1"])
def test_files_that_are_no_parquet_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "items.parquet"
    path.write_bytes(content)
    with pytest.raises(BadDataset, match="a readable Parquet file"):
        read_user_table(path)


def test_a_cut_parquet_file_is_refused(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "items.parquet")
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(BadDataset, match="a readable Parquet file"):
        read_user_table(path)


@pytest.mark.parametrize("name", ["items.parquet", "items.csv"])
def test_a_missing_table_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadDataset, match=r"correct dataset\.table"):
        read_user_table(tmp_path / name)


def test_other_formats_are_refused(tmp_path: Path) -> None:
    (tmp_path / "items.xlsx").touch()
    with pytest.raises(BadDataset, match=r"\.csv or \.parquet"):
        read_user_table(tmp_path / "items.xlsx")
