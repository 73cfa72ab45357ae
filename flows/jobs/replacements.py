"""Effects of replacing the query by other images: removal, deletion, insertion and matched effects."""

import numpy as np
import pyarrow as pa

from flows.engine.shard_task import JobInputs, JobResult
from flows.readers.conditions import read_condition_masks
from flows.readers.pair_frame import PairFrame, read_attribute_logits, read_pair_frame
from flows.readers.replacement_pool import read_replacement_pool
from pipeline.evaluation.replacements.attribute_effects import attribute_effects
from pipeline.evaluation.replacements.attribute_space import attribute_space
from pipeline.evaluation.replacements.pool import (
    NO_IMAGE,
    ReplacedPairs,
    ReplacementEffects,
    ReplacementReason,
)
from pipeline.evaluation.replacements.removal import removal_replacements

# Columns that only matched effects fill.
OF_MATCHED = ("distance_difference", "half_effect", "other_half_effect")


def run(inputs: JobInputs) -> JobResult:
    """Return the rows of `replacements`: of removal all, of the other kinds where they apply."""
    settings, upstream = inputs.settings, inputs.upstream
    frame = read_pair_frame(upstream, settings["split"])
    models = settings["replacement_models"]
    space = attribute_space([read_attribute_logits(upstream, model, settings["split"]) for model in models])
    pool = read_replacement_pool(
        upstream,
        frame,
        space,
        within_type=settings.get("within_type", False),
        sparse=settings.get("sparse_labels", False),
    )
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


def _table(frame: PairFrame, kind: str, found: ReplacementEffects, listed_pa: np.ndarray) -> pa.Table:
    """Return a row for each listed pair and attribute, pairs in order."""
    pair_r, attribute_r = np.nonzero(listed_pa)
    effect_r, distance_r, reason_r = (
        values_pa[pair_r, attribute_r] for values_pa in (found.effect_pa, found.distance_pa, found.reason_pa)
    )
    halves_2pa = (None, None) if found.half_effect_2pa is None else found.half_effect_2pa
    of_matched = [
        np.full(pair_r.size, np.nan) if values_pa is None else values_pa[pair_r, attribute_r]
        for values_pa in (found.distance_difference_pa, *halves_2pa)
    ]
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
            **{
                column: pa.array(values_r, mask=np.isnan(values_r))
                for column, values_r in zip(OF_MATCHED, of_matched, strict=True)
            },
        }
    )


def _image_lists(image_ids: list[str], replacement_rk: np.ndarray) -> pa.Array:
    """Return the ids of each row's images, without the places where there is none."""
    found = replacement_rk != NO_IMAGE
    ends = np.concatenate([[0], np.cumsum(found.sum(axis=1))]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(ends), _taken(image_ids, replacement_rk[found]))


def _taken(names: list[str], rows: np.ndarray) -> pa.Array:
    return pa.array(names, type=pa.string()).take(pa.array(rows.astype(np.int64)))
