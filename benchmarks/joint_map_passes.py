"""Do maps that use both images' passes beat RISE's of the same passes, and how few passes do they need?

    python -m benchmarks.joint_map_passes CONFIG [key=value ...] [queries=80] [exact=8] [exact_masks=8000] [steps=10]

Reads the model, images and pairs of a finished run (--until similarities.test is enough; of rendered items
--until true_effects.test). A type-aware model compares a pair under its condition. Maps of the query at pixel level:
RISE's; the sum of positive joint effects with the cells of the reference; the leading singular vector of these; RISE's
from effects cut to 1 to 3 singular directions. Prints insertion and deletion over the number of passes, of rendered
items AUROC for the cause with the largest effect, all against 2,000 independent masks and against RISE's map of the
same passes; what stopping does as soon as two halves of the masks agree; and the rank correlation with RISE's maps of
very many masks (balanced, with regression).

Pairs are walked along: the reference of a pair is the next query, so that an image's passes serve both of its roles.
"""

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.stats import spearmanr

from benchmarks.joint_map_methods import METHODS, RISE, CuttableMasks, query_maps
from benchmarks.joint_map_pairs import cause_regions, measures_of_maps, walked_pairs
from benchmarks.joint_map_tables import (
    MapKey,
    MeasuredMaps,
    agreement_table,
    curve_table,
    same_passes,
    stopping_table,
)
from benchmarks.rise_schemes import Explained, options_and_overrides
from flows.settings.configuration import Settings
from flows.settings.file import load_settings
from pipeline.saliency.perturbed_embeddings import embed_perturbations
from pipeline.saliency.rise.maps import BALANCED_REGRESSION, PAPERS
from pipeline.saliency.rise.masks import MaskDraws

GRID_CELLS = 8
COARSE_GRIDS = (6, 7)
OPTIONS = {"queries": 80, "exact": 8, "exact_masks": 8000, "steps": 10}
PROGRESS_QUERIES = 10
Floats = npt.NDArray[np.floating]


@dataclass(frozen=True)
class MaskNumbers:
    """How many masks are tried.

    Attributes:
        papers: independent ones; maps of the most of them are what all others are compared with.
        balanced: each number but the first twice the one before, so that two halves can be compared.
        coarse: balanced ones of COARSE_GRIDS.
    """

    papers: tuple[int, ...] = (100, 200, 400, 800, 2000)
    balanced: tuple[int, ...] = (100, 200, 400, 800)
    coarse: tuple[int, ...] = (200,)

    @property
    def base(self) -> MapKey:
        """The map that all others are compared with."""
        return MapKey(PAPERS, GRID_CELLS, self.papers[-1], RISE)


DEFAULT_NUMBERS = MaskNumbers()


@dataclass(frozen=True)
class MeasuredQuery:
    """What was measured of one query: (measure, map), agreement of halves by passes, and with the exact map."""

    measures_mk: Floats
    halves: Mapping[int, float]
    agreements_k: Floats | None


def main() -> int:
    """Print all tables."""
    options, overrides = options_and_overrides(sys.argv[2:], OPTIONS)
    print(measured_tables(load_settings(Path(sys.argv[1]), overrides), options))
    return 0


def measured_tables(settings: Settings, options: Mapping[str, int], numbers: MaskNumbers = DEFAULT_NUMBERS) -> str:
    """Return the tables of a run's maps as Markdown."""
    explained = Explained(settings)
    passes = PairPasses(explained, numbers, options["exact_masks"] if options["exact"] else 0)
    regions = cause_regions(settings) if settings.dataset.kind == "planted" else {}
    found, started = [], time.monotonic()
    chosen = walked_pairs(explained.queries)[: options["queries"]]
    for number, (query, reference) in enumerate(chosen):
        found.append(_measured(passes, (query, reference), regions, options["steps"], number < options["exact"]))
        if (number + 1) % PROGRESS_QUERIES == 0:
            done = f"{number + 1} of {len(chosen)} queries, {time.monotonic() - started:.0f} s"
            print(done, file=sys.stderr, flush=True)
    return _tables(found, passes.keys, numbers.base, bool(regions))


class PairPasses:
    """Maps of pairs; an image is passed once, whatever its role."""

    def __init__(self, explained: Explained, numbers: MaskNumbers, exact_masks: int) -> None:
        size = explained.size
        self.explained = explained
        self._sets = [
            CuttableMasks(PAPERS, numbers.papers, GRID_CELLS, size),
            CuttableMasks(BALANCED_REGRESSION, numbers.balanced, GRID_CELLS, size),
            *(CuttableMasks(BALANCED_REGRESSION, numbers.coarse, cells, size) for cells in COARSE_GRIDS),
        ]
        self._subsets = [[masks.first(length) for length in masks.lengths] for masks in self._sets]
        self._halves = {length: self._sets[1].halves(length) for length in numbers.balanced[1:]}
        self._exact = None
        if exact_masks:
            self._exact = CuttableMasks(BALANCED_REGRESSION, (exact_masks,), GRID_CELLS, size).first(exact_masks)
        self._passed: dict[str, list[Floats]] = {}
        self.keys = [
            MapKey(masks.scheme, masks.grid_cells, length, method)
            for masks in self._sets
            for length in masks.lengths
            for method in METHODS
        ]

    def maps(self, query: str, reference: str) -> Floats:
        """Return float (map, y, x) in the order of `keys`."""
        pair = (query, reference)
        both = zip(self._subsets, self._compared(query, pair), self._compared(reference, pair), strict=True)
        reference_d = self.explained.reference(pair)
        return np.concatenate(
            [
                query_maps(subset, query_nd, reference_nd, reference_d)
                for subsets, query_nd, reference_nd in both
                for subset in subsets
            ]
        )

    def halves(self, query: str, reference: str) -> dict[int, float]:
        """Return by passes the rank correlation of RISE's maps of the two halves of the balanced masks."""
        reference_d = self.explained.reference((query, reference))
        query_nd = self._compared(query, (query, reference))[1]
        return {
            length: rank_correlation(*(half.rise_map(query_nd, reference_d) for half in both))
            for length, both in self._halves.items()
        }

    def exact_map(self, query: str, reference: str) -> Floats:
        """Return float (y, x), RISE's map of very many masks, which are passed for this query alone."""
        assert self._exact is not None, "asked for without exact masks"
        pair = (query, reference)
        embeddings_nd = self.explained.compared(self._embed(query, self._exact.draws), pair)
        return self._exact.rise_map(embeddings_nd, self.explained.reference(pair))

    def _compared(self, image: str, pair: tuple[str, str]) -> list[Floats]:
        """Return embeddings (mask, D) of one of the pair's images under every set, as the pair is compared."""
        return [self.explained.compared(own_nd, pair) for own_nd in self._embeddings(image)]

    def _embeddings(self, image: str) -> list[Floats]:
        if image not in self._passed:
            self._passed[image] = [self._embed(image, masks.draws) for masks in self._sets]
        return self._passed[image]

    def _embed(self, image: str, draws: MaskDraws) -> Floats:
        explained = self.explained
        pixels_hwc = explained.images.of(image)
        found: Floats = embed_perturbations(explained.scorer, pixels_hwc, draws, explained.fill).cpu().numpy()
        return found


def rank_correlation(first_hw: Floats, second_hw: Floats) -> float:
    """Return Spearman's correlation of two maps over pixels."""
    return float(spearmanr(first_hw.ravel(), second_hw.ravel()).statistic)


def _measured(
    passes: PairPasses,
    pair: tuple[str, str],
    regions: Mapping[tuple[str, str], npt.NDArray[np.bool_]],
    steps: int,
    is_exact: bool,
) -> MeasuredQuery:
    query, reference = pair
    maps_khw = passes.maps(query, reference)
    measures_mk = measures_of_maps(passes.explained, pair, maps_khw, regions.get(pair), steps)
    agreements_k = None
    if is_exact:
        exact_hw = passes.exact_map(query, reference)
        agreements_k = np.array([rank_correlation(map_hw, exact_hw) for map_hw in maps_khw])
    return MeasuredQuery(measures_mk, passes.halves(query, reference), agreements_k)


def _tables(found: Sequence[MeasuredQuery], keys: Sequence[MapKey], base: MapKey, with_auroc: bool) -> str:
    names = ("insertion", "deletion", "AUROC")[: 3 if with_auroc else 2]
    measures = {
        name: {key: np.array([one.measures_mk[number, k] for one in found]) for k, key in enumerate(keys)}
        for number, name in enumerate(names)
    }
    halves = {length: np.array([one.halves[length] for one in found]) for length in found[0].halves}
    measured = MeasuredMaps(measures, halves, (BALANCED_REGRESSION, GRID_CELLS))
    parts = [
        f"{len(found)} queries with a reference each, x 100; in brackets the worse end of a one-sided 95 % interval"
    ]
    for name in names:
        parts += [f"{name}, less {base.passes} masks of the papers", curve_table(measured, name, lambda _: base)]
        parts += [f"{name}, less RISE's map of the same passes", curve_table(measured, name, same_passes)]
    parts += ["Stopping where halves agree, less the papers' masks", stopping_table(measured, base)]
    exact = [one.agreements_k for one in found if one.agreements_k is not None]
    if exact:
        of_maps = {key: np.array([agreements_k[k] for agreements_k in exact]) for k, key in enumerate(keys)}
        parts += [f"Rank correlation with maps of very many masks, {len(exact)} queries", agreement_table(of_maps)]
    return "\n\n".join(parts)


if __name__ == "__main__":
    sys.exit(main())
