"""The explanation of one pair, which prints, saves and shows itself."""

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from flows.explain.explained_pair import ExplainedImage, ExplainedPair
from flows.explain.page import explanation_page
from flows.explain.saved import SavedFiles, check_folder, save_explanation
from flows.explain.text import explanation_html, explanation_text
from pipeline.report.both_sides import MatchPart
from pipeline.report.map_words import region_words

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Explanation(ExplainedPair):
    """Why a model says that a query matches a reference: the values of an `ExplainedPair`, and ways to show them.

    Attributes:
        reverse: the explanation with the roles exchanged; None where it was not asked for.
    """

    reverse: "Explanation | None" = None

    def text(self) -> str:
        """Return it as plain text: the answer first, then attributes, regions and similarity."""
        own = explanation_text(self)
        return own if self.reverse is None else f"{own}\n\nThe other way round\n\n{explanation_text(self.reverse)}"

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
        return explanation_html(self, self.text())


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
