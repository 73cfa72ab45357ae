"""Tables have the columns their names promise, come back unchanged, and notice damage."""

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from stores.errors import CorruptArtifact, MissingArtifact, SchemaMismatch
from stores.location import Location
from stores.tables import check_table, read_table, table_from_rows, write_table
from tests.table_schemas import SCHEMAS

PAIRS = [
    {
        "pair_id": "a",
        "split": "test",
        "query": "q",
        "reference": "r",
        "is_match": True,
        "negatives": ["s", "t"],
    },
    {
        "pair_id": "b",
        "split": "test",
        "query": "q",
        "reference": "ü +",
        "is_match": False,
        "condition": "shoe",
    },
]
EXAMPLES = {
    pa.string(): "text",
    pa.bool_(): True,
    pa.int64(): 3,
    pa.float64(): 0.5,
    pa.list_(pa.string()): ["a", "b"],
    pa.list_(pa.float64()): [0.0, 1.0],
    pa.timestamp("us", tz="UTC"): datetime(2026, 11, 20, tzinfo=UTC),
}


@pytest.fixture
def file(tmp_path: Path) -> Location:
    place = Location.parse(str(tmp_path)).child("pairs.parquet")
    assert write_table(place, SCHEMAS["pairs"], table_from_rows(SCHEMAS["pairs"], PAIRS))
    return place


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_a_full_row_and_an_empty_table_of_every_schema_come_back(tmp_path: Path, name: str) -> None:
    rows = [{field.name: EXAMPLES[field.type] for field in SCHEMAS[name].arrow}]
    for number, wanted in enumerate(([], rows, rows * 3)):
        place = Location.parse(str(tmp_path)).child(f"{number}.parquet")
        write_table(place, SCHEMAS[name], table_from_rows(SCHEMAS[name], wanted))
        found = read_table(place)
        assert found.to_pylist() == wanted
        assert check_table(SCHEMAS[name], found).schema.equals(SCHEMAS[name].arrow)


def test_volatile_columns_exist_and_are_nullable_or_times() -> None:
    volatile = [column for schema in SCHEMAS.values() for column in schema.columns if column.volatile]
    assert volatile
    assert all(column.nullable or column.kind == pa.timestamp("us", tz="UTC") for column in volatile)


def test_left_out_nullable_values_are_null_and_columns_can_be_chosen(file: Location) -> None:
    assert read_table(file, ["condition", "pair_id"]).to_pylist() == [
        {"condition": None, "pair_id": "a"},
        {"condition": "shoe", "pair_id": "b"},
    ]
    assert read_table(file, ["condition", "pair_id"]).column_names == ["condition", "pair_id"]
    assert read_table(file).schema.metadata is None


def test_an_existing_file_is_kept(file: Location) -> None:
    assert not write_table(file, SCHEMAS["pairs"], table_from_rows(SCHEMAS["pairs"], []))
    assert read_table(file).num_rows == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"is_match": "yes"}, "column 'is_match'"),
        ({"is_match": None}, "1 nulls"),
        ({"query": 3}, "column 'query'"),
        ({"refrence": "r"}, "refrence"),
        ({"negatives": "abc"}, "column 'negatives'"),
    ],
)
def test_a_row_that_does_not_fit_is_refused_with_its_column(change: dict[str, object], message: str) -> None:
    with pytest.raises(SchemaMismatch, match=message):
        table_from_rows(SCHEMAS["pairs"], [PAIRS[0] | change])


def test_a_table_that_does_not_fit_is_refused_with_its_column() -> None:
    table = table_from_rows(SCHEMAS["pairs"], PAIRS)
    with pytest.raises(SchemaMismatch, match="column 'split'"):
        check_table(SCHEMAS["pairs"], table.drop_columns(["split"]))
    with pytest.raises(SchemaMismatch, match="column 'extra'"):
        check_table(SCHEMAS["pairs"], table.append_column("extra", table["split"]))
    with pytest.raises(SchemaMismatch, match=r"type bool(.|\n)*type string"):
        check_table(SCHEMAS["pairs"], table.set_column(4, "is_match", table["split"]))
    with pytest.raises(SchemaMismatch, match="table 'similarities'"):
        check_table(SCHEMAS["similarities"], table)
    shuffled = table.select(list(reversed(table.column_names)))
    assert check_table(SCHEMAS["pairs"], shuffled).column_names == table.column_names


def test_a_column_that_is_not_there_and_a_missing_file_are_told_apart(file: Location) -> None:
    with pytest.raises(SchemaMismatch, match="a request for weight"):
        read_table(file, ["weight"])
    with pytest.raises(MissingArtifact):
        read_table(Location.parse(file.path + "x"))


def test_no_flipped_byte_anywhere_changes_the_table_unnoticed(file: Location) -> None:
    wanted = read_table(file)
    whole = Path(file.path).read_bytes()
    noticed = 0
    positions = range(0, len(whole), 7)
    for position in positions:
        damaged = bytearray(whole)
        damaged[position] ^= 0x04
        Path(file.path).write_bytes(damaged)
        try:
            found = read_table(file)
        except CorruptArtifact:
            noticed += 1
        else:
            assert found.equals(wanted)
    assert noticed > len(positions) / 3


@pytest.mark.parametrize("kept_bytes", [0, 3, 200, -1])
def test_a_truncated_file_is_noticed_and_named(file: Location, kept_bytes: int) -> None:
    whole = Path(file.path).read_bytes()
    Path(file.path).write_bytes(whole[:kept_bytes])
    with pytest.raises(CorruptArtifact, match=r"pairs\.parquet"):
        read_table(file)


def test_a_record_with_another_digest_is_believed_over_the_file(file: Location) -> None:
    with pytest.raises(CorruptArtifact, match="the digest in its record"):
        read_table(file, ["split"], {"split": "0" * 64})
