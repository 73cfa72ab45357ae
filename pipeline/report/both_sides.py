"""Which part of the query goes with which part of the reference, as pictures and words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.report.number_text import number_text
from pipeline.report.overlays import coloured_regions, picture_uri
from pipeline.report.shown_image import ShownImage

# Told apart by the colour-blind (Okabe and Ito), and from the colours of maps.
COLOURS: tuple[tuple[int, int, int], ...] = ((230, 159, 0), (86, 180, 233), (0, 158, 115), (204, 121, 167))


@dataclass(frozen=True)
class MatchPart:
    """One component of a match.

    Attributes:
        query_hw: float (y, x) over the model's view of the query, at least 0: its region.
        reference_hw: likewise of the reference.
        share: of what both images raise the score together.
        p_value: share of unrelated pairs whose largest component is at least as large; None where not known.
        attribute: that it follows; None where none does.
    """

    query_hw: npt.NDArray[np.floating[Any]]
    reference_hw: npt.NDArray[np.floating[Any]]
    share: float
    p_value: float | None
    attribute: str | None


@dataclass(frozen=True)
class PartLine:
    """One part in words; `colour` as CSS."""

    colour: str
    text: str


@dataclass(frozen=True)
class BothSides:
    """Both pictures with their parts in colour, as data URIs, and a line for each part."""

    query_picture: str
    reference_picture: str
    lines: tuple[PartLine, ...]


def both_sides(query: ShownImage, reference: ShownImage, parts: Sequence[MatchPart]) -> BothSides | None:
    """Return what a card shows of the parts of a match, at most as many as there are colours; None without any."""
    shown = list(parts)[: len(COLOURS)]
    if not shown:
        return None
    colours = COLOURS[: len(shown)]
    return BothSides(
        picture_uri(coloured_regions(query, [part.query_hw for part in shown], colours)),
        picture_uri(coloured_regions(reference, [part.reference_hw for part in shown], colours)),
        tuple(PartLine(f"rgb{colour}", part_words(part)) for part, colour in zip(shown, colours, strict=True)),
    )


def part_words(part: MatchPart) -> str:
    """Return in words how much of the match a part is, what it goes with, and whether chance gives as much."""
    share = f"{number_text(part.share, 100.0, 0)} % of how far regions of both images raise the similarity together"
    name = f"; it goes with {part.attribute or 'no single attribute'}"
    if part.p_value is None:
        return share + name
    return f"{share}{name}; {number_text(part.p_value, 100.0, 0)} of 100 pairs of unrelated images have as much"
