"""Commits and manifests come back from JSON as they were, and digests ignore provenance."""

import dataclasses
import json

import pytest

from stores.canonical import fingerprint
from stores.errors import CorruptArtifact, MissingArtifact
from stores.manifests import (
    Commit,
    Manifest,
    combine_shard_digests,
    created_now,
    describe_commits,
)
from stores.part_records import PartRecord


def _commit(**changes: object) -> Commit:
    detail = {"shapes": {"maps": [2, 3]}, "dtypes": {"maps": "float16"}, "axes": {"maps": ["pair", "cell"]}}
    detail |= {"units": {"maps": "1"}, "digests": {"maps": "d3"}}
    rows = {"table": "map_rows", "rows": 2, "column_digests": {"pair_id": "d4"}, "file_sha256": "d5"}
    parts = {
        "maps": PartRecord("maps", "arrays", "maps-1.zarr", "d1", detail),
        "rows": PartRecord("rows", "table", "rows-1.parquet", "d2", rows),
    }
    provenance = {"device": "cpu", "batch_size": 8, "versions": {"torch": "2.15"}}
    return dataclasses.replace(
        Commit("saliency_maps.test.rise.fixed", "k1", "q000", parts, {"pairs": 2}, 1.5, provenance),
        **changes,  # type: ignore[arg-type]
    )


def _manifest(**changes: object) -> Manifest:
    commit = _commit()
    digest = combine_shard_digests([commit.digest])
    return dataclasses.replace(
        Manifest(
            "saliency_maps.test.rise.fixed",
            "f" * 64,
            {"settings": {"masks": 2000, "grid": [8, 8]}},
            ("k1",),
            ("q000",),
            (commit.digest,),
            digest,
            {"pairs.test": "p" * 64},
            {"numpy": "2.4"},
            1.5,
            created_now(),
            describe_commits([commit]),
        ),
        **changes,  # type: ignore[arg-type]
    )


def test_a_commit_comes_back() -> None:
    commit = _commit(seconds=2)
    found = Commit.from_json(commit.to_json(), "here")
    assert found == commit
    assert found.digest == commit.digest
    assert found.part("rows").detail["rows"] == 2
    with pytest.raises(MissingArtifact, match="one of the parts maps, rows"):
        found.part("scores")


@pytest.mark.parametrize("adopted_from", [None, "e" * 64])
def test_a_manifest_comes_back(adopted_from: str | None) -> None:
    manifest = _manifest(adopted_from=adopted_from, seconds=3)
    assert Manifest.from_json(manifest.to_json(), "here") == manifest


def test_the_digest_ignores_all_but_the_values_of_the_parts() -> None:
    parts = _commit().parts
    renamed = {name: dataclasses.replace(part, file="other") for name, part in parts.items()}
    same = _commit(parts=renamed, seconds=9.0, provenance={}, counts={}, shard_label="other")
    assert same.digest == _commit().digest
    changed = {**parts, "rows": dataclasses.replace(parts["rows"], digest="d3")}
    assert _commit(parts=changed).digest != _commit().digest
    assert combine_shard_digests(["a", "b"]) != combine_shard_digests(["b", "a"])


@pytest.mark.parametrize("change", [{"kind": "picture"}, {"size": 3}])
def test_a_part_of_unknown_kind_or_fields_is_refused(change: dict[str, object]) -> None:
    record = json.loads(_commit().to_json())
    record["parts"]["maps"] |= change
    del record["checksum"]
    data = json.dumps({**record, "checksum": fingerprint(record)}).encode()
    with pytest.raises(CorruptArtifact, match="parts with the fields"):
        Commit.from_json(data, "here")


def test_the_summary_adds_up_counts_and_rows_and_names_devices() -> None:
    other = _commit(provenance={"device": "cuda:0"})
    assert describe_commits([_commit(), other, _commit()]) == {
        "counts": {"pairs": 6},
        "devices": ["cpu", "cuda:0"],
        "parts": {
            "maps": {
                "kind": "arrays",
                "dtypes": {"maps": "float16"},
                "axes": {"maps": ["pair", "cell"]},
                "units": {"maps": "1"},
            },
            "rows": {"kind": "table", "table": "map_rows", "rows": 6},
        },
    }


def test_the_moment_of_creation_has_a_zone_and_orders_manifests() -> None:
    earlier = _manifest(created="2026-11-20T12:00:00+02:00")
    later = _manifest(created="2026-11-20T11:00:00")
    assert earlier.moment() < later.moment() < _manifest().moment() or created_now() < "2026-11-20T12"
