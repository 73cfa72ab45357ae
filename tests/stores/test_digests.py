"""Digests see values and nothing else: not layout, chunking, encoding, offsets or metadata."""

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stores.digests import combine_digests, digest_array, digest_model, digest_table, digest_tensors
from stores.errors import SchemaMismatch

ROWS = st.lists(
    st.tuples(
        st.none() | st.text(max_size=5),
        st.none() | st.integers(-(2**63), 2**63 - 1),
        st.none() | st.booleans(),
        st.none() | st.lists(st.none() | st.floats(width=32), max_size=3),
    ),
    max_size=12,
)
COLUMNS = {"text": pa.string(), "count": pa.int64(), "flag": pa.bool_(), "curve": pa.list_(pa.float64())}


def _table(rows: list[tuple[object, ...]]) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else [()] * len(COLUMNS)
    arrays = [pa.array(list(values), kind) for values, kind in zip(columns, COLUMNS.values(), strict=True)]
    return pa.Table.from_arrays(arrays, names=list(COLUMNS))


def test_a_table_is_digested_without_pandas() -> None:
    # Arrow's own conversions load it, which every `sane status` would wait for.
    code = (
        "import sys, pyarrow as pa; from stores.digests import digest_table; flags = pa.nulls(3).is_null(); "
        "columns = [flags, *(flags.cast(kind) for kind in (pa.int64(), pa.string())), pa.nulls(3, pa.float32())]; "
        "digest_table(pa.Table.from_arrays(columns, names=list('abcd'))); sys.exit('pandas' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_array_layout_and_byte_order_do_not_count() -> None:
    array = np.arange(12, dtype=np.float32).reshape(3, 4)
    wanted = digest_array(array)
    assert digest_array(np.asfortranarray(array)) == wanted
    assert digest_array(array.astype(">f4")) == wanted
    assert digest_array(np.repeat(array, 2, axis=0)[::2]) == wanted


def test_array_dtype_shape_values_and_bits_count() -> None:
    zeros = np.zeros((2, 3), np.float32)
    minus_zero = zeros.copy()
    minus_zero[0, 0] = -0.0
    variants: list[np.ndarray] = [
        zeros,
        zeros.T,
        zeros.reshape(-1),
        zeros.astype(np.float64),
        zeros.astype(np.int32),
        minus_zero,
        np.zeros((0, 3), np.float32),
        np.zeros((3, 0), np.float32),
        np.zeros((), np.float32),
        np.zeros((1,), np.float32),
    ]
    assert len({digest_array(array) for array in variants}) == len(variants)


def test_equal_nans_agree_and_a_nan_with_other_bits_does_not() -> None:
    assert digest_array(np.array([np.nan])) == digest_array(np.array([np.nan]))
    other_bits = np.array([0x7FF8000000000001], np.uint64).view(np.float64)
    assert digest_array(other_bits) != digest_array(np.array([np.nan]))


def test_an_array_of_objects_is_refused() -> None:
    with pytest.raises(SchemaMismatch, match="dtype object"):
        digest_array(np.array(["a", None], dtype=object))


def test_names_count_and_their_order_does_not() -> None:
    one, two = np.ones(2), np.zeros(2)
    assert digest_tensors({"a": one, "b": two}) == digest_tensors({"b": two, "a": one})
    assert digest_tensors({"a": one, "b": two}) != digest_tensors({"a": two, "b": one})
    assert combine_digests({"a": "1"}) != combine_digests({"a": "1", "b": "1"})
    assert digest_model({"a": one}, {}) != digest_model({"a": one}, {"network": "small"})


@settings(max_examples=60)
@given(ROWS, st.integers(1, 4), st.integers(0, 3))
def test_chunks_slices_dictionaries_and_metadata_do_not_count(
    rows: list[tuple[object, ...]], chunk_rows: int, offset: int
) -> None:
    plain = _table(rows)
    wanted = digest_table(plain)
    chunked = pa.concat_tables([plain.slice(start, chunk_rows) for start in range(0, len(rows), chunk_rows)] or [plain])
    assert digest_table(chunked) == wanted
    longer = _table([("junk", 7, True, [1.0])] * offset + rows + [("end", 8, False, [2.0])])
    assert digest_table(longer.slice(offset, len(rows))) == wanted
    encoded = plain.set_column(0, "text", plain["text"].dictionary_encode())
    assert digest_table(encoded.replace_schema_metadata({"who": "me"})) == wanted
    widened = plain.set_column(3, "curve", plain["curve"].cast(pa.large_list(pa.float64())))
    assert digest_table(widened.set_column(0, "text", plain["text"].cast(pa.large_string()))) == wanted


@settings(max_examples=60)
@given(ROWS, ROWS)
def test_tables_agree_exactly_when_their_rows_do(
    rows: list[tuple[object, ...]], others: list[tuple[object, ...]]
) -> None:
    # The text of a row tells -0.0 from 0.0, as the digests do.
    if repr(rows) == repr(others):
        return
    assert digest_table(_table(rows)) != digest_table(_table(others))


def test_what_lies_under_a_null_does_not_count() -> None:
    values = np.array([1, 2, 3], np.int64)
    mask = np.array([False, True, False])
    one = pa.array(values, mask=mask)
    two = pa.Array.from_buffers(
        pa.int64(), 3, [one.buffers()[0], pa.py_buffer(np.array([1, 99, 3], np.int64).tobytes())]
    )
    assert one.equals(two)
    assert digest_table(pa.table({"a": one})) == digest_table(pa.table({"a": two}))
    assert digest_table(pa.table({"a": one})) != digest_table(pa.table({"a": pa.array([1, 0, 3])}))


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (["ab", "c"], ["a", "bc"]),
        ([["a"], ["b"]], [["a", "b"], []]),
        ([[], None], [None, []]),
        ([["a", None]], [["a", ""]]),
        ([{"x": 1, "y": None}], [{"x": None, "y": 1}]),
        ([{"x": None, "y": None}], [None]),
        (["1"], [1]),
        ([1], [1.0]),
        ([0.0], [-0.0]),
        ([1, 2], [2, 1]),
    ],
)
def test_values_that_are_easily_mistaken_for_each_other_differ(one: list[object], two: list[object]) -> None:
    struct = pa.struct([("x", pa.int64()), ("y", pa.int64())])
    kinds = [struct if any(isinstance(item, dict) for item in (*one, *two)) else None] * 2
    first, second = (pa.table({"a": pa.array(items, kind)}) for items, kind in zip((one, two), kinds, strict=True))
    assert digest_table(first) != digest_table(second)


def test_volatile_columns_are_left_out() -> None:
    table = pa.table({"epoch": [1, 2], "seconds": [0.1, 0.2]})
    assert set(digest_table(table, frozenset({"seconds"}))) == {"epoch"}


def test_times_are_digested_with_their_unit_and_other_types_refused() -> None:
    micro = pa.table({"t": pa.array([1, None], pa.timestamp("us", tz="UTC"))})
    assert digest_table(micro) != digest_table(pa.table({"t": pa.array([1, None], pa.timestamp("s", tz="UTC"))}))
    with pytest.raises(SchemaMismatch, match="column 'm'"):
        digest_table(pa.table({"m": pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64()))}))
