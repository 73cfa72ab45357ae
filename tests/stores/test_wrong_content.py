"""Records with a right checksum that this program did not write are refused as damaged ones are."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from stores.artifacts import ArtifactStore
from stores.canonical import fingerprint
from stores.errors import CorruptArtifact
from stores.failure_records import FailureRecord
from stores.leases import Lease
from stores.liveness import SignOfLife
from stores.manifests import Commit, Manifest, created_now
from stores.run_records import RunRecord
from tests.stores.shard_examples import commit_example, example_manifest, example_parts

Read = Callable[[bytes, str], object]


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[bytes, Read]]:
    """A record of each kind with its reader."""
    commit = commit_example(ArtifactStore(str(tmp_path_factory.mktemp("store"))), example_parts())
    sign = SignOfLife.of_this_process()
    lease = Lease("r", "images", "f" * 64, {"vocabulary": "e" * 64}, created_now(), sign)
    run = RunRecord("r", "", "c.toml", 0, created_now(), created_now(), "done", {"images": "f" * 64}, "", sign)
    failure = FailureRecord("r", "images", "train/0", "k", ("a", "b"), 2, "why", created_now())
    return {
        "commit": (commit.to_json(), Commit.from_json),
        "manifest": (example_manifest([commit], upstream={"images": "f" * 64}).to_json(), Manifest.from_json),
        "lease": (lease.to_json(), Lease.from_json),
        "run": (run.to_json(), RunRecord.from_json),
        "failure": (failure.to_json(), FailureRecord.from_json),
    }


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return where every value within a record is."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in inner for place in places(item, (*path, key)))]


def forged(record: dict[str, Any]) -> bytes:
    content = {name: value for name, value in record.items() if name != "checksum"}
    return json.dumps({**content, "checksum": fingerprint(content)}).encode()


def changed(record: dict[str, Any], place: tuple[Any, ...], value: object) -> dict[str, Any]:
    changing = copy.deepcopy(record)
    holder = changing
    for step in place[:-1]:
        holder = holder[step]
    if value is KeyError:
        del holder[place[-1]]
    else:
        holder[place[-1]] = value
    return changing


# What a record says for people alone, of whatever content.
FREE = {"commit": ("provenance",), "manifest": ("ingredients", "details"), "lease": (), "run": (), "failure": ()}
KINDS = ["commit", "manifest", "lease", "run", "failure"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", [None, True, 7, 2**70, -0.5, "a/b", "..", [], [[]], {}, {"x": []}, [7, "x"]])
def test_a_value_of_another_type_anywhere_is_refused_or_comes_back_as_it_is(
    records: dict[str, tuple[bytes, Read]], kind: str, value: object
) -> None:
    data, read = records[kind]
    record = json.loads(data)
    refused = 0
    for place in places(record):
        if not place or place[0] in (*FREE[kind], "checksum", "format", "written_by"):
            continue
        before = record
        for step in place:
            before = before[step]
        try:
            read(forged(changed(record, place, value)), "here.json")
        except CorruptArtifact:
            refused += 1
        else:
            # Another text in place of a text, or another number: that is for readers to compare.
            assert type(value) is type(before), (place, value)
    assert refused >= 2


@pytest.mark.parametrize("kind", KINDS)
def test_a_record_that_lacks_a_key_is_refused(records: dict[str, tuple[bytes, Read]], kind: str) -> None:
    data, read = records[kind]
    record = json.loads(data)
    for name in record:
        if name != "checksum":
            with pytest.raises(CorruptArtifact):
                read(forged(changed(record, (name,), KeyError)), "here.json")


PART_KEYS = [
    ("maps", ("name",)),
    ("maps", ("detail", "shapes")),
    ("maps", ("detail", "digests", "used")),
    ("rows", ("detail", "file_sha256")),
    ("rows", ("detail", "rows")),
    ("model", ("detail", "digests")),
    ("report", ("detail", "size_bytes")),
]


@pytest.mark.parametrize(("part", "place"), PART_KEYS)
def test_a_part_that_lacks_a_key_is_refused(
    records: dict[str, tuple[bytes, Read]], part: str, place: tuple[str, ...]
) -> None:
    record = json.loads(records["commit"][0])
    with pytest.raises(CorruptArtifact, match="sane verify CONFIG --repair"):
        Commit.from_json(forged(changed(record, ("parts", part, *place), KeyError)), "here.json")


@pytest.mark.parametrize("lists", ["shard_keys", "shard_labels", "digests"])
def test_a_manifest_whose_lists_differ_in_length_is_refused(records: dict[str, tuple[bytes, Read]], lists: str) -> None:
    record = json.loads(records["manifest"][0])
    with pytest.raises(CorruptArtifact, match="lists of different lengths"):
        Manifest.from_json(forged(changed(record, (lists,), [])), "here.json")


@pytest.mark.parametrize(
    ("kind", "place", "value"),
    [
        ("manifest", ("created",), "yesterday"),
        ("manifest", ("details", "devices"), "cpu"),
        ("manifest", ("upstream", "images"), "../elsewhere"),
        ("commit", ("parts", "maps", "file"), "../elsewhere"),
        ("commit", ("provenance", "device"), {}),
        ("commit", ("parts", "maps", "detail", "metadata_digests", "../zarr.json"), "00"),
        ("lease", ("heartbeat",), "soon"),
        ("lease", ("covers", "images"), ""),
        ("run", ("finished",), "never"),
        ("failure", ("when",), ""),
    ],
)
def test_times_and_names_that_are_none_are_refused(
    records: dict[str, tuple[bytes, Read]], kind: str, place: tuple[str, ...], value: object
) -> None:
    data, read = records[kind]
    with pytest.raises(CorruptArtifact):
        read(forged(changed(json.loads(data), place, value)), "here.json")


def test_a_sign_of_life_without_a_zone_or_of_no_process_is_over_or_not_but_never_an_error() -> None:
    sign = SignOfLife.of_this_process()
    for pid in (2**40, -1):
        assert isinstance(SignOfLife(sign.host, sign.machine, pid, "", sign.heartbeat, 60.0).is_over(), bool)
    assert SignOfLife("elsewhere", "", 1, "", "2020-01-01T00:00:00", 60.0).is_over()
