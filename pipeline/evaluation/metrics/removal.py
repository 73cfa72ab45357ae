"""Figures of Table 2: does the named attribute account for the match? And who beats the plain classifier?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from pipeline.evaluation.metrics.families import told_families
from pipeline.evaluation.metrics.measured_pairs import MeasuredPairs
from pipeline.evaluation.metrics.rows import comparison_row, count_row, metric_row
from pipeline.evaluation.named_attributes import distinct_answers_per_query, top1_accuracy
from pipeline.evaluation.replacements.pool import constant_attributes
from pipeline.evaluation.replacements.removal import removal_measure

TABLE: Final = "attribute_explanation"
COMPARISON_TABLE: Final = "attribute_explanation_comparison"
# All variants are compared with it, as in the papers' Table 2.
CLASSIFIER: Final = "classifier"


@dataclass(frozen=True)
class ExplainedPairs:
    """Pairs with their answers' truth.

    Attributes:
        pairs: all test pairs.
        query_p: int64 (pair,), row of each pair's query among the images.
        labels_na: bool (image, attribute).
        effects_pa: (pair, attribute) float64, change of the score when the attribute is removed; NaN where undefined.
    """

    pairs: MeasuredPairs
    query_p: np.ndarray
    labels_na: np.ndarray
    effects_pa: np.ndarray


def removal_rows(explained: ExplainedPairs, scores: Mapping[str, np.ndarray]) -> list[dict[str, Any]]:
    """Return the rows of `attribute_explanation` and of `attribute_explanation_comparison`.

    Args:
        explained: the pairs.
        scores: (pair, attribute) of each variant, by name.

    Raises:
        BadSetting: fewer than 1 bootstrap sample.
        BadDataset: scores, effects and labels differ in shape.
    """
    named = {variant: scores_pa.argmax(axis=1) for variant, scores_pa in scores.items()}
    drops = {variant: removal_measure(named_p, explained.effects_pa) for variant, named_p in named.items()}
    rows = []
    for variant, named_p in named.items():
        rows += _variant_rows(explained, variant, named_p, drops[variant])
        if CLASSIFIER in named:
            differs = explained.pairs.mean((named_p != named[CLASSIFIER]).astype(np.float64))
            rows.append(metric_row(TABLE, "differs_from_classifier", differs, variant=variant))
    constant = len(constant_attributes(explained.labels_na))
    rows.append(count_row(TABLE, "constant_attributes", constant, explained.labels_na.shape[1]))
    return rows + classifier_comparison_rows(explained.pairs, drops, "removal_difference")


def _variant_rows(
    explained: ExplainedPairs, variant: str, named_p: np.ndarray, drop_p: np.ndarray
) -> list[dict[str, Any]]:
    pairs = explained.pairs
    top1 = pairs.mean(top1_accuracy(named_p, explained.labels_na[explained.query_p]))
    distinct = pairs.mean(distinct_answers_per_query(named_p, explained.query_p))
    undefined = int(np.isnan(drop_p).sum())
    return [
        metric_row(TABLE, "top1_accuracy", top1, variant=variant),
        metric_row(TABLE, "removal", pairs.mean(drop_p), variant=variant, unit="cosine"),
        metric_row(TABLE, "distinct_per_query", distinct, variant=variant),
        count_row(TABLE, "removal_undefined", undefined, len(drop_p), variant=variant),
    ]


def classifier_comparison_rows(
    pairs: MeasuredPairs, drops: Mapping[str, np.ndarray], metric: str
) -> list[dict[str, Any]]:
    """Return rows that compare every variant with the classifier, family by family; none without the classifier.

    Args:
        pairs: all test pairs.
        drops: (pair,) of each variant, by name; NaN where undefined. Compared are the pairs that both have.
        metric: name of the difference.

    Raises:
        BadSetting: fewer than 1 bootstrap sample.
    """
    if CLASSIFIER not in drops:
        return []
    families = told_families(variant for variant in drops if variant != CLASSIFIER)
    compared = [
        (variant, difference)
        for family in families
        for variant, difference in zip(
            family, pairs.compare([(drops[variant], drops[CLASSIFIER]) for variant in family]), strict=True
        )
    ]
    return [
        comparison_row(
            COMPARISON_TABLE,
            metric,
            difference,
            variant=variant,
            compared_with=CLASSIFIER,
            unit="cosine",
        )
        for variant, difference in compared
    ]
