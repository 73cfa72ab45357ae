"""How well the explained model knows what goes together: fill-in-the-blank accuracy and compatibility AUC."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from flows.engine.shard_task import JobInputs, JobResult
from flows.readers.conditions import read_condition_masks
from flows.readers.outfits import read_outfits
from flows.readers.pair_frame import read_embeddings
from pipeline.evaluation.bootstrap import Resampling
from pipeline.evaluation.metrics.compatibility import compatibility_rows, left_out_rows
from pipeline.similarity.compatibility.outfit_draws import (
    BlankQuestion,
    OutfitPool,
    ReplacedOutfit,
    blank_questions,
    replaced_outfits,
)
from pipeline.similarity.compatibility.outfit_scores import OutfitScorer, answers_right
from pipeline.similarity.conditions import ConditionMasks
from stores.parts import Part


def run(inputs: JobInputs) -> JobResult:
    """Return the questions and replaced outfits of the test split with their scores, and the figures.

    A type-aware model is measured twice: under its conditions, and by its general embedding alone.
    """
    settings, upstream = inputs.settings, inputs.upstream
    read = read_outfits(upstream, "test")
    pool = OutfitPool(read.types_n, read.image_ids_n, read.outfits, read.outfit_ids)
    questions, replaced = blank_questions(pool, settings["seed"]), replaced_outfits(pool, settings["seed"])
    masks = read_condition_masks(upstream)
    scorings: dict[str, ConditionMasks | None] = {} if masks is None else {"type_aware": masks}
    scorings["general"] = None
    embeddings_nd = read_embeddings(upstream, "test")
    resampling = Resampling(int(settings["seed"]), int(settings["bootstrap_samples"]))
    metrics = left_out_rows(len(read.outfits), len(questions), len(replaced))
    question_rows, outfit_rows = [], []
    for scoring, chosen in scorings.items():
        scorer = OutfitScorer(embeddings_nd, read.types_n, chosen)
        scores_qc = scorer.choice_scores(questions)
        real_o = scorer.outfit_scores([outfit.items for outfit in replaced])
        replaced_o = scorer.outfit_scores([outfit.replaced for outfit in replaced])
        question_rows += _question_rows(pool, scoring, questions, scores_qc)
        outfit_rows += _outfit_rows(pool, scoring, replaced, real_o, replaced_o)
        metrics += compatibility_rows(scoring, scores_qc, real_o, replaced_o, resampling)
    parts: dict[str, Part] = {
        "metrics": inputs.table("compatibility_metrics", metrics),
        "blank_questions": inputs.table("blank_questions", question_rows),
        "replaced_outfits": inputs.table("replaced_outfits", outfit_rows),
    }
    return JobResult(parts, {"outfits": len(read.outfits), "questions": len(questions), "replaced": len(replaced)})


def _question_rows(
    pool: OutfitPool, variant: str, questions: Sequence[BlankQuestion], scores_qc: np.ndarray
) -> list[dict[str, Any]]:
    return [
        {
            "outfit_id": pool.outfit_ids[question.outfit],
            "variant": variant,
            "choices": _ids(pool, question.choices),
            "scores": scores_c.tolist(),
            "right": float(right),
        }
        for question, scores_c, right in zip(questions, scores_qc, answers_right(scores_qc), strict=True)
    ]


def _outfit_rows(
    pool: OutfitPool, variant: str, outfits: Sequence[ReplacedOutfit], real_o: np.ndarray, replaced_o: np.ndarray
) -> list[dict[str, Any]]:
    return [
        {
            "outfit_id": pool.outfit_ids[outfit.outfit],
            "variant": variant,
            "items": _ids(pool, outfit.items),
            "replacements": _ids(pool, outfit.replaced),
            "score": float(score),
            "replaced_score": float(replaced_score),
        }
        for outfit, score, replaced_score in zip(outfits, real_o, replaced_o, strict=True)
    ]


def _ids(pool: OutfitPool, positions: np.ndarray) -> list[str]:
    return [pool.image_ids_n[position] for position in positions.tolist()]
