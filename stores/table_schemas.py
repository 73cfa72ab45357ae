"""The columns of every table. Names are a contract with the readers; values are fractions, never per cent.

A column is nullable only where `_optional` says so. Curves and other lists keep float64, so that a figure
recomputed from a stored curve equals the stored figure.
"""

import pyarrow as pa

_TEXT = pa.string()
_FLAG = pa.bool_()
_COUNT = pa.int64()
_REAL = pa.float64()
_TEXTS = pa.list_(pa.string())
_REALS = pa.list_(pa.float64())
_TIME = pa.timestamp("us", tz="UTC")


def _table(required: dict[str, pa.DataType], optional: dict[str, pa.DataType] | None = None) -> pa.Schema:
    """Return a schema whose required columns refuse null and whose optional ones, placed last, accept it."""
    fields = [pa.field(name, kind, nullable=False) for name, kind in required.items()]
    fields += [pa.field(name, kind, nullable=True) for name, kind in (optional or {}).items()]
    return pa.schema(fields)


_PAIR_ATTRIBUTE = {"pair_id": _TEXT, "split": _TEXT, "attribute": _TEXT}

SCHEMAS: dict[str, pa.Schema] = {
    "images": _table(
        {
            "image_id": _TEXT,
            "path": _TEXT,
            "split": _TEXT,
            "label": _TEXT,
            "attributes": _TEXTS,
            "width_px": _COUNT,
            "height_px": _COUNT,
            "sha256": _TEXT,
            "pixels_sha256": _TEXT,
        },
        {"similarity_target": _REALS},
    ),
    "unreadable_images": _table({"path": _TEXT, "reason": _TEXT}),
    "outfits": _table({"outfit_id": _TEXT, "split": _TEXT, "items": _TEXTS}),
    "type_pairs": _table({"position": _COUNT, "condition": _TEXT, "first_type": _TEXT, "second_type": _TEXT}),
    "image_embeddings": _table({"image_id": _TEXT, "split": _TEXT, "embedding_sha256": _TEXT}),
    "pairs": _table(
        {"pair_id": _TEXT, "split": _TEXT, "query": _TEXT, "reference": _TEXT, "is_match": _FLAG},
        {"condition": _TEXT, "negatives": _TEXTS},
    ),
    "conditions": _table({"position": _COUNT, "condition": _TEXT}),
    "blank_questions": _table(
        {"outfit_id": _TEXT, "variant": _TEXT, "choices": _TEXTS, "scores": _REALS, "right": _REAL}
    ),
    "replaced_outfits": _table(
        {
            "outfit_id": _TEXT,
            "variant": _TEXT,
            "items": _TEXTS,
            "replacements": _TEXTS,
            "score": _REAL,
            "replaced_score": _REAL,
        }
    ),
    "missing_images": _table({"image_id": _TEXT, "lines": _COUNT}),
    "similarities": _table({"pair_id": _TEXT, "similarity": _REAL}),
    "negatives": _table({"pair_id": _TEXT, "query": _TEXT, "rank": _COUNT, "image_id": _TEXT, "similarity": _REAL}),
    "perturbed_queries": _table({"query": _TEXT, "row": _COUNT}),
    "map_rows": _table({"pair_id": _TEXT, "query": _TEXT, "reference": _TEXT, "row": _COUNT, "map_sha256": _TEXT}),
    "map_notes": _table({"pair_id": _TEXT, "generator": _TEXT, "mode": _TEXT, "note": _TEXT, "value": _REAL}),
    "map_localisation": _table(
        {"pair_id": _TEXT, "generator": _TEXT, "mode": _TEXT, "attribute": _TEXT},
        {"auroc": _REAL, "pointing_hit": _REAL, "region_share": _REAL},
    ),
    "faithfulness": _table(
        {
            "pair_id": _TEXT,
            "generator": _TEXT,
            "mode": _TEXT,
            "insertion_auc": _REAL,
            "deletion_auc": _REAL,
            "insertion_auc_anchored": _REAL,
            "deletion_auc_anchored": _REAL,
            "insertion_curve": _REALS,
            "deletion_curve": _REALS,
            "is_constant": _FLAG,
            "insertion_is_flat": _FLAG,
            "deletion_is_flat": _FLAG,
        },
        {"map_change": _REAL},
    ),
    "attribute_vocabulary": _table({"position": _COUNT, "attribute": _TEXT, "group": _COUNT}),
    "attribute_notes": _table({"attribute": _TEXT, "note": _TEXT}, {"same_as": _TEXT}),
    "attribute_score_rows": _table({"image_id": _TEXT, "row": _COUNT}),
    "explanations": _table(
        {"pair_id": _TEXT, "split": _TEXT, "variant": _TEXT, "rank": _COUNT, "attribute": _TEXT},
        {
            "score": _REAL,
            "confidence": _REAL,
            "map_match": _REAL,
            "prior": _REAL,
            "is_ground_truth": _FLAG,
        },
    ),
    "replacements": _table(
        {**_PAIR_ATTRIBUTE, "kind": _TEXT},
        {"effect": _REAL, "reason": _TEXT, "distance": _REAL, "replacements": _TEXTS},
    ),
    "embedding_effects": _table(_PAIR_ATTRIBUTE, {"effect": _REAL, "present_probability": _REAL}),
    "true_effects": _table(
        {
            **_PAIR_ATTRIBUTE,
            "present": _FLAG,
            "effect": _REAL,
            "effect_angle": _REAL,
            "group": _COUNT,
            "is_driver": _FLAG,
        }
    ),
    "null_effects": _table({"pair_id": _TEXT, "effect": _REAL}),
    "audit_outcomes": _table(
        {"pair_id": _TEXT, "query": _TEXT, "variant": _TEXT},
        {
            "attribute": _TEXT,
            "effect": _REAL,
            "best_effect": _REAL,
            "mean_present_effect": _REAL,
            "eligible": _FLAG,
            "present": _FLAG,
            "hit": _FLAG,
            "used": _FLAG,
        },
    ),
    "prior": _table({"attribute": _TEXT, "kind": _TEXT}, {"value": _REAL, "significance": _REAL}),
    "weight_grid": _table(
        {
            "confidence_weight": _REAL,
            "map_match_weight": _REAL,
            "prior_weight": _REAL,
            "prior_kind": _TEXT,
            "is_best": _FLAG,
        },
        {"objective": _REAL, "top1_accuracy": _REAL},
    ),
    "training_history": _table(
        {"model": _TEXT, "epoch": _COUNT, "loss": _REAL},
        {
            "huber_loss_mean": _REAL,
            "huber_loss_sum": _REAL,
            "heatmap_loss": _REAL,
            "learning_rate": _REAL,
            "validation_measure": _REAL,
            "validation_map": _REAL,
            "seconds": _REAL,
        },
    ),
    "model_checks": _table({"measure": _TEXT, "value": _REAL}, {"limit": _REAL, "seconds": _REAL}),
    "metrics": _table(
        {"table_name": _TEXT, "metric": _TEXT},
        {
            "dataset": _TEXT,
            "similarity_model": _TEXT,
            "variant": _TEXT,
            "generator": _TEXT,
            "mode": _TEXT,
            "attribute": _TEXT,
            "compared_with": _TEXT,
            "value": _REAL,
            "ci_low": _REAL,
            "ci_high": _REAL,
            "p_value": _REAL,
            "n": _COUNT,
            "n_clusters": _COUNT,
            "unit": _TEXT,
            "seed": _COUNT,
            "fingerprint": _TEXT,
        },
    ),
    "runtime": _table(
        {
            "stage": _TEXT,
            "shard": _TEXT,
            "images": _COUNT,
            "pairs": _COUNT,
            "forward_passes": _COUNT,
            "training_passes": _COUNT,
        },
        {"seconds": _REAL, "device": _TEXT},
    ),
    "runs": _table(
        {
            "run_id": _TEXT,
            "config": _TEXT,
            "seed": _COUNT,
            "started": _TIME,
            "state": _TEXT,
            "host": _TEXT,
            "pid": _COUNT,
            "stages": _COUNT,
        },
        {"name": _TEXT, "finished": _TIME, "error": _TEXT},
    ),
    "failures": _table(
        {
            "run_id": _TEXT,
            "stage": _TEXT,
            "shard": _TEXT,
            "shard_key": _TEXT,
            "images": _TEXTS,
            "images_count": _COUNT,
            "error": _TEXT,
            "failed_at": _TIME,
        },
        {"log": _TEXT},
    ),
}

SCHEMAS["audit_metrics"] = SCHEMAS["compatibility_metrics"] = SCHEMAS["metrics"]
"""Other stages' rows on their way into `metrics`: tables of their own, so that no query counts them twice."""

VOLATILE: dict[str, frozenset[str]] = {
    "training_history": frozenset({"seconds"}),
    "model_checks": frozenset({"seconds"}),
    "runtime": frozenset({"seconds", "device"}),
    "runs": frozenset({"started", "finished"}),
}
"""The columns, by table, that may differ between runs with equal inputs and so stay out of digests."""
