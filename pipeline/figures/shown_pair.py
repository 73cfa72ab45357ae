"""What every figure of pairs says of a pair, and how captions say which pairs they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.figures.sheet import Tile
from pipeline.report.number_text import count_text, number_text
from pipeline.report.overlays import plain_view
from pipeline.report.shown_image import ShownImage


@dataclass(frozen=True)
class ShownPair:
    """One pair of a figure.

    Attributes:
        pair_id: of the pair.
        query: image id.
        reference: image id.
        query_label: class or item type.
        reference_label: likewise.
        similarity: the model's score.
        query_image: as it is shown.
        reference_image: likewise.
    """

    pair_id: str
    query: str
    reference: str
    query_label: str
    reference_label: str
    similarity: float
    query_image: ShownImage
    reference_image: ShownImage

    def query_tile(self, *lines: str, title: str = "") -> Tile:
        """Return the query's picture over its label and further lines."""
        return Tile(plain_view(self.query_image), title, (self.query_label, *lines))

    def reference_tile(self, *lines: str, title: str = "") -> Tile:
        """Return the reference's picture, likewise."""
        return Tile(plain_view(self.reference_image), title, (self.reference_label, *lines))

    def score_line(self) -> str:
        """Return the similarity in words."""
        return f"similarity {number_text(self.similarity, decimals=3)}"

    def caption_line(self, *facts: str) -> str:
        """Return which pair it is, with further facts, on one line."""
        who = f"{self.pair_id}: query {one_line(self.query)}, reference {one_line(self.reference)}, {self.score_line()}"
        return "; ".join((who, *(one_line(fact) for fact in facts)))


def chosen_by(shown: int, candidates: int, seed: int) -> str:
    """Return how pairs were chosen among candidates, a sentence: by `pipeline.report.cards.choose_pairs`."""
    return (
        f"{count_text(shown)} of {count_text(candidates)}, drawn by seed {seed} and the ids of pairs and images alone, "
        "labels taking turns and each query coming once before any comes again; none was chosen by hand."
    )


OTHERS_APART: Final = "Those on the right have other queries and labels than those on the left, where there are such."


def numbered(lines: Sequence[str]) -> str:
    """Return lines with numbers before them, from 1."""
    return "\n".join(f"{number}. {line}" for number, line in enumerate(lines, start=1))


def substitutes_note(pairs: Sequence[ShownPair]) -> tuple[str, ...]:
    """Return how many images are shown as the model sees them because their files are gone; nothing without any."""
    images = {}
    for pair in pairs:
        images[pair.query], images[pair.reference] = pair.query_image, pair.reference_image
    count = sum(image.is_substitute for image in images.values())
    if not count:
        return ()
    return (f"Of {count_text(count)} images the photograph is not there any more; the model's view stands in.",)


def one_line(text: str) -> str:
    """Return a text with control characters and line breaks written out."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)
