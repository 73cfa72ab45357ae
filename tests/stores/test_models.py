"""Tensors, metadata and opaque files come back unchanged, and notice damage."""

from pathlib import Path

import numpy as np
import pytest

from stores.digests import digest_bytes, digest_model
from stores.errors import CorruptArtifact, MissingArtifact, SchemaMismatch
from stores.location import Location
from stores.models import read_file, read_tensors, write_file, write_tensors

TENSORS: dict[str, np.ndarray] = {
    "weight": np.arange(24, dtype=np.float32).reshape(2, 3, 4).transpose(2, 0, 1),
    "half": np.array([-0.0, np.nan], np.float16),
    "steps": np.array(7, np.int64),
    "none": np.zeros((0, 3), np.float32),
    "big_endian": np.array([1.0, 2.0], ">f4"),
}
METADATA = {"network": "small_residual", "attributes": "ü, b"}


@pytest.fixture
def file(tmp_path: Path) -> Location:
    place = Location.parse(str(tmp_path)).child("model.safetensors")
    assert write_tensors(place, TENSORS, METADATA)
    return place


def test_tensors_and_metadata_come_back(file: Location) -> None:
    tensors, metadata = read_tensors(file, digest_model(TENSORS, METADATA))
    assert metadata == METADATA
    assert set(tensors) == set(TENSORS)
    for name, tensor in TENSORS.items():
        assert tensors[name].shape == tensor.shape
        np.testing.assert_array_equal(tensors[name], tensor)
    assert not write_tensors(file, {}, {})


def test_a_model_without_metadata_or_tensors_comes_back(tmp_path: Path) -> None:
    place = Location.parse(str(tmp_path)).child("m.safetensors")
    write_tensors(place, {}, {})
    assert read_tensors(place) == ({}, {})


def test_every_flipped_byte_is_noticed(file: Location) -> None:
    whole = Path(file.path).read_bytes()
    for position in range(0, len(whole), 3):
        damaged = bytearray(whole)
        damaged[position] ^= 0x04
        Path(file.path).write_bytes(damaged)
        try:
            tensors, metadata = read_tensors(file)
        except CorruptArtifact:
            continue
        # Only the padding behind the header may differ without a difference in content.
        assert digest_model(tensors, metadata) == digest_model(TENSORS, METADATA)


@pytest.mark.parametrize("kept_bytes", [0, 5, 100, -1])
def test_a_truncated_file_is_noticed_and_named(file: Location, kept_bytes: int) -> None:
    whole = Path(file.path).read_bytes()
    Path(file.path).write_bytes(whole[:kept_bytes])
    with pytest.raises(CorruptArtifact, match=r"model\.safetensors"):
        read_tensors(file)


def test_another_model_than_recorded_and_a_missing_one_are_noticed(file: Location) -> None:
    with pytest.raises(CorruptArtifact, match="the digest in its record"):
        read_tensors(file, "0" * 64)
    with pytest.raises(MissingArtifact):
        read_tensors(Location.parse(file.path + "x"))


def test_the_reserved_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SchemaMismatch, match="reserved"):
        write_tensors(Location.parse(str(tmp_path)).child("m"), {}, {"content_sha256": "x"})


def test_an_opaque_file_comes_back_and_notices_damage(tmp_path: Path) -> None:
    place = Location.parse(str(tmp_path)).child("report.html")
    assert write_file(place, b"<html>")
    assert read_file(place, digest_bytes(b"<html>")) == b"<html>"
    (tmp_path / "report.html").write_bytes(b"<html!")
    with pytest.raises(CorruptArtifact, match=r"report\.html"):
        read_file(place, digest_bytes(b"<html>"))
