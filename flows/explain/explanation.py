"""The explanation of one pair: plain values and arrays, which print, save and show themselves."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from flows.explain.attributes import RankedAttribute
from flows.explain.page import explanation_page, page_attributes
from flows.explain.saved import SavedFiles, check_folder, save_explanation
from flows.explain.text import explanation_html, explanation_text
from pipeline.report.answer_checks import PairKnowledge
from pipeline.report.both_sides import MatchPart
from pipeline.report.how_sure import HowSure, how_sure
from pipeline.report.map_words import region_words
from pipeline.report.pair_page.knowledge import next_best
from pipeline.report.pair_picture import PictureRow, pair_picture
from pipeline.report.replacement_test import ReplacementTest
from pipeline.report.shown_image import ShownImage

SCHEMA_VERSION = 1


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
class Explanation:
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
        reverse: the explanation with the roles exchanged; None where it was not asked for.
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
    reverse: "Explanation | None" = None

    def how_sure(self) -> HowSure:
        """Return how sure the answer is: `level`, `heading`, `reason`, and `checks` with their figures."""
        after = next_best(page_attributes(self), self.answer["attribute"])
        return how_sure(self.answer, PairKnowledge(self.replaced, None, after, self.similarity))

    def text(self) -> str:
        """Return it as plain text: the answer first, then attributes, regions and similarity."""
        own = explanation_text(self)
        return own if self.reverse is None else f"{own}\n\nThe other way round\n\n{explanation_text(self.reverse)}"

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

    def values(self) -> dict[str, Any]:
        """Return it as values that JSON can hold, without pictures and arrays; docs/python.md names the keys."""
        return {
            "schema_version": SCHEMA_VERSION,
            **{role: _image_values(image) for role, image in (("query", self.query), ("reference", self.reference))},
            "condition": self.condition,
            "similarity": self.similarity,
            "answer": dict(self.answer),
            "attributes": [asdict(attribute) for attribute in self.attributes],
            "parts": [_part_values(part) for part in self.parts],
            "map": {"generator": self.generator, "mode": self.mode},
            "notes": list(self.notes),
        }

    def named_arrays(self) -> dict[str, np.ndarray]:
        """Return all arrays by name."""
        regions = {
            side: np.stack([getattr(part, side) for part in self.parts])
            for side in ("query_hw", "reference_hw")
            if self.parts
        }
        parts = {f"{side.removesuffix('_hw')}_regions": found for side, found in regions.items()}
        return {"query_map": self.query_map, "reference_map": self.reference_map, **parts, **self.arrays}

    def page(self) -> bytes:
        """Return one direction as an HTML page that holds all it shows, in UTF-8: for a file of its own."""
        return explanation_page(self)

    def save(self, folder: str | Path, html: bool = False) -> list[Path]:
        """Write explanation.png, explanation.json and explanation.npz, of the reverse reverse.*; return their paths.

        Args:
            folder: empty, or not there yet.
            html: write explanation.html too, see `page`.

        Raises:
            BadSetting: the folder holds files already, or cannot be written.
        """
        place = check_folder(Path(folder))
        paths = self._save_direction(place, "explanation", html)
        if self.reverse is not None:
            paths += replace(self.reverse, reverse=None)._save_direction(place, "reverse", html)
        return paths

    def _save_direction(self, place: Path, stem: str, html: bool) -> list[Path]:
        files = SavedFiles(self.picture(), self.values(), self.named_arrays(), self.page() if html else None)
        return save_explanation(place, stem, files)

    def _repr_html_(self) -> str:
        """Show it in a notebook: the picture and the text."""
        return explanation_html(self)


def _image_values(image: ExplainedImage) -> dict[str, Any]:
    return {"name": image.name, "split": image.split, "type": image.type, "labels": list(image.labels)}


def _part_values(part: MatchPart) -> dict[str, Any]:
    return {
        "share": part.share,
        "p_value": part.p_value,
        "attribute": part.attribute,
        "query_place": region_words(part.query_hw),
        "reference_place": region_words(part.reference_hw),
    }
