"""A shard with a part of each kind, and a manifest, for the tests of the artifact store."""

import dataclasses
from collections.abc import Mapping

import numpy as np

from stores.artifacts import ArtifactStore
from stores.manifests import Commit, Manifest, combine_shard_digests, created_now, describe_commits
from stores.parts import ArraysPart, FilePart, Part, TablePart, TensorsPart
from stores.tables import table_from_rows
from tests.table_schemas import SCHEMAS

STAGE = "saliency_maps.test.rise.fixed"
KEY = "ab" * 32
PAIR = {"pair_id": "p", "query": "q", "reference": "r", "row": 0, "map_sha256": "00"}


def example_parts(value: float = 1.0) -> dict[str, Part]:
    """One part of each kind."""
    maps = np.full((2, 3, 4), value, np.float16)
    return {
        "maps": ArraysPart({"maps": maps, "used": np.ones(2, bool)}, {"maps": ("pair", "y", "x"), "used": ("pair",)}),
        "rows": TablePart(SCHEMAS["map_rows"], table_from_rows(SCHEMAS["map_rows"], [PAIR])),
        "model": TensorsPart({"weight": np.full((3, 2), value, np.float32)}, {"network": "small"}),
        "report": FilePart("report.html", b"<html>" + str(value).encode()),
    }


def commit_example(store: ArtifactStore, parts: Mapping[str, Part], key: str = KEY) -> Commit:
    return store.commit_shard(STAGE, key, "q000", parts, {"pairs": 2}, 1.25, {"device": "cpu"})


def example_manifest(commits: list[Commit], **changes: object) -> Manifest:
    manifest = Manifest(
        stage=STAGE,
        fingerprint="f" * 64,
        ingredients={"version": 1},
        shard_keys=tuple(commit.shard_key for commit in commits),
        shard_labels=tuple(commit.shard_label for commit in commits),
        digests=tuple(commit.digest for commit in commits),
        digest=combine_shard_digests([commit.digest for commit in commits]),
        upstream={},
        versions={},
        seconds=1.0,
        created=created_now(),
        details=describe_commits(commits),
    )
    return dataclasses.replace(manifest, **changes)  # type: ignore[arg-type]
