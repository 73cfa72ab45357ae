"""Arrays come back bit for bit, in few files, and any damage to any of these files is noticed."""

import secrets
import shutil
from pathlib import Path

import numpy as np
import pytest
import zarr

from stores import arrays as arrays_module
from stores.arrays import ArrayRecord, read_arrays, write_arrays
from stores.errors import CorruptArtifact, MissingArtifact, SchemaMismatch, StoreError
from stores.location import Location

DTYPES = ["bool", "uint8", "int32", "int64", "float16", "float32", "float64"]


def _sample(dtype: str, shape: tuple[int, ...]) -> np.ndarray:
    random = np.random.default_rng(7)
    return (random.random(shape) * 100 - (0 if dtype in ("bool", "uint8") else 50)).astype(dtype)


@pytest.fixture
def group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Location:
    """A group of maps in three chunks, some of nothing but the fill value, and a row index."""
    monkeypatch.setattr(arrays_module, "_LARGEST_CHUNK_BYTES", 2 * 4 * 4 * 4)
    maps = _sample("float32", (5, 4, 4))
    maps[2:4] = np.nan
    place = Location.parse(str(tmp_path)).child("maps.zarr")
    axes = {"maps": ("pair", "y", "x"), "rows": ("pair",)}
    write_arrays(place, {"maps": maps, "rows": np.zeros(5, np.int64)}, axes, {"maps": "1"})
    return place


@pytest.mark.parametrize("root", ["local", "memory"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype_and_shape_comes_back_bit_for_bit(tmp_path: Path, root: str, dtype: str) -> None:
    text = str(tmp_path) if root == "local" else f"memory://{secrets.token_hex(8)}"
    place = Location.parse(text).child("group.zarr")
    shapes = {"scalar": (), "none": (0, 3), "line": (5,), "flat": (3, 0), "maps": (2, 3, 4, 5)}
    sample = {name: _sample(dtype, shape) for name, shape in shapes.items()}
    axes = {name: tuple("abcd"[: len(shape)]) for name, shape in shapes.items()}
    details = write_arrays(place, sample, axes, {"maps": "px"})
    found = read_arrays(place)
    assert set(found) == set(sample)
    for name, array in sample.items():
        assert found[name].dtype == array.dtype
        assert found[name].shape == array.shape
        assert found[name].tobytes() == array.tobytes()
        assert details[name]["axes"] == list(axes[name])
    assert (details["maps"]["unit"], details["line"]["unit"]) == ("px", "")


def test_nan_negative_zero_and_strided_input_keep_their_bits(tmp_path: Path) -> None:
    array = np.array([[np.nan, -0.0, np.inf], [0.0, -np.inf, 1e-45]], np.float32)
    place = Location.parse(str(tmp_path)).child("g.zarr")
    write_arrays(place, {"a": array.T, "b": array[:, ::2]}, {"a": ("x", "y"), "b": ("y", "x")}, {})
    found = read_arrays(place)
    assert found["a"].tobytes() == np.ascontiguousarray(array.T).tobytes()
    assert found["b"].tobytes() == np.ascontiguousarray(array[:, ::2]).tobytes()


def test_a_group_is_few_files_with_axes_units_checksums_and_nan_fill(tmp_path: Path) -> None:
    place = Location.parse(str(tmp_path)).child("g.zarr")
    write_arrays(place, {"maps": np.zeros((500, 8, 8), np.float16)}, {"maps": ("pair", "y", "x")}, {"maps": "1"})
    assert len(place.file_sizes_bytes()) == 3
    stored = zarr.open_group(str(tmp_path / "g.zarr"), mode="r")["maps"]
    assert isinstance(stored, zarr.Array)
    assert stored.metadata.dimension_names == ("pair", "y", "x")  # type: ignore[union-attr]
    assert stored.attrs["unit"] == "1"
    assert np.isnan(stored.fill_value)
    assert [type(codec).__name__ for codec in stored.metadata.codecs] == [  # type: ignore[union-attr]
        "BytesCodec",
        "BloscCodec",
        "Crc32cCodec",
    ]


def test_chunks_of_fill_values_are_written_and_whole_rows_stay_together(group: Location) -> None:
    chunks = sorted(path for path in group.file_sizes_bytes() if path.startswith("maps/c/"))
    assert chunks == ["maps/c/0/0/0", "maps/c/1/0/0", "maps/c/2/0/0"]
    assert read_arrays(group, ["maps"])["maps"].shape == (5, 4, 4)


@pytest.mark.parametrize("path", ["maps/c/0/0/0", "maps/c/1/0/0", "maps/c/2/0/0", "rows/c/0"])
def test_a_missing_chunk_is_noticed_and_named(group: Location, path: str) -> None:
    (Path(group.path) / path).unlink()
    with pytest.raises(CorruptArtifact, match=path):
        read_arrays(group)


@pytest.mark.parametrize("path", ["maps/c/1/0/0", "rows/c/0", "maps/zarr.json", "zarr.json"])
def test_an_empty_file_is_noticed_and_named(group: Location, path: str) -> None:
    (Path(group.path) / path).write_bytes(b"")
    with pytest.raises(CorruptArtifact, match=path):
        read_arrays(group)


@pytest.mark.parametrize("path", ["maps/c/1/0/0", "maps/c/2/0/0", "rows/c/0"])
def test_a_flipped_byte_anywhere_in_a_chunk_is_noticed_and_named(group: Location, path: str) -> None:
    file = Path(group.path) / path
    whole = file.read_bytes()
    for position in range(0, len(whole), max(1, len(whole) // 12)):
        damaged = bytearray(whole)
        damaged[position] ^= 0x10
        file.write_bytes(damaged)
        with pytest.raises(CorruptArtifact, match=path):
            read_arrays(group, [path.split("/")[0]])


def test_a_truncated_chunk_and_a_chunk_of_another_place_are_noticed(group: Location) -> None:
    folder = Path(group.path) / "maps" / "c"
    whole = (folder / "0" / "0" / "0").read_bytes()
    (folder / "0" / "0" / "0").write_bytes(whole[:-5])
    with pytest.raises(CorruptArtifact, match="maps/c/0/0/0"):
        read_arrays(group)
    # A whole chunk with a right checksum in the wrong place passes the codecs, but not the digest.
    shutil.copyfile(folder / "2" / "0" / "0", folder / "0" / "0" / "0")
    with pytest.raises(CorruptArtifact, match="do not agree with their digest"):
        read_arrays(group)


def test_a_flipped_byte_in_the_metadata_never_changes_values_unnoticed(group: Location) -> None:
    wanted = read_arrays(group)["rows"]
    file = Path(group.path) / "rows" / "zarr.json"
    whole = file.read_bytes()
    noticed = 0
    for position in range(0, len(whole), 9):
        damaged = bytearray(whole)
        damaged[position] ^= 0x02
        file.write_bytes(damaged)
        try:
            found = read_arrays(group, ["rows"])["rows"]
        except CorruptArtifact:
            noticed += 1
        else:
            assert found.dtype == wanted.dtype
            np.testing.assert_array_equal(found, wanted)
    assert noticed > len(whole) // 9 // 3


def test_a_record_with_another_digest_is_believed_over_the_file(group: Location) -> None:
    with pytest.raises(CorruptArtifact, match="rows"):
        read_arrays(group, ["rows"], {"rows": ArrayRecord((5,), "int64", "0" * 64)})


def test_the_plain_reader_would_not_have_noticed(group: Location) -> None:
    """Why the checks above exist: Zarr itself gives fill values for a missing chunk."""
    (Path(group.path) / "maps/c/0/0/0").unlink()
    stored = zarr.open_group(group.path, mode="r")["maps"]
    assert np.isnan(np.asarray(stored[:2])).all()  # type: ignore[index]


def test_missing_groups_and_arrays_are_told_apart(group: Location) -> None:
    with pytest.raises(MissingArtifact, match="a Zarr group"):
        read_arrays(group.child("nothing"))
    with pytest.raises(SchemaMismatch, match="'scores'"):
        read_arrays(group, ["scores"])


@pytest.mark.parametrize(
    ("array", "axes", "message"),
    [
        (np.zeros(3, np.complex64), ("x",), "complex64"),
        (np.array(["a"]), ("x",), "dtype <U1"),
        (np.zeros((2, 2)), ("x",), "2 different axis names"),
        (np.zeros((2, 2)), ("x", "x"), "2 different axis names"),
    ],
)
def test_arrays_that_cannot_be_stored_are_refused_before_writing(
    tmp_path: Path, array: np.ndarray, axes: tuple[str, ...], message: str
) -> None:
    place = Location.parse(str(tmp_path)).child("g.zarr")
    with pytest.raises(SchemaMismatch, match=message):
        write_arrays(place, {"a": array}, {"a": axes}, {})
    assert not place.exists()


def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="plain file or folder names"):
        write_arrays(Location.parse(str(tmp_path)), {"../a": np.zeros(1)}, {"../a": ("x",)}, {})
