"""What both models achieve on each pair, read from their results."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from flows.compare.shared_pairs import SharedPairs
from flows.compare.sides import Side
from flows.readers.replacement_effects import read_replacement_effects
from pipeline.evaluation.audit.answers import ANSWER
from pipeline.evaluation.audit.measures import regret_ratio
from pipeline.evaluation.audit.outcomes import AuditOutcomes
from pipeline.evaluation.bootstrap import Ratio
from pipeline.evaluation.comparisons import Measure
from pipeline.evaluation.model_comparison.figures import TwoMeasures
from pipeline.explanation.answer.naming import NOTHING_NAMED, drop_of_named
from pipeline.report.generator_names import is_control

# Figures do not read them, so a run that goes no further than these has none.
SIMILARITIES = "similarities.test"
# Only where images have attributes.
ANSWERS = "answers"
_OUTCOMES = ("effect", "best_effect", "mean_present_effect", "hit", "used", "present", "eligible")


@dataclass(frozen=True)
class _Measured:
    """A measure of one model over all of its pairs, NaN where it has no value."""

    metric: str
    unit: str
    values: Measure
    generator: str | None = None
    mode: str | None = None

    @property
    def key(self) -> tuple[str, str | None, str | None]:
        return self.metric, self.generator, self.mode


def read_measures(first: Side, second: Side, shared: SharedPairs) -> list[TwoMeasures]:
    """Return the measures that both models have, over the pairs that both explain.

    Raises:
        StoreError: a store cannot be read.
    """
    others = {one.key: one for one in _measures(second)}
    return [
        TwoMeasures(
            *one.key,
            one.unit,
            _chosen(one.values, shared.first_rows),
            _chosen(others[one.key].values, shared.second_rows),
        )
        for one in _measures(first)
        if one.key in others
    ]


def has_answers(side: Side) -> bool:
    """Return whether a model's matches are explained in words: images of some datasets have no attributes."""
    return ANSWERS in side.upstream.manifests


def read_answers(side: Side) -> list[str | None]:
    """Return the attribute that answers for each of a model's pairs, None where none does; see `has_answers`."""
    answered_p = side.upstream.arrays(ANSWERS, "named", "answered")
    names = side.frame.attribute_names
    return [None if row == NOTHING_NAMED else names[row] for row in answered_p.tolist()]


def _measures(side: Side) -> Iterator[_Measured]:
    upstream = side.upstream
    if SIMILARITIES in upstream.manifests:
        yield _Measured("similarity", "cosine", _placed(side, SIMILARITIES, "similarities", "similarity"))
    if has_answers(side):
        yield from _answered(side)
    yield from _audited(side)
    for generator, mode in side.facts["generator_modes"]:
        # A control knows nothing of a model, so a test of it would only weaken the others' correction.
        if is_control(generator):
            continue
        for stage, columns in (
            ("faithfulness", ("insertion_auc", "deletion_auc")),
            ("map_localisation", ("auroc",)),
        ):
            name = f"{stage}.{generator}.{mode}"
            if name in upstream.manifests:
                for column in columns:
                    yield _Measured(column, "share", _placed(side, name, stage, column), generator, mode)


def _answered(side: Side) -> Iterator[_Measured]:
    """Give what the answers achieve."""
    frame, answered_p = side.frame, side.upstream.arrays(ANSWERS, "named", "answered")
    is_answered_p = answered_p != NOTHING_NAMED
    present_p = frame.present_pa[np.arange(len(answered_p)), answered_p]
    drops_pa = -read_replacement_effects(side.upstream, "test", "matched", frame)
    drop_p = drop_of_named(answered_p, drops_pa, frame.present_pa)
    yield _Measured("answered", "share", is_answered_p.astype(np.float64))
    yield _Measured("top1_accuracy", "share", np.where(is_answered_p, present_p, np.nan))
    yield _Measured("matched_effect", "cosine", np.where(is_answered_p, drop_p, np.nan))
    yield _Measured("expected_effect", "cosine", _placed(side, ANSWERS, "answers", "effect"))


def _audited(side: Side) -> Iterator[_Measured]:
    """Give what is known of rendered items, over the pairs that the audit counts."""
    if "audit" not in side.upstream.manifests:
        return
    rows = [row for row in side.upstream.rows("audit", "audit_outcomes") if row["variant"] == ANSWER]
    row_of = {row["pair_id"]: row for row in rows}
    columns = {
        name: np.array([_number(row_of[pair_id][name]) for pair_id in side.frame.pair_ids]) for name in _OUTCOMES
    }
    eligible_p = columns["eligible"] == 1
    outcomes = AuditOutcomes(
        effect_p=columns["effect"],
        best_p=columns["best_effect"],
        mean_p=columns["mean_present_effect"],
        hit_p=columns["hit"],
        used_p=columns["used"],
        absent_p=1 - columns["present"],
        eligible_p=eligible_p,
    )
    yield _Measured("hit_at_1", "share", np.where(eligible_p, outcomes.hit_p, np.nan))
    yield _Measured("normalised_regret", "share", regret_ratio(outcomes))


def _placed(side: Side, stage: str, part: str, column: str) -> np.ndarray:
    """Return a column of a table with a row a pair, float64 (pair,) in the order of the frame; NaN for null."""
    table = side.upstream.table(stage, part)
    values = dict(zip(table["pair_id"].to_pylist(), table[column].to_pylist(), strict=True))
    return np.array([_number(values.get(pair_id)) for pair_id in side.frame.pair_ids])


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def _chosen(values: Measure, rows: np.ndarray) -> Measure:
    if isinstance(values, Ratio):
        return Ratio(values.numerator_p[rows], values.denominator_p[rows])
    chosen_p: np.ndarray = values[rows]
    return chosen_p
