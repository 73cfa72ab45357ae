"""Discovered attributes: regions, whole images or cells are grouped, and every image is told its groups."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np

from flows.engine.shard_task import JobInputs, JobResult
from flows.engine.upstream import Upstream
from pipeline.discovery.assignment import NO_CLUSTER, image_labels, nearest_clusters
from pipeline.discovery.clustering import ClusteringSpec, Clusters, fit_clusters
from pipeline.discovery.coarse_cells import coarse
from pipeline.discovery.controls import random_clusters
from pipeline.discovery.factors import fit_concepts
from pipeline.discovery.methods import FACTORS, FULL_FRAME, RANDOM
from pipeline.errors import BadDataset
from stores.parts import ArraysPart, Part

SPLITS = ("train", "valid", "test")


@dataclass(frozen=True)
class _Images:
    """All images, each split in the order of its shards."""

    splits: list[str]
    ids: list[str]

    def row_of(self) -> dict[tuple[str, str], int]:
        return {key: row for row, key in enumerate(zip(self.splits, self.ids, strict=True))}


@dataclass(frozen=True)
class _Discovered:
    """Centres (attribute, D), bool labels (image, attribute), and the rows of vectors that are in a group."""

    centres_kd: np.ndarray
    labels_ik: np.ndarray
    members: list[dict[str, Any]]


def run(inputs: JobInputs) -> JobResult:
    """Return the tables of clusters, labels and members, and the `centres` (attribute, dimension), float64."""
    upstream, settings = inputs.upstream, inputs.settings
    images = _read_images(upstream)
    method = settings["method"]
    if method == RANDOM:
        found = _random(images, settings)
    elif method == FACTORS:
        found = _factors(upstream, images, settings)
    else:
        found = _grouped(upstream, images, settings)
    names = [cluster_name(number, len(found.centres_kd)) for number in range(len(found.centres_kd))]
    clusters = [_cluster_row(names, number, images, found) for number in range(len(names))]
    likeness = _likeness(upstream, images, settings)
    labels = [
        {"split": split, "image_id": one, "attributes": [names[k] for k in np.flatnonzero(has_k)], "likeness": group}
        for split, one, has_k, group in zip(images.splits, images.ids, found.labels_ik, likeness, strict=True)
    ]
    members = [{**row, "attribute": names[row["attribute"]]} for row in found.members]
    parts: dict[str, Part] = {
        "centres": ArraysPart({"centres": found.centres_kd}, {"centres": ("attribute", "dimension")}),
        "clusters": inputs.table("discovered_clusters", clusters),
        "labels": inputs.table("discovered_labels", labels),
        "members": inputs.table("discovered_members", members),
    }
    labelled = int(found.labels_ik.any(axis=1).sum())
    return JobResult(parts, {"attributes": len(names), "images": len(images.ids), "labelled_images": labelled})


def cluster_name(number: int, of: int) -> str:
    """Return the name of an attribute that nobody named: its place among so many, from 1, such as cluster-01."""
    return f"cluster-{number + 1:0{max(2, len(str(of)))}d}"


def _read_images(upstream: Upstream) -> _Images:
    ids = {split: upstream.table("images", "images", split)["image_id"].to_pylist() for split in SPLITS}
    return _Images([split for split in SPLITS for _ in ids[split]], [one for split in SPLITS for one in ids[split]])


def _random(images: _Images, settings: Any) -> _Discovered:
    keys = [f"{split}/{one}" for split, one in zip(images.splits, images.ids, strict=True)]
    drawn_i = random_clusters(keys, settings["clusters"], settings["seed"])
    labels_ik = image_labels(drawn_i, np.arange(len(keys)), len(keys), settings["clusters"])
    return _Discovered(np.zeros((settings["clusters"], 0)), labels_ik, [])


def _factors(upstream: Upstream, images: _Images, settings: Any) -> _Discovered:
    row_of = images.row_of()
    effects: dict[int, np.ndarray] = {}
    for split in SPLITS:
        for commit in upstream.commits(f"discovery_effects.{split}"):
            ids = upstream.store.read_part_table(commit, "effect_rows", ["image_id"])["image_id"].to_pylist()
            arrays = upstream.store.read_part_arrays(commit, "effects", ["effects"])["effects"]
            effects |= {row_of[split, one]: coarse(effects_ud) for one, effects_ud in zip(ids, arrays, strict=True)}
    train = sorted((row for row in effects if images.splits[row] == "train"), key=lambda row: images.ids[row])
    concepts = fit_concepts([effects[row] for row in train], settings["clusters"], settings["seed"])
    labels_ik = np.stack([concepts.of_image(effects[row]) for row in range(len(images.ids))])
    return _Discovered(concepts.directions_kd * concepts.scale, labels_ik, [])


def _grouped(upstream: Upstream, images: _Images, settings: Any) -> _Discovered:
    """Group vectors of the training split, and tell every vector its group."""
    vectors_nd, rows = (_frames if settings["method"] == FULL_FRAME else _regions)(upstream, images)
    chosen = _fitted(rows, settings["fitted"], settings["seed"])
    spec = ClusteringSpec(
        settings["clustering"], settings["clusters"], settings.get("smallest_cluster", 2), settings["seed"]
    )
    clusters = fit_clusters(vectors_nd[chosen], spec)
    cluster_n = nearest_clusters(vectors_nd, clusters)
    row_of = images.row_of()
    image_n = np.array([row_of[row["split"], row["image_id"]] for row in rows], dtype=np.int64)
    labels_ik = image_labels(cluster_n, image_n, len(images.ids), len(clusters))
    return _Discovered(clusters.centres_kd, labels_ik, _members(vectors_nd, rows, cluster_n, clusters))


def _likeness(upstream: Upstream, images: _Images, settings: Any) -> list[str | None]:
    """Return the group of whole images that each belongs to, where it may become its label."""
    if not settings.get("likeness", False):
        return [None] * len(images.ids)
    vectors_nd, rows = _frames(upstream, images)
    is_train_n = np.array([row["split"] == "train" for row in rows])
    clusters = fit_clusters(
        vectors_nd[is_train_n], ClusteringSpec("k_means", settings["clusters"], 2, settings["seed"])
    )
    return [f"like-{number + 1:02d}" for number in nearest_clusters(vectors_nd, clusters)]


def _members(vectors_nd: np.ndarray, rows: Sequence[Any], cluster_n: np.ndarray, clusters: Clusters) -> list[Any]:
    shown = ("split", "image_id", "peak_y", "peak_x")
    return [
        {
            "attribute": int(cluster),
            **{name: row[name] for name in shown},
            "distance": float(np.linalg.norm(vector_d - clusters.centres_kd[cluster])),
        }
        for vector_d, row, cluster in zip(vectors_nd, rows, cluster_n, strict=True)
        if cluster != NO_CLUSTER
    ]


def _frames(upstream: Upstream, images: _Images) -> tuple[np.ndarray, list[dict[str, Any]]]:
    arrays = [upstream.arrays("embeddings", "embeddings", "embeddings", split) for split in SPLITS]
    rows = [
        {"split": split, "image_id": one, "query": one, "reference": one, "peak_y": None, "peak_x": None}
        for split, one in zip(images.splits, images.ids, strict=True)
    ]
    return np.concatenate(arrays).astype(np.float64), rows


def _regions(upstream: Upstream, images: _Images) -> tuple[np.ndarray, list[dict[str, Any]]]:
    del images
    vectors: list[np.ndarray] = []
    rows: list[dict[str, Any]] = []
    for split in SPLITS:
        stage = f"discovered_matches.{split}"
        for commit in upstream.commits(stage):
            own_rd = upstream.store.read_part_arrays(commit, "vectors", ["vectors"])["vectors"]
            table = upstream.store.read_part_table(commit, "matches").to_pylist()
            vectors += [own_rd[row["row"]] for row in table]
            rows += table
    if not vectors:
        raise BadDataset(
            expected="images that match others, so that there are regions to group",
            found="no region of any match",
            where="the matches of discovery",
            remedy="lower discovery.smallest_share, or check discovery.queries and the splits",
        )
    return np.stack(vectors).astype(np.float64), rows


def _fitted(rows: Sequence[Any], most: int, seed: int) -> np.ndarray:
    """Return the places of the training split's vectors that groups are fitted to: all, or those of smallest hashes."""

    def key(place: int) -> bytes:
        row = rows[place]
        text = "\x1f".join(str(part) for part in (seed, row["query"], row["reference"], row["peak_y"], row["peak_x"]))
        return sha256(text.encode("utf-8", "surrogatepass")).digest()

    # What two images match by stands in two rows; its reference's speaks for it.
    train = [place for place, row in enumerate(rows) if (row["split"], row["image_id"]) == ("train", row["reference"])]
    return np.array(train if len(train) <= most else sorted(sorted(train, key=key)[:most]), dtype=np.int64)


def _cluster_row(names: Sequence[str], number: int, images: _Images, found: _Discovered) -> dict[str, Any]:
    has_i = found.labels_ik[:, number]
    counts = {split: int((has_i & (np.array(images.splits) == split)).sum()) for split in SPLITS}
    distances = np.array([row["distance"] for row in found.members if row["attribute"] == number])
    return {
        "attribute": names[number],
        "position": number,
        **{f"{split}_images": count for split, count in counts.items()},
        "vectors": len(distances),
        "spread": float(np.sqrt((distances**2).mean())) if len(distances) else None,
    }
