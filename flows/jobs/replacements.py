"""Effects of replacing the query by its nearest neighbour without an attribute (removal)."""

import numpy as np
import pyarrow as pa

from flows.engine.shard_task import JobInputs, JobResult
from flows.readers.conditions import read_condition_masks
from flows.readers.pair_frame import PairFrame, read_embeddings, read_pair_frame
from pipeline.evaluation.replacement import RemovalReason, Replacements, removal_replacements


def run(inputs: JobInputs) -> JobResult:
    """Return a row of `replacements` per pair and attribute."""
    split = inputs.settings["split"]
    frame = read_pair_frame(inputs.upstream, split)
    images = inputs.upstream.table("images", "images", split)
    # Items of a catalogue stand in for their own type only; classes, such as animals, for each other.
    type_n = _codes(images["label"].to_pylist()) if inputs.settings.get("within_type") else None
    masks = read_condition_masks(inputs.upstream)
    found = removal_replacements(
        read_embeddings(inputs.upstream, split),
        frame.query_p,
        frame.reference_p,
        frame.labels_na,
        _codes(images["pixels_sha256"].to_pylist()),
        type_n,
        None if masks is None else masks.of(frame.conditions),
    )
    return JobResult(
        {"replacements": inputs.arrow_table("replacements", _table(frame, found))}, {"pairs": len(frame.pair_ids)}
    )


def _codes(names: list[str]) -> np.ndarray:
    return np.unique(np.array(names), return_inverse=True)[1].astype(np.int64)


def _table(frame: PairFrame, found: Replacements) -> pa.Table:
    n_pairs, n_attributes = found.effect_pa.shape
    effect = found.effect_pa.ravel()
    reasons = np.array([reason.name.lower() for reason in RemovalReason])[found.reason_pa.ravel()]
    images = np.array(frame.image_ids, dtype=object)
    replaced = found.replacement_pa.ravel()
    names = [[images[row]] if row >= 0 else [] for row in replaced]
    return pa.table(
        {
            "pair_id": pa.array(np.repeat(np.array(frame.pair_ids, dtype=object), n_attributes)),
            "split": pa.array([frame.split] * (n_pairs * n_attributes)),
            "attribute": pa.array(np.tile(np.array(frame.attribute_names, dtype=object), n_pairs)),
            "kind": pa.array(["removal"] * (n_pairs * n_attributes)),
            "effect": pa.array(effect, mask=np.isnan(effect)),
            "reason": pa.array(reasons, mask=found.reason_pa.ravel() == RemovalReason.REPLACED),
            "distance": pa.array(found.distance_pa.ravel(), mask=np.isnan(found.distance_pa.ravel())),
            "replacements": pa.array(names, type=pa.list_(pa.string())),
        }
    )
