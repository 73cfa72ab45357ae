"""Do soft superpixel cells or half-size passes save RISE passes? Curves over passes, and what so many queries can tell.

    python -m benchmarks.fewer_passes CONFIG [key=value ...] [queries=150] [exact=6] [exact_masks=8000] [steps=10]

Reads the model, images and pairs of a finished run (--until similarities.test is enough; of rendered items
--until true_effects.test). A type-aware model compares a pair under its condition. Maps of the query against the
reference as it is, from the same number of passes, or what costs as much:

* papers: independent masks, averaged, as many as 2,000; what all others are compared with.
* balanced: pairs of complements, regressed on.
* superpixels: likewise, cells being the query's own soft superpixels (benchmarks/superpixel_masks.py).
* half size: images and balanced masks at half the resolution, a quarter of a pass each (by pixels; the measured ratio
  of times is printed), but for the most passes; the reference is as it is.
* half size, corrected: half of the cost goes into passes at full size, which correct the map.

Pairs are those of joint_map_passes. Prints insertion and deletion, of rendered items AUROC for the cause with the
largest effect; how many queries it would take to show that nothing is lost; and the rank correlation with maps of very
many balanced masks. Interrupted, it prints the tables of the queries so far.
"""

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.half_size_passes import COST, corrected_map, halved_image, halved_masks, score_map
from benchmarks.joint_map_methods import RISE, CuttableMasks, Floats
from benchmarks.joint_map_pairs import cause_regions, measures_of_maps, walked_pairs
from benchmarks.joint_map_passes import GRID_CELLS, rank_correlation
from benchmarks.joint_map_tables import MapKey, MeasuredMaps, agreement_table, curve_table, queries_table
from benchmarks.rise_schemes import Explained, options_and_overrides
from benchmarks.superpixel_masks import SuperpixelMasks, soft_superpixels
from flows.settings.configuration import Settings
from flows.settings.file import load_settings
from pipeline.saliency.perturbations import MaskSource
from pipeline.saliency.perturbed_embeddings import embed_perturbations
from pipeline.saliency.rise.maps import BALANCED_REGRESSION, PAPERS

SUPERPIXELS, HALF_SIZE, CORRECTED = "superpixels", "half size", "half size, corrected"
OPTIONS = {"queries": 150, "exact": 6, "exact_masks": 8000, "steps": 10}
MEASURES = ("insertion", "deletion", "AUROC")
PROGRESS_QUERIES = 10
Pair = tuple[str, str]
Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PassNumbers:
    """How many passes are tried.

    Attributes:
        papers: independent masks; maps of the most of them are what all others are compared with.
        fewer: passes of the others, each twice the one before.
    """

    papers: tuple[int, ...] = (100, 200, 400, 800, 2000)
    fewer: tuple[int, ...] = (100, 200, 400, 800)

    @property
    def base(self) -> MapKey:
        """The map that all others are compared with."""
        return MapKey(PAPERS, GRID_CELLS, self.papers[-1], RISE)

    @property
    def keys(self) -> list[MapKey]:
        """All maps, in the order of QueryPasses.maps."""
        kinds = [(PAPERS, self.papers), (BALANCED_REGRESSION, self.fewer), (SUPERPIXELS, self.fewer)]
        kinds += [(HALF_SIZE, self.fewer[:-1]), (CORRECTED, self.fewer)]
        return [MapKey(kind, GRID_CELLS, passes, RISE) for kind, numbers in kinds for passes in numbers]


DEFAULT_NUMBERS = PassNumbers()


class QueryPasses:
    """Maps of queries by every kind of passes.

    Attributes:
        spent: seconds and passes at full and at half size.
    """

    def __init__(self, explained: Explained, numbers: PassNumbers) -> None:
        self._explained, self._numbers = explained, numbers
        self._papers = CuttableMasks(PAPERS, numbers.papers, GRID_CELLS, explained.size)
        most = numbers.fewer[-1]
        # As many masks as `fewer` says, half as many to correct with, and what half of the cost is at half size.
        lengths = (numbers.fewer[0] // 2, *numbers.fewer, round(most / 2 / COST))
        self._balanced = CuttableMasks(BALANCED_REGRESSION, lengths, GRID_CELLS, explained.size)
        self._subsets = {length: self._balanced.first(length) for length in lengths}
        self._papers_subsets = [self._papers.first(length) for length in numbers.papers]
        self._halved = halved_masks(self._balanced.draws)
        self._exact: CuttableMasks | None = None
        self.spent = {"full": [0.0, 0], "half": [0.0, 0]}

    def maps(self, pair: Pair) -> Floats:
        """Return float (map, y, x) in the order of PassNumbers.keys."""
        pixels_hwc = self._explained.images.of(pair[0])
        papers_n = self._scores(pair, pixels_hwc, self._papers.draws)
        full_n = self._of_balanced(pair, pixels_hwc)
        half_n = self._scores(pair, halved_image(pixels_hwc), self._halved, "half")
        superpixels = SuperpixelMasks(soft_superpixels(pixels_hwc, GRID_CELLS**2), self._numbers.fewer)
        superpixels_n = self._scores(pair, pixels_hwc, superpixels.masks)
        subsets, fewer = self._subsets, self._numbers.fewer
        return np.stack(
            [
                *(score_map(subset, papers_n) for subset in self._papers_subsets),
                *(score_map(subsets[passes], full_n) for passes in fewer),
                *(superpixels.rise_map(superpixels_n, passes) for passes in fewer),
                *(score_map(subsets[round(passes / COST)], half_n) for passes in fewer[:-1]),
                *(
                    corrected_map(full_n, half_n, subsets[passes // 2], subsets[round(passes / 2 / COST)])
                    for passes in fewer
                ),
            ]
        )

    def exact_map(self, pair: Pair, masks: int) -> Floats:
        """Return float (y, x), the map of very many balanced masks."""
        if self._exact is None:
            self._exact = CuttableMasks(BALANCED_REGRESSION, (masks,), GRID_CELLS, self._explained.size)
        subset = self._exact.first(masks)
        return score_map(subset, self._scores(pair, self._explained.images.of(pair[0]), self._exact.draws))

    def _of_balanced(self, pair: Pair, pixels_hwc: np.ndarray) -> Floats:
        """Return the scores of the first balanced masks at full size, in the order of the whole set."""
        most = self._subsets[self._numbers.fewer[-1]]
        scores_n = np.empty(len(most.draws))
        scores_n[most.places_n] = self._scores(pair, pixels_hwc, most.draws, "full")
        return scores_n

    def _scores(self, pair: Pair, pixels_hwc: np.ndarray, masks: MaskSource, timed: str | None = None) -> Floats:
        explained, started = self._explained, time.monotonic()
        embeddings_nd = embed_perturbations(explained.scorer, pixels_hwc, masks, explained.fill).cpu().numpy()
        if timed is not None:
            self.spent[timed][0] += time.monotonic() - started
            self.spent[timed][1] += len(masks)
        compared_nd = explained.compared(embeddings_nd, pair).astype(np.float64)
        scores_n: Floats = compared_nd @ explained.reference(pair).astype(np.float64)
        return scores_n

    @property
    def measured_cost(self) -> float:
        """What a pass at half size took of one at full size."""
        (full_s, full), (half_s, half) = self.spent["full"], self.spent["half"]
        return (half_s / half) / (full_s / full)


def main() -> int:
    """Print all tables."""
    options, overrides = options_and_overrides(sys.argv[2:], OPTIONS)
    print(measured_tables(load_settings(Path(sys.argv[1]), overrides), options))
    return 0


def measured_tables(settings: Settings, options: Mapping[str, int], numbers: PassNumbers = DEFAULT_NUMBERS) -> str:
    """Return the tables of a run's maps as Markdown."""
    explained = Explained(settings)
    passes = QueryPasses(explained, numbers)
    regions = cause_regions(settings) if settings.dataset.kind == "planted" else {}
    measured: list[Doubles] = []
    agreements: list[list[float]] = []
    started, chosen = time.monotonic(), walked_pairs(explained.queries)[: options["queries"]]
    try:
        for number, pair in enumerate(chosen):
            maps_khw = passes.maps(pair)
            if number < options["exact"]:
                exact_hw = passes.exact_map(pair, options["exact_masks"])
                agreements.append([rank_correlation(map_hw, exact_hw) for map_hw in maps_khw])
            measured.append(measures_of_maps(explained, pair, maps_khw, regions.get(pair), options["steps"]))
            if (number + 1) % PROGRESS_QUERIES == 0:
                done = f"{number + 1} of {len(chosen)} queries, {time.monotonic() - started:.0f} s"
                print(done, file=sys.stderr, flush=True)
    except KeyboardInterrupt:
        print(f"interrupted after {len(measured)} queries", file=sys.stderr, flush=True)
    head = f"{len(measured)} queries; a half-size pass took {passes.measured_cost:.2f} of a full-size one"
    return "\n\n".join([head, *_tables(np.stack(measured), np.array(agreements), numbers, bool(regions))])


def _tables(measures_qmk: Doubles, agreements_qk: Doubles, numbers: PassNumbers, with_auroc: bool) -> Sequence[str]:
    names, keys = MEASURES[: 3 if with_auroc else 2], numbers.keys
    measures = {
        name: {key: measures_qmk[:, number, k] for k, key in enumerate(keys)} for number, name in enumerate(names)
    }
    measured = MeasuredMaps(measures, {}, (BALANCED_REGRESSION, GRID_CELLS))
    parts, base = [], numbers.base
    for name in names:
        parts += [f"{name}, less {base.passes} masks of the papers", curve_table(measured, name, lambda _: base)]
    parts += ["Queries that it would take", queries_table(measured, base)]
    if len(agreements_qk):
        of_maps = {key: agreements_qk[:, k] for k, key in enumerate(keys)}
        parts += [f"Rank correlation, {len(agreements_qk)} queries", agreement_table(of_maps)]
    return parts


if __name__ == "__main__":
    sys.exit(main())
