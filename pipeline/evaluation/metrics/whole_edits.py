"""Figures of `edit_effects`: what edits of a whole item do to scores, and what the answers say of such pairs."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.metrics.measured_pairs import MeasuredPairs
from pipeline.evaluation.metrics.rows import count_row, metric_row
from pipeline.evaluation.recolouring.edit_kinds import NotEdited, WholeEdit
from pipeline.explanation.answer.naming import NOTHING_NAMED

TABLE: Final = "edit_effects"


@dataclass(frozen=True)
class AnsweredPairs:
    """Pairs with their answers.

    Attributes:
        pairs: all test pairs.
        queries: image id of each pair's query.
        answered_p: integer (pair,), attribute; -1 where no attribute explains the match.
        is_colour_a: bool (attribute,), it is a colour of the item.
    """

    pairs: MeasuredPairs
    queries: Sequence[str]
    answered_p: npt.NDArray[np.integer]
    is_colour_a: npt.NDArray[np.bool_]


def whole_edit_rows(answered: AnsweredPairs, rows: Sequence[Mapping[str, Any]], floor: float) -> list[dict[str, Any]]:
    """Return the rows of `edit_effects` in `metrics`, each edit in the column `variant`.

    `mean_effect` and `mean_size` (of |effect|); `cause_share`: the effect is above the floor; of the pairs where it is
    a cause, and of the others, the share whose answer is that no attribute explains them, and of `greyscale` the share
    whose answer is a colour. Queries that were edited, and those that were not by reason, are counted.

    Args:
        answered: the pairs.
        rows: of the table `edit_effects`.
        floor: what an effect must exceed to count; NaN where it is not known, so that no effect is a cause or not.

    Raises:
        BadSetting: fewer than 1 bootstrap sample.
    """
    found = []
    for edit in WholeEdit:
        own = [row for row in rows if row["edit"] == edit]
        found += [*_effect_rows(answered, edit, own, floor), *_count_rows(answered, edit, own)]
    return found


def _effect_rows(
    answered: AnsweredPairs, edit: WholeEdit, rows: Sequence[Mapping[str, Any]], floor: float
) -> list[dict[str, Any]]:
    pairs = answered.pairs
    made = [row for row in rows if row["effect"] is not None]
    effect_p = pairs.placed([row["pair_id"] for row in made], [row["effect"] for row in made])
    known_p = ~np.isnan(effect_p) & ~np.isnan(floor)
    cause_p = np.where(known_p, effect_p > floor, np.nan)
    said = {"unexplained": answered.answered_p == NOTHING_NAMED}
    if edit == WholeEdit.GREYSCALE:
        said["names_colour"] = answered.is_colour_a[answered.answered_p] & ~said["unexplained"]
    shares = {"cause_share": cause_p}
    for name, is_said_p in said.items():
        shares[f"{name}_where_cause"] = np.where(cause_p == 1, is_said_p, np.nan)
        shares[f"{name}_elsewhere"] = np.where(cause_p == 0, is_said_p, np.nan)
    return [
        metric_row(TABLE, "mean_effect", pairs.mean(effect_p), variant=edit.value, unit="cosine"),
        metric_row(TABLE, "mean_size", pairs.mean(np.abs(effect_p)), variant=edit.value, unit="cosine"),
        *(metric_row(TABLE, name, pairs.mean(share_p), variant=edit.value) for name, share_p in shares.items()),
    ]


def _count_rows(answered: AnsweredPairs, edit: WholeEdit, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    query_of = dict(zip(answered.pairs.pair_ids, answered.queries, strict=True))
    reason_of = {query_of[row["pair_id"]]: row["reason"] for row in rows}
    counts = Counter(reason_of.values())
    queries = len(reason_of)
    return [
        count_row(TABLE, "measured_queries", counts[None], queries, variant=edit.value),
        *(
            count_row(TABLE, f"left_out_{reason.name.lower()}", counts[reason.value], queries, variant=edit.value)
            for reason in NotEdited
            if counts[reason.value]
        ),
    ]
