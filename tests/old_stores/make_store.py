"""Makes the tiny store that is kept here, one for each release, so that later code proves that it still reads it.

    python -m tests.old_stores.make_store tests/old_stores/store-0.1

It has a part of each kind, a stage of two shards, and the record of a named run. The values are invented and mean
nothing; what counts is how they are written. A kept store is never made again: that would prove nothing.
"""

import sys
from collections.abc import Mapping

import numpy as np

from stores.artifacts import ArtifactStore
from stores.fingerprints import fingerprint
from stores.liveness import SignOfLife
from stores.manifests import Commit, Manifest, combine_shard_digests, describe_commits
from stores.parts import ArraysPart, FilePart, Part, TablePart, TensorsPart
from stores.run_records import DONE, RUNS, RunRecord
from stores.tables import table_from_rows
from tests.table_schemas import SCHEMAS

CREATED = "2026-11-21T12:00:00.000000+00:00"
RUN_ID = "20261121T120000-000000-00000000"
NAME = "kept"
VERSIONS = {"numpy": "2.2.0"}


def table(name: str, *rows: dict[str, object]) -> TablePart:
    """Return a part that holds these rows."""
    return TablePart(SCHEMAS[name], table_from_rows(SCHEMAS[name], list(rows)))


def stage_parts() -> dict[str, dict[str, Mapping[str, Part]]]:
    """Return the parts of every shard, by stage instance and shard label; stages in order."""
    embeddings = np.array([[0.6, 0.8], [1.0, 0.0]], np.float32)
    pair = {"pair_id": "p0", "split": "test"}
    figure = {"table_name": "attribute_explanation", "dataset": "planted", "n": 2, "unit": "share", "seed": 3}
    return {
        "vocabulary": {
            "all": {
                "vocabulary": table(
                    "attribute_vocabulary",
                    {"position": 0, "attribute": "red", "group": 0},
                    {"position": 1, "attribute": "round", "group": -1},
                )
            }
        },
        "similarity_model": {
            "all": {
                "model": TensorsPart({"weight": embeddings.astype(np.float32)}, {"network": "none"}),
                "training_history": table(
                    "training_history", {"model": "similarity_model", "epoch": 1, "loss": 0.5, "seconds": 2.0}
                ),
            }
        },
        "embeddings": {
            f"test/{row}": {
                "embeddings": ArraysPart(
                    {"embeddings": embeddings[row : row + 1]}, {"embeddings": ("image", "dimension")}
                ),
                "image_embeddings": table(
                    "image_embeddings", {"image_id": f"image_{row}", "split": "test", "embedding_sha256": "00"}
                ),
            }
            for row in range(2)
        },
        "explanations": {
            "all": {
                "scores": ArraysPart(
                    {"scores": np.array([[0.25, np.nan]], np.float16)}, {"scores": ("pair", "attribute")}
                ),
                "explanations": table(
                    "explanations",
                    {**pair, "variant": "sane", "rank": 1, "attribute": "red", "score": 0.25, "is_ground_truth": True},
                    {**pair, "variant": "sane", "rank": 2, "attribute": "round", "score": None},
                ),
            }
        },
        "metrics": {
            "all": {
                "metrics": table(
                    "metrics",
                    {**figure, "metric": "top1_accuracy", "variant": "sane", "value": 0.5, "ci_low": 0.25},
                    {**figure, "metric": "top1_accuracy", "variant": "random", "value": 0.125},
                )
            }
        },
        "report": {"all": {"report": FilePart("report.html", "<html>käse</html>".encode())}},
    }


UPSTREAM = {
    "embeddings": ("similarity_model",),
    "explanations": ("vocabulary", "embeddings"),
    "metrics": ("explanations",),
    "report": ("metrics",),
}


def write_stage(
    store: ArtifactStore, stage: str, shards: Mapping[str, Mapping[str, Part]], made: Mapping[str, Manifest]
) -> Manifest:
    """Commit the shards of a stage and write its manifest, with ingredients of the form that planning gives them."""
    upstream = {name: made[name] for name in UPSTREAM.get(stage, ())}
    own = {"stage": stage, "schema_version": 1, "version": 1, "code": {"pipeline.none": "0" * 64}, "settings": {}}
    commits: list[Commit] = []
    for label, parts in shards.items():
        key = fingerprint({**own, "inputs": label})
        provenance = {"device": "cpu", "batch_size": 1, "threads": 1, "versions": VERSIONS, "when": CREATED}
        commits.append(store.commit_shard(stage, key, label, parts, {"images": 1}, 0.5, provenance))
    keys = {commit.shard_label: commit.shard_key for commit in commits}
    manifest = Manifest(
        stage=stage,
        fingerprint=fingerprint({**own, "shards": list(keys.items())}),
        ingredients={**own, "inputs": {name: one.digest for name, one in upstream.items()}, "shards": keys},
        shard_keys=tuple(keys.values()),
        shard_labels=tuple(keys),
        digests=tuple(commit.digest for commit in commits),
        digest=combine_shard_digests([commit.digest for commit in commits]),
        upstream={name: one.fingerprint for name, one in upstream.items()},
        versions=VERSIONS,
        seconds=0.5 * len(commits),
        created=CREATED,
        details=describe_commits(commits),
    )
    store.write_manifest(manifest)
    return manifest


def write_store(root: str) -> None:
    """Write the store into a place that need not exist: a folder or a URL."""
    store = ArtifactStore(root)
    made: dict[str, Manifest] = {}
    for stage, shards in stage_parts().items():
        made[stage] = write_stage(store, stage, shards, made)
    # No process of this machine: the run is over, and a kept file should not say where it was made.
    sign = SignOfLife(host="elsewhere", machine="", pid=1, process_began="", heartbeat=CREATED, expiry_s=60.0)
    artifacts = {stage: manifest.fingerprint for stage, manifest in made.items()}
    run = RunRecord(RUN_ID, NAME, "planted.toml", 3, CREATED, CREATED, DONE, artifacts, "", sign)
    store.root.child(RUNS, f"{RUN_ID}.json").create_bytes(run.to_json())


if __name__ == "__main__":
    write_store(sys.argv[1])
