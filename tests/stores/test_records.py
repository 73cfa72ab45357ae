"""Records are strict: damaged, foreign or newer ones are refused with what to do."""

import json

import pytest

from stores.canonical import fingerprint
from stores.errors import CorruptArtifact, StoreError
from stores.records import RECORD_FORMAT, decode_record, encode_record

TYPES = {"stage": str, "counts": dict, "seconds": float}
FIELDS = {"stage": "images", "counts": {"images": 3}, "seconds": 1.0}


def _rewritten(**changes: object) -> bytes:
    record = json.loads(encode_record(FIELDS)) | changes
    del record["checksum"]
    return json.dumps({**record, "checksum": fingerprint(record)}).encode()


def test_fields_come_back() -> None:
    assert decode_record(encode_record(FIELDS), "here", TYPES) == FIELDS


def test_every_flipped_byte_is_noticed() -> None:
    whole = encode_record(FIELDS)
    for position in range(len(whole) - 1):
        damaged = bytearray(whole)
        damaged[position] ^= 0x01
        try:
            found = decode_record(bytes(damaged), "here", TYPES)
        except StoreError:
            continue
        assert found == FIELDS  # white space between fields


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"null", b"{}", b'{"format": "x"}', b"\xff"])
def test_what_is_no_record_is_refused_with_the_file_and_the_remedy(data: bytes) -> None:
    with pytest.raises(CorruptArtifact, match=r"here\.json(.|\n)*sane verify CONFIG --repair"):
        decode_record(data, "here.json", TYPES)


def test_a_newer_record_names_who_wrote_it() -> None:
    newer = _rewritten(format=RECORD_FORMAT + 1, written_by="sane-explanations 9.1", novelty=1)
    with pytest.raises(StoreError, match=r"written by sane-explanations 9\.1") as caught:
        decode_record(newer, "here", TYPES)
    assert not isinstance(caught.value, CorruptArtifact)


@pytest.mark.parametrize("changes", [{"extra": 1}, {"seconds": 1}, {"counts": []}, {"format": 0}])
def test_other_fields_types_and_formats_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(CorruptArtifact):
        decode_record(_rewritten(**changes), "here", TYPES)


def test_a_value_that_would_not_come_back_is_refused() -> None:
    with pytest.raises(StoreError, match=r"value\.seconds"):
        encode_record({"seconds": float("nan")})


@pytest.mark.parametrize("depth", [400, 100_000])
def test_a_record_that_is_nested_too_deeply_is_refused(depth: int) -> None:
    nested = b'{"format": 1, "counts": ' + b"[" * depth + b"]" * depth + b"}"
    with pytest.raises(CorruptArtifact, match=r"here\.json(.|\n)*sane verify CONFIG --repair"):
        decode_record(nested, "here.json", TYPES)


def test_a_record_without_its_writer_or_with_a_flag_for_a_format_is_refused() -> None:
    record = json.loads(encode_record(FIELDS))
    del record["checksum"], record["written_by"]
    with pytest.raises(CorruptArtifact, match="other fields: written_by"):
        decode_record(json.dumps({**record, "checksum": fingerprint(record)}).encode(), "here", TYPES)
    with pytest.raises(CorruptArtifact, match="the format True"):
        decode_record(_rewritten(format=True), "here", TYPES)
