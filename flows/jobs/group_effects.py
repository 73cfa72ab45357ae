"""Matched effects of the answers' groups of attributes, beside those of the attributes alone."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from flows.engine.shard_task import JobInputs, JobResult
from flows.engine.upstream import Upstream
from flows.readers.attribute_groups import read_separability
from flows.readers.conditions import read_condition_masks
from flows.readers.labelled_embeddings import read_labelled_embeddings
from flows.readers.pair_frame import PairFrame, read_attribute_logits, read_embeddings, read_pair_frame
from flows.readers.replacement_effects import read_replacement_effects
from flows.readers.replacement_pool import read_replacement_pool
from pipeline.evaluation.replacements.attribute_space import attribute_space
from pipeline.evaluation.replacements.group_effects import matched_group_effects
from pipeline.evaluation.replacements.pool import ReplacedPairs
from pipeline.explanation.answer.naming import NOTHING_NAMED, named_among
from pipeline.explanation.attribute_groups import group_effects, group_names, has_group
from pipeline.explanation.exclusive_factors import exclusive_factors
from pipeline.explanation.separability import CONSTANT, Separability


@dataclass(frozen=True)
class _Groups:
    """Groups of the training labels on the test pairs.

    Attributes:
        groups: as they were found.
        names: of the groups.
        has_pg: bool (pair, group), the query has it.
        matched_pg: (pair, group) matched effects as drops.
        predicted_pg: (pair, group) predicted drops.
    """

    groups: Separability
    names: list[str]
    has_pg: np.ndarray
    matched_pg: np.ndarray
    predicted_pg: np.ndarray


def run(inputs: JobInputs) -> JobResult:
    """Return the table `answer_groups`."""
    upstream = inputs.upstream
    frame = read_pair_frame(upstream, "test")
    measured = _measured(inputs, frame, read_separability(upstream))
    answered_p = _answered(upstream, frame)
    attribute_pa = -read_replacement_effects(upstream, "test", "matched", frame)
    largest_p = named_among(measured.predicted_pg, measured.has_pg)
    rows = [
        {
            "pair_id": frame.pair_ids[pair],
            **_answer(frame, measured, attribute_pa, pair, int(answered_p[pair])),
            **_largest(measured, pair, int(largest_p[pair])),
        }
        for pair in range(len(frame.pair_ids))
    ]
    counts = {"pairs": len(rows), "groups": measured.groups.n_groups}
    return JobResult({"answer_groups": inputs.table("answer_groups", rows)}, counts)


def _answered(upstream: Upstream, frame: PairFrame) -> np.ndarray:
    """Return the attribute that answers each pair, int64 (pair,), -1 where none does."""
    position = {name: column for column, name in enumerate(frame.attribute_names)}
    named = {row["pair_id"]: row["attribute"] for row in upstream.rows("answers", "answers")}
    return np.array([position.get(named[pair_id], NOTHING_NAMED) for pair_id in frame.pair_ids], dtype=np.int64)


def _measured(inputs: JobInputs, frame: PairFrame, groups: Separability) -> _Groups:
    upstream, settings = inputs.upstream, inputs.settings
    logits = [read_attribute_logits(upstream, model, "test") for model in settings["replacement_models"]]
    pool = read_replacement_pool(
        upstream,
        frame,
        attribute_space(logits),
        within_type=settings.get("within_type", False),
        sparse=settings.get("sparse_labels", False),
    )
    masks = read_condition_masks(upstream)
    pairs = ReplacedPairs(frame.query_p, frame.reference_p, None if masks is None else masks.of(frame.conditions))
    matched_pg = matched_group_effects(pool, pairs, logits, groups, settings["replacements"])
    has_pg = has_group(pool.has_na, groups)[frame.query_p]
    names = group_names(frame.attribute_names, groups)
    return _Groups(groups, names, has_pg, matched_pg, _predicted(upstream, frame, groups))


def _predicted(upstream: Upstream, frame: PairFrame, groups: Separability) -> np.ndarray:
    """Return the drop (pair, group) that directions of groups over all training images predict, whatever the type."""
    train = read_labelled_embeddings(upstream, "train")
    factors = exclusive_factors(frame.attribute_names, frame.attribute_groups, train.labels_na)
    pairs_p2 = np.stack([frame.query_p, frame.reference_p], axis=1)
    test_nd = read_embeddings(upstream, "test")
    return group_effects(train.embeddings_nd, train.labels_na, test_nd, pairs_p2, groups, factors)


def _answer(frame: PairFrame, measured: _Groups, attribute_pa: np.ndarray, pair: int, answered: int) -> dict[str, Any]:
    if answered == NOTHING_NAMED:
        return {}
    known = {
        "attribute": frame.attribute_names[answered],
        "attribute_effect": _number(attribute_pa[pair, answered]),
    }
    group = int(measured.groups.group_a[answered])
    if group == CONSTANT:
        return known
    return {
        **known,
        "group_name": measured.names[group],
        "members": int((measured.groups.group_a == group).sum()),
        "query_has_group": bool(measured.has_pg[pair, group]),
        "group_effect": _number(measured.matched_pg[pair, group]),
        "predicted_group_effect": _number(measured.predicted_pg[pair, group]),
    }


def _largest(measured: _Groups, pair: int, group: int) -> dict[str, Any]:
    if group == NOTHING_NAMED:
        return {}
    return {
        "largest_group": measured.names[group],
        "largest_group_effect": _number(measured.matched_pg[pair, group]),
    }


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
