"""Every figure of the run, each with n and an interval clustered by query."""

from typing import Any

import numpy as np

from flows.engine.shard_task import JobInputs, JobResult
from flows.engine.upstream import Upstream
from flows.jobs.faithfulness_metrics import cluster_codes, faithfulness_rows
from flows.jobs.localisation_metrics import localisation_rows
from flows.jobs.metric_rows import completed, count_row, metric_row
from flows.jobs.variant_names import all_variants
from flows.readers.pair_frame import (
    PairFrame,
    read_attribute_scores,
    read_labels,
    read_pair_frame,
    read_pair_values,
)
from pipeline.evaluation.attribute_recognition import top1_accuracy
from pipeline.evaluation.average_precision_interval import map_interval
from pipeline.evaluation.bootstrap import (
    Ratio,
    clustered_difference_interval,
    clustered_interval,
    holm,
)
from pipeline.evaluation.pair_dependence import distinct_answers_per_query
from pipeline.evaluation.replacement import constant_attributes, removal_measure


def run(inputs: JobInputs) -> JobResult:
    """Return the table `metrics`."""
    settings, upstream = inputs.settings, inputs.upstream
    options = {"seed": int(settings["seed"]), "samples": int(settings["bootstrap_samples"])}
    rows = [
        *faithfulness_rows(upstream, settings, options),
        *_recognition_rows(upstream, settings["attribute_models"], options),
        *_explanation_rows(upstream, list(settings["variants"]), options),
    ]
    if settings["audited"]:
        rows += localisation_rows(upstream, settings, options)
        rows += upstream.rows("audit", "metrics")
    if settings.get("compatibility"):
        rows += upstream.rows("compatibility", "metrics")
    shared = {
        "dataset": settings["dataset"],
        "similarity_model": settings["similarity_model"],
        "seed": options["seed"],
        "fingerprint": inputs.task.upstream["explanations"],
    }
    # Rows of other stages come as full rows whose shared columns are still empty.
    filled = [completed({name: value for name, value in row.items() if value is not None}, shared) for row in rows]
    return JobResult({"metrics": inputs.table("metrics", filled)}, {"figures": len(filled)})


def _recognition_rows(upstream: Upstream, models: list[str], options: dict[str, int]) -> list[dict[str, Any]]:
    labels_na = read_labels(upstream, "test")[1]
    rows = []
    for model in models:
        logits_na = read_attribute_scores(upstream, model, "test")[0]
        interval = map_interval(logits_na, labels_na, **options)
        rows.append(metric_row("attribute_recognition", "map", interval, variant=model))
    return rows


def _explanation_rows(upstream: Upstream, variants: list[str], options: dict[str, int]) -> list[dict[str, Any]]:
    frame = read_pair_frame(upstream, "test")
    effects_pa = read_pair_values(upstream, "replacements.test", "replacements", "effect", frame)
    scores_vpa = upstream.arrays("explanations", "scores", "scores")
    clusters_p = cluster_codes(frame.queries)
    named = {
        variant: scores_pa.argmax(axis=1) for variant, scores_pa in zip(all_variants(variants), scores_vpa, strict=True)
    }
    drops = {variant: removal_measure(named_p, effects_pa) for variant, named_p in named.items()}
    rows = []
    for variant, named_p in named.items():
        rows += _variant_rows(frame, variant, named_p, drops[variant], clusters_p, options)
        if "classifier" in named:
            differs_p = (named_p != named["classifier"]).astype(np.float64)
            interval = clustered_interval(differs_p, clusters_p, **options)
            rows.append(metric_row("attribute_explanation", "differs_from_classifier", interval, variant=variant))
    constant = len(constant_attributes(frame.labels_na))
    rows.append(count_row("attribute_explanation", "constant_attributes", constant, len(frame.attribute_names)))
    return rows + _comparison_rows(drops, clusters_p, options)


def _variant_rows(
    frame: PairFrame,
    variant: str,
    named_p: np.ndarray,
    drop_p: np.ndarray,
    clusters_p: np.ndarray,
    options: dict[str, int],
) -> list[dict[str, Any]]:
    correct_p = top1_accuracy(named_p, frame.present_pa)
    top1 = clustered_interval(correct_p, clusters_p, **options)
    removal = clustered_interval(drop_p, clusters_p, **options)
    distinct_p = distinct_answers_per_query(named_p, frame.query_p)
    distinct = clustered_interval(distinct_p, clusters_p, **options)
    table = "attribute_explanation"
    undefined = int(np.isnan(drop_p).sum())
    return [
        metric_row(table, "top1_accuracy", top1, variant=variant),
        metric_row(table, "removal", removal, variant=variant, unit="cosine"),
        metric_row(table, "distinct_per_query", distinct, variant=variant),
        count_row(table, "removal_undefined", undefined, len(drop_p), variant=variant),
    ]


def _comparison_rows(
    drops: dict[str, np.ndarray], clusters_p: np.ndarray, options: dict[str, int]
) -> list[dict[str, Any]]:
    """Compare every variant with the classifier on the pairs where both have a defined removal."""
    if "classifier" not in drops:
        return []
    others = [variant for variant in drops if variant != "classifier"]
    differences = []
    for variant in others:
        both_p = np.isfinite(drops[variant]) & np.isfinite(drops["classifier"])
        one_p = np.where(both_p, 1.0, np.nan)
        first = Ratio(np.where(both_p, drops[variant], np.nan), one_p)
        second = Ratio(np.where(both_p, drops["classifier"], np.nan), one_p)
        differences.append(clustered_difference_interval(first, second, clusters_p, **options))
    corrected = holm(np.array([difference.p_value for difference in differences]))
    return [
        metric_row(
            "attribute_explanation_comparison",
            "removal_difference",
            difference.interval,
            variant=variant,
            compared_with="classifier",
            unit="cosine",
            p_value=float(p_value) if np.isfinite(p_value) else None,
        )
        for variant, difference, p_value in zip(others, differences, corrected, strict=True)
    ]
