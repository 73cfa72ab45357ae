"""The images of a split that may replace queries."""

import numpy as np

from flows.engine.upstream import Upstream
from flows.readers.pair_frame import PairFrame, read_embeddings
from pipeline.evaluation.replacements.attribute_space import AttributeSpace
from pipeline.evaluation.replacements.pool import ReplacementPool
from pipeline.evaluation.replacements.presence import presence_by_score


def read_replacement_pool(
    upstream: Upstream, frame: PairFrame, space: AttributeSpace, *, within_type: bool, sparse: bool
) -> ReplacementPool:
    """Return the pool of a split; reads `images` and `embeddings`.

    Args:
        upstream: holds the stages.
        frame: pairs of the split.
        space: of the split's images.
        within_type: items of a catalogue stand in for their own type only; classes, such as animals, for each other.
        sparse: labels are missing; what scores high counts as there.
    """
    images = upstream.table("images", "images", frame.split)
    type_n = _codes(images["label"].to_pylist()) if within_type else np.zeros(len(frame.image_ids), dtype=np.int64)
    has_na = presence_by_score(frame.labels_na, space.mean_scores()) if sparse else frame.labels_na
    duplicate_group_n = _codes(images["pixels_sha256"].to_pylist())
    return ReplacementPool(read_embeddings(upstream, frame.split), frame.labels_na, has_na, duplicate_group_n, type_n)


def _codes(names: list[str]) -> np.ndarray:
    return np.unique(np.array(names), return_inverse=True)[1].astype(np.int64)
