"""Figures of `similarity_model`: how well the explained model knows what goes together in outfits."""

from typing import Any, Final

import numpy as np

from pipeline.datasets.declaration import OUTFIT
from pipeline.evaluation.bootstrap import Resampling, clustered_interval
from pipeline.evaluation.compatibility_interval import compatibility_auc_interval
from pipeline.evaluation.metrics.rows import clustered_by, count_row, metric_row
from pipeline.similarity.compatibility.outfit_scores import answers_right

TABLE: Final = "similarity_model"


def left_out_rows(n_outfits: int, n_questions: int, n_replaced: int) -> list[dict[str, Any]]:
    """Return the counts of outfits that no question is asked of, and of those without a replaced copy."""
    return [
        count_row(TABLE, "outfits_without_question", n_outfits - n_questions, n_outfits),
        count_row(TABLE, "outfits_not_replaced", n_outfits - n_replaced, n_outfits),
    ]


def compatibility_rows(
    scoring: str, scores_qc: np.ndarray, real_o: np.ndarray, replaced_o: np.ndarray, resampling: Resampling
) -> list[dict[str, Any]]:
    """Return fill-in-the-blank accuracy and compatibility AUC of one way of scoring, over outfits.

    Args:
        scoring: `type_aware` or `general`.
        scores_qc: (question, choice), the right choice first.
        real_o: score of each outfit.
        replaced_o: score of each outfit's replaced copy.
        resampling: seed and number of bootstrap samples.

    Raises:
        BadSetting: fewer than 1 bootstrap sample.
    """
    seed, samples = resampling.seed, resampling.samples
    accuracy = clustered_interval(answers_right(scores_qc), np.arange(len(scores_qc)), seed=seed, samples=samples)
    area = compatibility_auc_interval(real_o, replaced_o, seed=seed, samples=samples)
    rows = [
        metric_row(TABLE, "fill_in_the_blank_accuracy", accuracy, variant=scoring),
        metric_row(TABLE, "compatibility_auc", area, variant=scoring),
    ]
    return clustered_by(OUTFIT, rows)
