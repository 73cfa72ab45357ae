"""What an explanation holds: one direction of a pair as plain values and arrays."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from flows.explain.attributes import RankedAttribute
from pipeline.report.answer_checks import PairKnowledge
from pipeline.report.both_sides import MatchPart
from pipeline.report.how_sure import HowSure, how_sure
from pipeline.report.pair_page.evidence import PageAttribute
from pipeline.report.pair_page.knowledge import next_best
from pipeline.report.pair_picture import PictureRow, pair_picture
from pipeline.report.replacement_test import ReplacementTest
from pipeline.report.shown_image import ShownImage


@dataclass(frozen=True)
class ExplainedImage:
    """One of the two images.

    Attributes:
        name: its id, or the path of its file, as asked for.
        split: that holds it; None for a file.
        type: its label in the dataset; empty for a file.
        labels: attributes that it is labelled with; none for a file.
        shown: its picture.
    """

    name: str
    split: str | None
    type: str
    labels: tuple[str, ...]
    shown: ShownImage


@dataclass(frozen=True)
class ExplainedPair:
    """Why a model says that a query matches a reference.

    Attributes:
        query: the image that is explained.
        reference: the image that it matches.
        similarity: cosine of the two embeddings, -1 to 1, under the condition.
        condition: under which they are compared; None for none.
        answer: as a row of the table `answers`: `attribute` explains the match, or is None with a `reason`.
        attributes: those that may be named, best first.
        parts: pairs of regions that raise the score together, largest first; `query_hw` and `reference_hw` are over
            cells (y, x) of the model's view and sum to 1.
        query_map: float32 (y, x) over the model's view of the query, larger where it matters more.
        reference_map: likewise of the reference, by RISE.
        generator: that made the query's map.
        mode: of that generator.
        arrays: further arrays by name: both images' `embeddings`, maps on cells, joint effects, effects of attributes.
        notes: sentences on what to bear in mind.
        replaced: what other images in the query's place did to the similarity; None where the run has not tried.
    """

    query: ExplainedImage
    reference: ExplainedImage
    similarity: float
    condition: str | None
    answer: Mapping[str, Any]
    attributes: tuple[RankedAttribute, ...]
    parts: tuple[MatchPart, ...]
    query_map: np.ndarray
    reference_map: np.ndarray
    generator: str
    mode: str
    arrays: Mapping[str, np.ndarray]
    notes: tuple[str, ...] = ()
    replaced: ReplacementTest | None = None

    def how_sure(self) -> HowSure:
        """Return how sure the answer is: `level`, `heading`, `reason`, and `checks` with their figures."""
        after = next_best(self.page_attributes(), self.answer["attribute"])
        return how_sure(self.answer, PairKnowledge(self.replaced, None, after, self.similarity))

    def page_attributes(self) -> list[PageAttribute]:
        """Return the ranked attributes as a page shows them: which the query has is unknown where it has no labels."""
        return [
            PageAttribute(
                one.attribute,
                one.score,
                one.is_labelled if self.query.labels else None,
                effect=one.effect,
                effect_low=one.effect_low,
                effect_high=one.effect_high,
                presence=one.presence,
            )
            for one in self.attributes
        ]

    def picture(self) -> np.ndarray:
        """Return uint8 (y, x, 3): both images, their maps, and the parts of the match in colour."""
        sides = (
            ("query", self.query, f"{self.generator} map", self.query_map, [part.query_hw for part in self.parts]),
            ("reference", self.reference, "rise map", self.reference_map, [part.reference_hw for part in self.parts]),
        )
        rows = [
            PictureRow(f"{role}: {image.name}", image.shown, title, map_yx, [np.maximum(one, 0) for one in regions])
            for role, image, title, map_yx, regions in sides
        ]
        return pair_picture(rows)
