"""How well the explained model finds images of a query's class: every test image looked for among the others."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from flows.engine.shard_task import JobInputs, JobResult
from flows.engine.upstream import Upstream
from flows.readers.pair_frame import read_embeddings
from pipeline.evaluation.bootstrap import Resampling
from pipeline.evaluation.metrics.measured_pairs import cluster_codes
from pipeline.evaluation.metrics.retrieval import retrieval_rows
from pipeline.evaluation.retrieval.measures import (
    average_precision,
    average_precision_at_r,
    market_average_precision,
    r_precision,
    recall_at,
)
from pipeline.evaluation.retrieval.ranks import (
    QueryRanks,
    RetrievalTask,
    everything_against_everything,
    rank_matches,
)

VIEWS = "image_views.test"


def run(inputs: JobInputs) -> JobResult:
    """Return the table `retrieval_queries`, and its means with intervals as the part `metrics`."""
    settings, upstream = inputs.settings, inputs.upstream
    images = upstream.table("images", "images", "test")
    ids, labels = images["image_id"].to_pylist(), images["label"].to_pylist()
    task = _task(upstream, ids, cluster_codes(labels))
    found = list(rank_matches(task))
    values = _values(found, settings["recall_ranks"], over_cameras=task.cameras_n is not None)
    resampling = Resampling(int(settings["seed"]), int(settings["bootstrap_samples"]))
    metrics = retrieval_rows(values, task.classes_n[task.queries_q], resampling)
    rows = [_query_row(one, ids, labels) for one in found]
    parts = {
        "metrics": inputs.table("retrieval", metrics),
        "retrieval_queries": inputs.table("retrieval_queries", rows),
    }
    return JobResult(parts, {"queries": len(rows), "gallery": len(task.gallery_g)})


def _task(upstream: Upstream, ids: Sequence[str], classes_n: np.ndarray) -> RetrievalTask:
    embeddings_nd = read_embeddings(upstream, "test")
    if VIEWS not in upstream.manifests:
        return everything_against_everything(embeddings_nd, ids, classes_n)
    views = {row["image_id"]: row for row in upstream.rows(VIEWS, "image_views")}
    is_query_n = np.array([views[image_id]["is_query"] for image_id in ids], dtype=bool)
    cameras_n = np.array([views[image_id]["camera"] for image_id in ids], dtype=np.int64)
    return RetrievalTask(
        embeddings_nd, ids, classes_n, np.flatnonzero(is_query_n), np.flatnonzero(~is_query_n), cameras_n
    )


def _values(found: Sequence[QueryRanks], ranks: Sequence[int], over_cameras: bool) -> dict[str, list[float]]:
    """Return what each query has of each figure, named as the field names them: over cameras rank-k and mAP."""
    recalls = {k: [recall_at(one.ranks_r, k) for one in found] for k in ranks}
    if over_cameras:
        return {
            **{f"rank_{k}": values for k, values in recalls.items()},
            "mean_average_precision": [market_average_precision(one.ranks_r) for one in found],
            "mean_average_precision_steps": [average_precision(one.ranks_r) for one in found],
        }
    return {
        **{f"recall_at_{k}": values for k, values in recalls.items()},
        "precision_at_1": [recall_at(one.ranks_r, 1) for one in found],
        "r_precision": [r_precision(one.ranks_r) for one in found],
        "map_at_r": [average_precision_at_r(one.ranks_r) for one in found],
    }


def _query_row(found: QueryRanks, ids: Sequence[str], labels: Sequence[str]) -> dict[str, Any]:
    ranks_r, has_match = found.ranks_r, len(found.ranks_r) > 0
    measures = {
        "r_precision": r_precision(ranks_r),
        "average_precision_at_r": average_precision_at_r(ranks_r),
        "average_precision": average_precision(ranks_r),
        "market_average_precision": market_average_precision(ranks_r),
    }
    return {
        "query": ids[found.query],
        "label": labels[found.query],
        "nearest": None if found.nearest is None else ids[found.nearest],
        "nearest_label": None if found.nearest is None else labels[found.nearest],
        "is_right": bool(ranks_r[0] == 1) if has_match else None,
        "matches": len(ranks_r),
        "first_match_rank": int(ranks_r[0]) if has_match else None,
        **{name: value if has_match else None for name, value in measures.items()},
    }
