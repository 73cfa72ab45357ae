"""The same few pairs under every generator and mode, side by side: which pairs, and their pictures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.report.cards import choose_pairs
from pipeline.report.evidence import GalleryPair
from pipeline.report.generator_names import generator_name
from pipeline.report.number_text import number_text
from pipeline.report.overlays import image_uri, overlay_uri
from pipeline.report.table_row import TableRow

QUERIES = 3
PAIRS_OF_QUERY = 2
_SIZE_PX = 128


@dataclass(frozen=True)
class GalleryLine:
    """One line of the gallery: a name, a note printed small, and a picture of each pair (None: flat, or none)."""

    name: str
    note: str
    pictures: tuple[str | None, ...]


@dataclass(frozen=True)
class Gallery:
    """Pairs across, generators and modes down; `captions` are those of the pairs."""

    captions: tuple[str, ...]
    lines: tuple[GalleryLine, ...]


def choose_gallery(pairs: Sequence[TableRow], labels: Mapping[str, str], seed: int) -> list[TableRow]:
    """Return up to two pairs of each of three queries, chosen as the cards are: by seed and ids alone.

    Two pairs of one query show what a change of the reference does to its maps, so queries that have two come first.
    """
    by_query: dict[str, list[TableRow]] = {}
    for pair in choose_pairs(pairs, labels, seed, count=len(pairs)):
        by_query.setdefault(pair["query"], []).append(pair)
    ordered = sorted(by_query.values(), key=lambda found: len(found) < PAIRS_OF_QUERY)
    return [pair for found in ordered[:QUERIES] for pair in found[:PAIRS_OF_QUERY]]


def make_gallery(pairs: Sequence[GalleryPair], generators: Sequence[tuple[str, str]]) -> Gallery | None:
    """Return the pictures of pairs under each generator and mode that has a map of any; None without two of these."""
    shown = [key for key in generators if any(key in pair.maps for pair in pairs)]
    if len(shown) < 2:
        return None
    lines = [
        GalleryLine("query", "", tuple(image_uri(pair.query_image, _SIZE_PX) for pair in pairs)),
        GalleryLine("reference", "", tuple(image_uri(pair.reference_image, _SIZE_PX) for pair in pairs)),
    ]
    for generator, mode in shown:
        maps = [pair.maps.get((generator, mode)) for pair in pairs]
        pictures = tuple(
            None if map_hw is None else overlay_uri(pair.query_image, map_hw, _SIZE_PX)
            for pair, map_hw in zip(pairs, maps, strict=True)
        )
        lines.append(GalleryLine(generator_name(generator), mode, pictures))
    return Gallery(tuple(f"similarity {number_text(pair.similarity, decimals=3)}" for pair in pairs), tuple(lines))
