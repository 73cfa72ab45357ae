"""Pairs of one split: images of one class, or items whose planted similarity passes a threshold."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from flows.engine.shard_task import JobInputs, JobResult
from flows.readers.pair_rows import pair_rows
from pipeline.errors import BadDataset
from pipeline.pairs.sampling import sample_pairs


def run(inputs: JobInputs) -> JobResult:
    """Return the rows of `pairs` for one split."""
    settings = inputs.settings
    rows = inputs.upstream.rows("images", "images", settings["split"])
    pairs = sample_pairs(
        settings["split"],
        [row["image_id"] for row in rows],
        matching_images(rows, settings["match_threshold"]),
        settings["references"],
        settings["most_pairs"],
        settings["seed"],
    )
    if not pairs:
        raise BadDataset(
            expected="at least one pair of matching images",
            found=f"none among {len(rows)} images",
            where=f"the {settings['split']} split",
            remedy="add images, or lower pairs.match_threshold",
        )
    explained = pair_rows(settings["split"], ((pair.query, pair.reference, None) for pair in pairs))
    return JobResult({"pairs": inputs.table("pairs", explained)}, {"pairs": len(pairs), "images": len(rows)})


def matching_images(rows: Sequence[Mapping[str, Any]], threshold: float) -> Callable[[int], np.ndarray]:
    """Return what gives, for the position of a query among these rows of `images`, bool (image): matches it."""
    if rows and rows[0]["similarity_target"] is not None:
        targets = np.array([row["similarity_target"] for row in rows], dtype=np.float64)
        targets /= np.linalg.norm(targets, axis=1, keepdims=True)
        return lambda position: targets @ targets[position] >= threshold
    labels = np.unique(np.array([row["label"] for row in rows], dtype=str), return_inverse=True)[1]
    return lambda position: labels == labels[position]
