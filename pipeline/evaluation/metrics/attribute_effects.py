"""Figures of the ECCV table and the matched effect: what the score owes to the attributes that are named."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from pipeline.evaluation.metrics.measured_pairs import MeasuredPairs
from pipeline.evaluation.metrics.removal import TABLE, classifier_comparison_rows
from pipeline.evaluation.metrics.rows import count_row, metric_row
from pipeline.evaluation.replacements.pool import constant_attributes
from pipeline.evaluation.replacements.removal import removal_measure
from pipeline.explanation.answer.naming import NOTHING_NAMED, named_among

ORACLE: Final = "oracle"
ORACLE_DESCRIPTION: Final = "largest effect; chosen on half of the replacements, scored on the other half"


@dataclass(frozen=True)
class ReplacedAttributes:
    """Pairs with what replacing their queries changes, attribute by attribute.

    Attributes:
        pairs: all test pairs.
        labels_na: bool (image, attribute), of all test images.
        has_pa: bool (pair, attribute), what each query counts as having.
        deletion_pa: (pair, attribute) float64, change of the score; 0 where the query lacks the attribute, NaN where
            undefined.
        insertion_pa: likewise, NaN also where the query has it.
        matched_pa: likewise, 0 where the query lacks it.
        distance_pa: (pair, attribute) float64, mean distance of deletion's replacements from the query; NaN where
            there are none.
        matched_half_2pa: (half, pair, attribute) float64, matched effects over one half of the replacements and over
            the other; NaN where undefined or the query lacks the attribute.
    """

    pairs: MeasuredPairs
    labels_na: np.ndarray
    has_pa: np.ndarray
    deletion_pa: np.ndarray
    insertion_pa: np.ndarray
    matched_pa: np.ndarray
    distance_pa: np.ndarray
    matched_half_2pa: np.ndarray


def attribute_effect_rows(replaced: ReplacedAttributes, scores: Mapping[str, np.ndarray]) -> list[dict[str, Any]]:
    """Return the rows of `attribute_explanation` on deletion, insertion and matched effects, and comparisons.

    Args:
        replaced: the pairs.
        scores: (pair, attribute) of each variant, by name.

    Raises:
        BadSetting: fewer than 1 bootstrap sample.
        BadDataset: scores and effects differ in shape.

    Source: ECCV 2 (deletion of the top-ranked attribute that the query has, insertion of the top-ranked that it
    lacks; changes of the score). The matched effect of the attribute that is named, as a drop, is this project's.
    Attributes that are the same in all images have no effect, and are passed over. The oracle's rows come last.
    """
    named = {variant: scores_pa.argmax(axis=1) for variant, scores_pa in scores.items()}
    drops = {variant: removal_measure(named_p, replaced.matched_pa) for variant, named_p in named.items()}
    rows = []
    for variant, scores_pa in scores.items():
        rows += _one_side_rows(replaced, variant, scores_pa)
        rows += _matched_rows(replaced, variant, named[variant], drops[variant])
    return [
        *rows,
        *classifier_comparison_rows(replaced.pairs, drops, "matched_effect_difference"),
        *_oracle_rows(replaced),
    ]


def _oracle_rows(replaced: ReplacedAttributes) -> list[dict[str, Any]]:
    """Return the matched effect of the attribute with the largest one, chosen and scored on different replacements.

    Each half chooses once and scores once, and the two drops are averaged; chosen by the very replacements that score
    it, the best of many noisy effects would look better than it is. Only attributes that the query has and that have
    an effect in both halves are chosen from; the drop is undefined where there is none.
    """
    halves_2pa = -replaced.matched_half_2pa
    candidates_pa = np.isfinite(halves_2pa).all(axis=0)
    drops_2p = [
        _value_of_named(named_among(np.nan_to_num(chooses_pa), candidates_pa), scores_pa)
        for chooses_pa, scores_pa in (halves_2pa, halves_2pa[::-1])
    ]
    drop_p = np.mean(drops_2p, axis=0)
    return [
        metric_row(TABLE, "matched_effect", replaced.pairs.mean(drop_p), variant=ORACLE, unit="cosine"),
        _undefined_row("matched_undefined", drop_p, ORACLE),
    ]


def _value_of_named(named_p: np.ndarray, values_pa: np.ndarray) -> np.ndarray:
    """Return each pair's value of the attribute that is named for it, NaN where none is."""
    return np.where(named_p != NOTHING_NAMED, values_pa[np.arange(named_p.size), named_p], np.nan)


def _one_side_rows(replaced: ReplacedAttributes, variant: str, scores_pa: np.ndarray) -> list[dict[str, Any]]:
    varies_a = np.ones(replaced.labels_na.shape[1], dtype=bool)
    varies_a[constant_attributes(replaced.labels_na)] = False
    rows = []
    for metric, effect_pa, candidates_pa in (
        ("deletion", replaced.deletion_pa, replaced.has_pa & varies_a),
        ("insertion", replaced.insertion_pa, ~replaced.has_pa & varies_a),
    ):
        top_p = named_among(scores_pa, candidates_pa)
        change_p = _value_of_named(top_p, effect_pa)
        rows.append(metric_row(TABLE, metric, replaced.pairs.mean(change_p), variant=variant, unit="cosine"))
        rows.append(_undefined_row(f"{metric}_undefined", change_p, variant))
    return rows


def _matched_rows(
    replaced: ReplacedAttributes, variant: str, named_p: np.ndarray, drop_p: np.ndarray
) -> list[dict[str, Any]]:
    distance_p = replaced.distance_pa[np.arange(named_p.size), named_p]
    matched, distance = replaced.pairs.mean(drop_p), replaced.pairs.mean(distance_p)
    return [
        metric_row(TABLE, "matched_effect", matched, variant=variant, unit="cosine"),
        metric_row(TABLE, "replacement_distance", distance, variant=variant, unit="distance"),
        _undefined_row("matched_undefined", drop_p, variant),
    ]


def _undefined_row(metric: str, values_p: np.ndarray, variant: str) -> dict[str, Any]:
    return count_row(TABLE, metric, int(np.isnan(values_p).sum()), len(values_p), variant=variant)
