"""Effects of replacing the query by other images: removal, deletion, insertion and matched effects."""

import numpy as np
import pyarrow as pa

from flows.engine.shard_task import JobInputs, JobResult
from flows.engine.upstream import Upstream
from flows.readers.conditions import read_condition_masks
from flows.readers.pair_frame import PairFrame, read_attribute_logits, read_embeddings, read_pair_frame
from pipeline.evaluation.replacements.attribute_effects import attribute_effects
from pipeline.evaluation.replacements.attribute_space import AttributeSpace, attribute_space
from pipeline.evaluation.replacements.pool import (
    NO_IMAGE,
    ReplacedPairs,
    ReplacementEffects,
    ReplacementPool,
    ReplacementReason,
)
from pipeline.evaluation.replacements.presence import presence_by_score
from pipeline.evaluation.replacements.removal import removal_replacements


def run(inputs: JobInputs) -> JobResult:
    """Return the rows of `replacements`: of removal all, of the other kinds where they apply."""
    settings, upstream = inputs.settings, inputs.upstream
    frame = read_pair_frame(upstream, settings["split"])
    models = settings["replacement_models"]
    space = attribute_space([read_attribute_logits(upstream, model, settings["split"]) for model in models])
    pool = _pool(inputs, frame, space)
    masks = read_condition_masks(upstream)
    masks_pd = None if masks is None else masks.of(frame.conditions)
    pairs = ReplacedPairs(frame.query_p, frame.reference_p, masks_pd)
    removal = removal_replacements(pool, pairs)
    others = attribute_effects(pool, pairs, space, settings["replacements"])
    has_pa = pool.has_na[frame.query_p]
    tables = [
        _table(frame, "removal", removal, np.ones_like(has_pa)),
        _table(frame, "deletion", others.deletion, has_pa),
        _table(frame, "insertion", others.insertion, ~has_pa),
        _table(frame, "matched", others.matched, has_pa),
    ]
    table = inputs.arrow_table("replacements", pa.concat_tables(tables))
    return JobResult({"replacements": table}, {"pairs": len(frame.pair_ids)})


def _pool(inputs: JobInputs, frame: PairFrame, space: AttributeSpace) -> ReplacementPool:
    upstream: Upstream = inputs.upstream
    images = upstream.table("images", "images", frame.split)
    # Items of a catalogue stand in for their own type only; classes, such as animals, for each other.
    within_type = inputs.settings.get("within_type")
    type_n = _codes(images["label"].to_pylist()) if within_type else np.zeros(len(frame.image_ids), dtype=np.int64)
    is_sparse = inputs.settings.get("sparse_labels")
    has_na = presence_by_score(frame.labels_na, space.mean_scores()) if is_sparse else frame.labels_na
    duplicate_group_n = _codes(images["pixels_sha256"].to_pylist())
    return ReplacementPool(read_embeddings(upstream, frame.split), frame.labels_na, has_na, duplicate_group_n, type_n)


def _codes(names: list[str]) -> np.ndarray:
    return np.unique(np.array(names), return_inverse=True)[1].astype(np.int64)


def _table(frame: PairFrame, kind: str, found: ReplacementEffects, listed_pa: np.ndarray) -> pa.Table:
    """Return a row for each listed pair and attribute, pairs in order."""
    pair_r, attribute_r = np.nonzero(listed_pa)
    effect_r, distance_r, reason_r = (
        values_pa[pair_r, attribute_r] for values_pa in (found.effect_pa, found.distance_pa, found.reason_pa)
    )
    difference_pa = found.distance_difference_pa
    difference_r = np.full(pair_r.size, np.nan) if difference_pa is None else difference_pa[pair_r, attribute_r]
    reasons = np.array([reason.name.lower() for reason in ReplacementReason])[reason_r]
    return pa.table(
        {
            "pair_id": _taken(frame.pair_ids, pair_r),
            "split": pa.array([frame.split] * pair_r.size, type=pa.string()),
            "attribute": _taken(frame.attribute_names, attribute_r),
            "kind": pa.array([kind] * pair_r.size, type=pa.string()),
            "effect": pa.array(effect_r, mask=np.isnan(effect_r)),
            "reason": pa.array(reasons, mask=reason_r == ReplacementReason.REPLACED, type=pa.string()),
            "distance": pa.array(distance_r, mask=np.isnan(distance_r)),
            "replacements": _image_lists(frame.image_ids, found.replacement_pak[pair_r, attribute_r]),
            "distance_difference": pa.array(difference_r, mask=np.isnan(difference_r)),
        }
    )


def _image_lists(image_ids: list[str], replacement_rk: np.ndarray) -> pa.Array:
    """Return the ids of each row's images, without the places where there is none."""
    found = replacement_rk != NO_IMAGE
    ends = np.concatenate([[0], np.cumsum(found.sum(axis=1))]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(ends), _taken(image_ids, replacement_rk[found]))


def _taken(names: list[str], rows: np.ndarray) -> pa.Array:
    return pa.array(names, type=pa.string()).take(pa.array(rows.astype(np.int64)))
