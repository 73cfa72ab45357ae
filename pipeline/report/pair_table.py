"""All explained pairs of a run as columns: what the overview counts and the gallery shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.bootstrap import Resampling
from pipeline.report.replacement_test import contradicts

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
        regret_p: float (pair,) score difference, largest true effect of the query's attributes minus that of the one
            that answers; of audited pairs that have an effect at all.
        is_right: whether what answers has the largest true effect or nearly so; where that is known.
        nearest_pk: int (pair, place) row of the pairs most like each, the nearest first; no columns where not known.
        change_p: float (pair,) change of the score with images in the query's place that are like it but lack the
            attribute that answers; a drop is negative.
        matched_change_p: float (pair,) the same less the change with images as far away that have the attribute.
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
    answers: Sequence[Mapping[str, Any] | None]
    disagreement_p: npt.NDArray[np.float64]
    insertion_p: npt.NDArray[np.float64]
    regret_p: npt.NDArray[np.float64]
    is_right: Sequence[bool | None]
    nearest_pk: npt.NDArray[np.int64]
    change_p: npt.NDArray[np.float64]
    matched_change_p: npt.NDArray[np.float64]
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
    def contradicted(self) -> list[bool | None]:
        """Whether images put in the query's place contradict each answer, see `contradicts`.

        None without an answer, and where it is known whether the answer is right, which alone decides then.
        """
        changes = zip(
            self.attributes, self.is_right, self.change_p.tolist(), self.matched_change_p.tolist(), strict=True
        )
        return [
            contradicts(change, matched_change) if attribute is not None and is_right is None else None
            for attribute, is_right, change, matched_change in changes
        ]

    def answer_values(self, column: str) -> npt.NDArray[np.float64]:
        """Return a numeric column of the answers, float64 (pair,); NaN for pairs without an answer or a value."""
        values = [
            None if row is None or row["attribute"] is None or row.get(column) is None else row[column]
            for row in self.answers
        ]
        return np.array([np.nan if value is None else float(value) for value in values], dtype=np.float64)
