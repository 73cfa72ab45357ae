"""All explained pairs of a run as columns: what the overview counts and the gallery shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.bootstrap import Resampling
from pipeline.report.answer_checks import PairKnowledge
from pipeline.report.how_sure import HowSure, how_sure
from pipeline.report.table_row import TableRow

# What `groups` are.
CLASSES: Final = "class"
TYPES: Final = "type"


@dataclass(frozen=True)
class PairTable:
    """Every test pair; all sequences and first axes are over pairs, in one order. NaN and None where not known.

    Attributes:
        pair_ids: 16 hexadecimal digits each.
        queries: image id of each query.
        references: image id of each reference.
        query_labels: class or item type of each query.
        reference_labels: likewise.
        groups: what pairs are counted by: the query's label, or the pair's two item types.
        group_kind: `CLASSES` or `TYPES`.
        clusters_p: int (pair,) what each pair shares with others; whole clusters are resampled.
        cluster_unit: what the clusters are, such as "query".
        resampling: how intervals are made.
        similarity_p: float (pair,) the model's score.
        answers: row of the table `answers` of each pair.
        disagreement_p: float (pair,) from 0 to 1, see `pipeline.report.disagreement`.
        insertion_p: float (pair,) from 0 to 1, insertion AUC of the map that is shown.
        knowledge: what is known of each pair beside its answer; the next best attribute is not read here.
        nearest_pk: int (pair, place) row of the pairs most like each, the nearest first; no columns where not known.
        image_labels: the attributes that each image is labelled with, by image id.
        methods: the ways of ranking whose disagreement is counted, by the names of variants.
        naming_p: int (pair,) how many of them name an attribute for the pair; None where not counted.
    """

    pair_ids: Sequence[str]
    queries: Sequence[str]
    references: Sequence[str]
    query_labels: Sequence[str]
    reference_labels: Sequence[str]
    groups: Sequence[str]
    group_kind: str
    clusters_p: npt.NDArray[np.integer]
    cluster_unit: str
    resampling: Resampling
    similarity_p: npt.NDArray[np.float64]
    answers: Sequence[TableRow | None]
    disagreement_p: npt.NDArray[np.float64]
    insertion_p: npt.NDArray[np.float64]
    knowledge: Sequence[PairKnowledge]
    nearest_pk: npt.NDArray[np.int64]
    image_labels: Mapping[str, Sequence[str]]
    methods: Sequence[str] = ()
    naming_p: npt.NDArray[np.integer] | None = None

    def __len__(self) -> int:
        return len(self.pair_ids)

    @cached_property
    def attributes(self) -> list[str | None]:
        """What answers for each pair; None where no attribute does."""
        return [None if row is None else row["attribute"] for row in self.answers]

    @cached_property
    def sure(self) -> list[HowSure | None]:
        """How sure each answer is, and what may be said of the match; None for pairs without a row of `answers`."""
        rows = zip(self.answers, self.knowledge, strict=True)
        return [None if answer is None else how_sure(answer, known) for answer, known in rows]

    @cached_property
    def is_right(self) -> list[bool | None]:
        """Whether what answers has the largest true effect or nearly so; None where that is not known."""
        return [None if row is None else row["hit"] for row in self._true_causes]

    @cached_property
    def regret_p(self) -> npt.NDArray[np.float64]:
        """Score difference (pair,): largest true effect of the query's attributes minus that of the one that answers.

        NaN but for pairs of known truth where some attribute matters and one answers.
        """
        rows = self._true_causes
        return np.array([np.nan if row is None else row["best_effect"] - row["effect"] for row in rows], np.float64)

    @cached_property
    def falls_further_p(self) -> npt.NDArray[np.float64]:
        """How much further the similarity falls with images in the query's place that lack what answers, (pair,).

        Further than with images as far away that have it; NaN where there are none of either, and without an answer.
        """
        tests = zip(self.attributes, (known.replaced for known in self.knowledge), strict=True)
        falls = (
            None if attribute is None or test is None or test.matched_effect is None else -test.matched_effect
            for attribute, test in tests
        )
        return np.array([np.nan if fall is None else fall for fall in falls], dtype=np.float64)

    @cached_property
    def _true_causes(self) -> list[TableRow | None]:
        """The rows of `audit_outcomes` of pairs that have a true cause, and an answer whose true effect is known."""
        rows = [known.outcome for known in self.knowledge]
        return [row if row is not None and _has_cause(row) else None for row in rows]

    def answer_values(self, column: str) -> npt.NDArray[np.float64]:
        """Return a numeric column of the answers, float64 (pair,); NaN for pairs without an answer or a value."""
        values = [
            None if row is None or row["attribute"] is None or row.get(column) is None else row[column]
            for row in self.answers
        ]
        return np.array([np.nan if value is None else float(value) for value in values], dtype=np.float64)


def _has_cause(row: TableRow) -> bool:
    return bool(row["eligible"]) and row["attribute"] is not None and row["effect"] is not None
