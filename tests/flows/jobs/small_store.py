"""A store with the few stages that a job reads, filled by hand."""

from stores.manifests import Manifest, combine_shard_digests, describe_commits
from stores.parts import TablePart
from stores.tables import table_from_rows
from tests.table_schemas import SCHEMAS


def table(name, rows):
    return TablePart(SCHEMAS[name], table_from_rows(SCHEMAS[name], rows))


def fill(store, stage, shards):
    commits = [
        store.commit_shard(stage, f"{number:064x}", label, parts, {"images": 2}, 1.5, {"device": "cpu"})
        for number, (label, parts) in enumerate(shards.items())
    ]
    digests = tuple(commit.digest for commit in commits)
    manifest = Manifest(
        stage,
        "f" * 64,
        {},
        tuple(commit.shard_key for commit in commits),
        tuple(shards),
        digests,
        combine_shard_digests(digests),
        {},
        {"numpy": "2"},
        3.0,
        "2026-11-20T18:02:33.000000+00:00",
        describe_commits(commits),
    )
    store.write_manifest(manifest)
    return manifest
