"""The smallest set of attributes of each test pair, and on rendered items what it truly accounts for."""

from typing import Any

import numpy as np

from flows.engine.shard_task import JobInputs, JobResult
from flows.engine.upstream import Upstream
from flows.readers.joint_effects import read_joint_truth
from flows.readers.labelled_embeddings import read_embedded_pairs, read_labelled_embeddings
from flows.readers.pair_frame import PairFrame, read_pair_frame
from flows.readers.true_effects import read_truth
from pipeline.evaluation.audit.set_outcomes import CHOSEN, GREEDY, LEADING, PredictedSets, set_outcomes
from pipeline.explanation.answer.candidates import answer_candidates
from pipeline.explanation.answer.joint_removal import removal_geometries
from pipeline.explanation.answer.smallest_set import AttributeSets, smallest_sets
from stores.parts import Part

NO_EFFECT, NO_CANDIDATES = "no_effect", "no_candidates"


def run(inputs: JobInputs) -> JobResult:
    """Return the table `answer_sets`, and on rendered items `answer_set_outcomes`."""
    upstream, settings = inputs.upstream, inputs.settings
    frame = read_pair_frame(upstream, "test")
    presence_pa = upstream.arrays("presence", "presence", "test")[frame.query_p]
    candidates_pa = answer_candidates(frame.present_pa, presence_pa, settings["presence"] == "labels").candidates_pa
    train, pairs = read_labelled_embeddings(upstream, "train"), read_embedded_pairs(upstream, frame)
    found = smallest_sets(removal_geometries(train, pairs), candidates_pa, settings["set_share"])
    rows = [_row(frame, found, int(candidates_pa[pair].sum()), pair) for pair in range(len(frame.pair_ids))]
    parts: dict[str, Part] = {"answer_sets": inputs.table("answer_sets", rows)}
    if settings["audited"]:
        outcomes = _outcome_rows(upstream, frame, found, settings["set_share"])
        parts["answer_set_outcomes"] = inputs.table("answer_set_outcomes", outcomes)
    return JobResult(parts, {"pairs": len(rows), "sets": int(found.sets_pa.any(axis=1).sum())})


def _row(frame: PairFrame, found: AttributeSets, candidates: int, pair: int) -> dict[str, Any]:
    set_a, effect, total = found.sets_pa[pair], float(found.effect_p[pair]), float(found.total_p[pair])
    row: dict[str, Any] = {
        "pair_id": frame.pair_ids[pair],
        "split": frame.split,
        "total_effect": total,
        "candidates": candidates,
    }
    if not set_a.any():
        return {**row, "reason": NO_EFFECT if candidates else NO_CANDIDATES}
    return {
        **row,
        "attributes": _names(frame, set_a, found.single_pa[pair]),
        "size": int(set_a.sum()),
        "effect": effect,
        "share": effect / total,
        "sum_of_effects": float(found.single_pa[pair, set_a].sum()),
        "search": "exact" if found.is_exact_p[pair] else "greedy",
        "greedy_attributes": _names(frame, found.greedy_pa[pair], found.single_pa[pair]),
        "greedy_effect": float(found.greedy_effect_p[pair]),
    }


def _names(frame: PairFrame, set_a: np.ndarray, single_a: np.ndarray) -> list[str]:
    """Return the names of a set's attributes, the largest single effect first."""
    members = np.flatnonzero(set_a)
    return [frame.attribute_names[member] for member in members[np.argsort(-single_a[members], kind="stable")]]


def _outcome_rows(upstream: Upstream, frame: PairFrame, found: AttributeSets, share: float) -> list[dict[str, Any]]:
    truth = read_joint_truth(upstream, frame, read_truth(upstream, frame).floor)
    leading_pa = _leading(upstream, frame)
    leading_p = np.where(leading_pa, found.single_pa, 0.0).sum(axis=1)
    named = PredictedSets(
        {CHOSEN: found.sets_pa, GREEDY: found.greedy_pa, LEADING: leading_pa},
        {CHOSEN: found.effect_p, GREEDY: found.greedy_effect_p, LEADING: leading_p},
        found.single_pa,
    )
    return [
        {
            "pair_id": pair_id,
            "kind": kind,
            "attributes": _attributes(frame, outcomes.sets_pa[pair]),
            "size": _number(outcomes.size_p[pair]),
            "effect": _number(outcomes.effect_p[pair]),
            "total_effect": float(truth.total_p[pair]),
            "reaches": _number(outcomes.reaches_p[pair]),
            "sum_of_effects": _number(outcomes.single_sum_p[pair]),
            "predicted_effect": _number(outcomes.predicted_p[pair]),
            "predicted_sum": _number(outcomes.predicted_sum_p[pair]),
            "eligible": bool(truth.eligible_p[pair]),
        }
        for kind, outcomes in set_outcomes(truth, named, share).items()
        for pair, pair_id in enumerate(frame.pair_ids)
    ]


def _leading(upstream: Upstream, frame: PairFrame) -> np.ndarray:
    """Return the leading attribute of each answer as a set, bool (pair, attribute); empty where there is none."""
    position = {name: column for column, name in enumerate(frame.attribute_names)}
    leading_pa = np.zeros((len(frame.pair_ids), len(position)), dtype=bool)
    row_of = {pair_id: row for row, pair_id in enumerate(frame.pair_ids)}
    for row in upstream.rows("answers", "answers"):
        if row["leading_attribute"] is not None:
            leading_pa[row_of[row["pair_id"]], position[row["leading_attribute"]]] = True
    return leading_pa


def _attributes(frame: PairFrame, set_a: np.ndarray) -> list[str] | None:
    return [frame.attribute_names[member] for member in np.flatnonzero(set_a)] or None


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
