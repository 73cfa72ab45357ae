"""What the pairs and images of a run share, read for intervals that resample whole clusters."""

import numpy as np

from flows.engine.upstream import Upstream
from flows.readers.outfits import read_outfits
from flows.readers.pair_frame import PairFrame
from pipeline.datasets.declaration import CLASS, OUTFIT
from pipeline.evaluation.audit.directions import direction_clusters
from pipeline.evaluation.metrics.measured_pairs import cluster_codes
from pipeline.evaluation.shared_units import IMAGE, outfit_clusters


def read_pair_clusters(upstream: Upstream, frame: PairFrame, unit: str, both_directions: bool = False) -> np.ndarray:
    """Return the cluster of each pair, int64 (pair,): its query's class, its outfit, or its query.

    Where pairs are there in both directions, the two of a pair share one query's cluster, see `direction_clusters`;
    they share class and outfit anyway.

    Reads `outfits.<split>` for outfits; the column `label` of `images` for classes and outfits.
    """
    if unit == CLASS:
        classes_p: np.ndarray = _class_codes(upstream, frame.split)[frame.query_p]
        return classes_p
    if unit == OUTFIT:
        return outfit_clusters(frame.query_p, frame.reference_p, read_outfits(upstream, frame.split).outfits)
    return direction_clusters(frame.query_p, frame.reference_p) if both_directions else cluster_codes(frame.queries)


def read_image_clusters(upstream: Upstream, frame: PairFrame, unit: str) -> tuple[str, np.ndarray]:
    """Return what the split's images share and the cluster of each, int64 (image,): classes, else each its own."""
    if unit == CLASS:
        return CLASS, _class_codes(upstream, frame.split)
    return IMAGE, np.arange(len(frame.image_ids))


def _class_codes(upstream: Upstream, split: str) -> np.ndarray:
    return cluster_codes(upstream.table("images", "images", split)["label"].to_pylist())
