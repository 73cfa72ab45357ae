"""Everything that the page of a pair is made of, as plain values and arrays; what is missing is left out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.datasets.fitting import CoveredBox
from pipeline.report.both_sides import MatchPart
from pipeline.report.table_row import TableRow


@dataclass(frozen=True)
class PageImage:
    """One of the two images.

    Attributes:
        name: its id, or the path of its file.
        label: class or item type; empty where unknown.
        source: URL of its picture, relative to the page or with the data in it.
        size_px: width and height of the picture.
        seen: what the model sees of it, in px of the picture.
        labels: attributes that it is labelled with; none where they are not told.
    """

    name: str
    label: str
    source: str
    size_px: tuple[int, int]
    seen: CoveredBox
    labels: Sequence[str] = ()


@dataclass(frozen=True)
class PageMap:
    """A map of an image.

    Attributes:
        name: of the generator, as people call it, or of the attribute that it shows.
        is_control: it knows nothing of the model.
        source: URL of its picture over the model's view; None where the map is flat, so that there is nothing to draw.
        bright: where it is brightest, such as "at the top left".
        insertion_auc: area under the insertion curve, 0 to 1; None where not measured.
        deletion_auc: likewise.
        insertion_t: similarity at each step from the blank to the full image; none where not measured.
        deletion_t: from the full to the blank image, likewise.
        shows: what it shows, in words; empty for a generator's map of the match.
    """

    name: str
    is_control: bool
    source: str | None
    bright: str
    insertion_auc: float | None = None
    deletion_auc: float | None = None
    insertion_t: npt.NDArray[np.floating[Any]] | Sequence[float] = ()
    deletion_t: npt.NDArray[np.floating[Any]] | Sequence[float] = ()
    shows: str = ""


@dataclass(frozen=True)
class PageAttribute:
    """One attribute of the ranking; None where a value is not known.

    Attributes:
        attribute: its name.
        score: by which it is ranked, in the variant's own scale.
        is_labelled: the query is labelled with it.
        confidence: of the attribute model, as a share of the query's largest.
        map_match: how well its activation map fits the saliency map, 0 to 1.
        prior: how often it explains validation pairs, as a share of the largest.
        effect: predicted drop of the similarity without it.
        effect_low: lower end of its 95 % interval.
        effect_high: upper end.
        presence: estimated probability that the query has it.
        true_effect: measured drop of the similarity without it; rendered items only.
    """

    attribute: str
    score: float | None
    is_labelled: bool | None
    confidence: float | None = None
    map_match: float | None = None
    prior: float | None = None
    effect: float | None = None
    effect_low: float | None = None
    effect_high: float | None = None
    presence: float | None = None
    true_effect: float | None = None


@dataclass(frozen=True)
class SmallImage:
    """An image shown small: its name, and the URL of its picture."""

    name: str
    source: str


@dataclass(frozen=True)
class Replaced:
    """What was put in the query's place to see what one attribute is worth.

    Attributes:
        attribute: which the first images lack.
        effect: mean change of the similarity with these in the query's place; a drop is negative; None for none.
        matched_effect: the same less the change with images as far away that keep the attribute; None where unknown.
        lacking: the images without it, nearest first; none where they are not shown.
        keeping: the images that keep it.
    """

    attribute: str
    effect: float | None
    matched_effect: float | None
    lacking: Sequence[SmallImage] = ()
    keeping: Sequence[SmallImage] = ()


@dataclass(frozen=True)
class OtherPair:
    """Another pair of the same query.

    Attributes:
        href: of its page.
        reference: the other image.
        similarity: the model's score, None where unknown.
        attribute: that explains it; None where none does.
    """

    href: str
    reference: SmallImage
    similarity: float | None
    attribute: str | None


@dataclass(frozen=True)
class ReversePair:
    """The pair of the same images with their roles exchanged.

    Attributes:
        href: of its page.
        attribute: that is said to explain it; None where none is.
        is_answered: whether it was asked what explains it.
    """

    href: str
    attribute: str | None
    is_answered: bool = True


@dataclass(frozen=True)
class PageLinks:
    """Where a page leads to.

    Attributes:
        top: (words, URL) of the report's own pages.
        previous: URL of the previous pair's page, None for the first.
        following: URL of the next pair's page, None for the last.
        others: pairs of the same query.
        reverse: the pair the other way round; None where it is not in the run.
    """

    top: Sequence[tuple[str, str]] = ()
    previous: str | None = None
    following: str | None = None
    others: Sequence[OtherPair] = ()
    reverse: ReversePair | None = None


@dataclass(frozen=True)
class PairPage:
    """One pair.

    Attributes:
        query: the image that is explained.
        reference: the image that it matches.
        similarity: the model's score, None where unknown.
        condition: the two item types that they are compared as; None for none.
        answer: its row of the table `answers`, None where there is none.
        answer_set: its row of the table `answer_sets`, likewise.
        maps: of the query, the one that explanations use first.
        reference_map: of the reference, None where there is none.
        parts: which part of the query goes with which part of the reference, largest first.
        attributes: best first.
        firsts: attribute that each other variant names first, by variant.
        replaced: what was put in the query's place, None where not kept.
        outcome: the answer's row of the table `audit_outcomes`, None where no truth is known.
        notes: sentences on what is special here.
        links: where the page leads to.
    """

    query: PageImage
    reference: PageImage
    similarity: float | None
    condition: str | None
    answer: TableRow | None
    answer_set: TableRow | None = None
    maps: Sequence[PageMap] = ()
    reference_map: PageMap | None = None
    parts: Sequence[MatchPart] = ()
    attributes: Sequence[PageAttribute] = ()
    firsts: Mapping[str, str] | None = None
    replaced: Replaced | None = None
    outcome: TableRow | None = None
    notes: Sequence[str] = ()
    links: PageLinks = PageLinks()
