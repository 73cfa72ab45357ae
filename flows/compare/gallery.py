"""The pairs of the page: those whose answer changes first, each with what both models say of it."""

from pathlib import Path

from flows.compare.map_lookup import MapLookup
from flows.compare.measures import ANSWERS, SIMILARITIES, has_answers, read_answers
from flows.compare.shared_pairs import SharedPairs
from flows.compare.sides import Side
from flows.readers.image_lookup import PixelLookup
from flows.readers.saliency_maps import maps_stage
from flows.readers.shown_images import Photographs, ShownImages
from flows.stages.report import PHOTOGRAPHS
from pipeline.randomness import derive_seed
from pipeline.report.comparison_page.evidence import ShownPair, ShownSide

SHOWN = 24
# As many of them as there are change their answer, as long as some are left that do not.
_CHANGED = 18


def read_gallery(first: Side, second: Side, shared: SharedPairs) -> list[ShownPair]:
    """Return up to 24 pairs, chosen by the first side's seed and the pairs' ids alone.

    Raises:
        StoreError: a store cannot be read.
    """
    is_changed = _changed(first, second, shared)
    readers = (_SideReader(first), _SideReader(second))
    shown = []
    for row in _chosen(shared, is_changed, first.seed):
        query, reference = shared.queries[row], shared.references[row]
        sides = [reader.of(shared.pair_ids[row], query) for reader in readers]
        image = readers[0].images.of(reference)
        shown.append(ShownPair(shared.pair_ids[row], query, reference, image, is_changed[row], *sides))
    return shown


def _changed(first: Side, second: Side, shared: SharedPairs) -> list[bool]:
    """Return whether the answer of each pair changes; where either has no answers none does."""
    if not (has_answers(first) and has_answers(second)):
        return [False] * len(shared.pair_ids)
    answers = (read_answers(first), read_answers(second))
    return [
        answers[0][row] != answers[1][other] for row, other in zip(shared.first_rows, shared.second_rows, strict=True)
    ]


def _chosen(shared: SharedPairs, is_changed: list[bool], seed: int) -> list[int]:
    drawn = sorted(range(len(is_changed)), key=lambda row: derive_seed(seed, "compared", shared.pair_ids[row]))
    changed = [row for row in drawn if is_changed[row]]
    same = [row for row in drawn if not is_changed[row]]
    n_changed = min(len(changed), max(_CHANGED, SHOWN - len(same)))
    return changed[:n_changed] + same[: SHOWN - n_changed]


class _SideReader:
    """What one model says of single pairs."""

    def __init__(self, side: Side) -> None:
        upstream = side.upstream
        self.images = _shown_images(side)
        answers = upstream.rows(ANSWERS, "answers") if has_answers(side) else []
        self._answers = {row["pair_id"]: row for row in answers}
        rows = upstream.rows(SIMILARITIES, "similarities") if SIMILARITIES in upstream.manifests else []
        self._similarities = {row["pair_id"]: row["similarity"] for row in rows}
        generator, mode = side.facts["supervision"]
        is_made = maps_stage(generator, mode) in upstream.manifests
        self._maps = MapLookup(upstream, generator, mode) if is_made else None

    def of(self, pair_id: str, query: str) -> ShownSide:
        """Return what the model says of a pair."""
        has_map = self._maps is not None and pair_id in self._maps
        return ShownSide(
            self._similarities.get(pair_id),
            self.images.of(query),
            self._maps.of(pair_id) if self._maps is not None and has_map else None,
            self._answers.get(pair_id),
        )


def _shown_images(side: Side) -> ShownImages:
    """Return photographs of what is current; of a recorded run the model's views, since how it fitted may be past."""
    upstream, dataset = side.upstream, side.settings.dataset
    views = PixelLookup(upstream, upstream.shard_of_rows("images", "images", "image_id", "test"))
    photographs = None
    if side.run is None and dataset.declared.has_photographs and dataset.root is not None:
        decoding = {key: getattr(dataset, key) for key in PHOTOGRAPHS}
        photographs = Photographs(Path(dataset.root), dataset.follow_links_to, decoding)
    return ShownImages(views, upstream.rows("images", "images", "test"), photographs)
