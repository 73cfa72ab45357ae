"""Tables of the maps that joint_map_passes measures: curves over passes, tests, and stopping by agreement of halves."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.joint_map_methods import METHODS, RISE
from pipeline.evaluation.bootstrap import Interval, Ratio, clustered_interval
from pipeline.evaluation.equivalence import equivalence

MARGIN = 0.003
# A one-sided test at 5 % that shows in 80 of 100 samples that nothing is lost, where nothing is.
NORMAL_OF_TEST, NORMAL_OF_POWER = 1.645, 0.842
THRESHOLDS = (0.5, 0.7, 0.8, 0.9)
SAMPLES = 1000
# Name, and whether larger is better.
MEASURES = {"insertion": True, "deletion": False, "AUROC": True}


@dataclass(frozen=True)
class MapKey:
    """Which map: a set of masks (scheme, grid), how many of them, and what is made of their passes."""

    scheme: str
    grid_cells: int
    passes: int
    method: str


@dataclass(frozen=True)
class MeasuredMaps:
    """What was measured of maps, queries in one order.

    Attributes:
        measures: by measure and map (query,), NaN where a query has none.
        halves: by passes (query,), rank correlation of the maps of the two halves of the masks.
        stopping: scheme and grid of those halves.
    """

    measures: Mapping[str, Mapping[MapKey, npt.NDArray[np.float64]]]
    halves: Mapping[int, npt.NDArray[np.float64]]
    stopping: tuple[str, int]

    def of_stopped(self, measure: str, method: str, passes_q: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """Return a measure (query,) of maps made of a number of passes of each query's own."""
        of_map = self.measures[measure]
        return np.array([of_map[MapKey(*self.stopping, n, method)][q] for q, n in enumerate(passes_q)])


def stopped_passes(halves: Mapping[int, npt.NDArray[np.float64]], threshold: float) -> npt.NDArray[np.int64]:
    """Return (query,): the fewest passes at which the halves agree better than a threshold, or the most there are.

    Args:
        halves: see MeasuredMaps.
        threshold: of the rank correlation.
    """
    most = max(halves)
    passes_q = np.full(len(halves[most]), most)
    for passes in sorted(halves, reverse=True):
        passes_q[halves[passes] > threshold] = passes
    return passes_q


def curve_table(found: MeasuredMaps, measure: str, base_of: Callable[[MapKey], MapKey]) -> str:
    """Return the table of one measure x 100: a row for each kind of map, a column for each number of passes.

    A cell: the figure, its difference from the base map on the same queries, and in brackets the end of a one-sided
    95 % interval of the difference on the side of worse; bold where that end is within the margin.
    """
    of_map = found.measures[measure]
    lengths = sorted({key.passes for key in of_map})
    kinds = dict.fromkeys((key.scheme, key.grid_cells, key.method) for key in of_map)
    lines = [f"| scheme, cells | map | {' | '.join(map(str, lengths))} |", "| --- " * 2 + "| --- " * len(lengths) + "|"]
    for scheme, cells, method in kinds:
        keys = [MapKey(scheme, cells, passes, method) for passes in lengths]
        texts = [_cell(of_map, key, base_of(key), MEASURES[measure]) if key in of_map else "" for key in keys]
        lines.append(f"| {scheme}, {cells} | {method} | {' | '.join(texts)} |")
    return "\n".join(lines)


def stopping_table(found: MeasuredMaps, base: MapKey, methods: Sequence[str] = METHODS) -> str:
    """Return the table of stopping where two halves agree: mean passes, and what the maps lose against the base."""
    heads = [name for name in MEASURES if name in found.measures]
    lines = [f"| halves agree above | mean passes | map | {' | '.join(heads)} |", "| --- " * (3 + len(heads)) + "|"]
    for threshold in THRESHOLDS:
        passes_q = stopped_passes(found.halves, threshold)
        for method in methods:
            texts = [
                _difference(found.of_stopped(name, method, passes_q), found.measures[name][base], MEASURES[name])
                for name in heads
            ]
            lines.append(f"| {threshold} | {passes_q.mean():.0f} | {method} | {' | '.join(texts)} |")
    return "\n".join(lines)


def queries_needed(found_q: npt.NDArray[np.float64], base_q: npt.NDArray[np.float64]) -> int | None:
    """Return how many queries show in 80 of 100 samples that less than the margin is lost, if nothing is.

    By the spread of the differences, None of fewer than two; queries without a value do not count.
    """
    differences_q = (found_q - base_q)[np.isfinite(found_q - base_q)]
    if len(differences_q) < 2:
        return None
    spread = float(differences_q.std(ddof=1))
    return int(np.ceil(((NORMAL_OF_TEST + NORMAL_OF_POWER) * spread / MARGIN) ** 2))


def queries_table(found: MeasuredMaps, base: MapKey) -> str:
    """Return the table of queries_needed by measure, a row for each kind of map."""
    lengths = sorted({key.passes for of_map in found.measures.values() for key in of_map} - {base.passes})
    lines = [
        f"| measure | scheme, cells | map | {' | '.join(map(str, lengths))} |",
        "| --- " * (3 + len(lengths)) + "|",
    ]
    for measure, of_map in found.measures.items():
        for scheme, cells, method in dict.fromkeys((key.scheme, key.grid_cells, key.method) for key in of_map):
            keys = [MapKey(scheme, cells, passes, method) for passes in lengths]
            needed = [queries_needed(of_map[key], of_map[base]) if key in of_map else None for key in keys]
            texts = ["" if number is None else str(number) for number in needed]
            lines.append(f"| {measure} | {scheme}, {cells} | {method} | {' | '.join(texts)} |")
    return "\n".join(lines)


def agreement_table(agreements: Mapping[MapKey, npt.NDArray[np.float64]]) -> str:
    """Return the table of rank correlations with maps of very many masks, means over queries."""
    lengths = sorted({key.passes for key in agreements})
    lines = [f"| scheme, cells | map | {' | '.join(map(str, lengths))} |", "| --- " * 2 + "| --- " * len(lengths) + "|"]
    for scheme, cells, method in dict.fromkeys((key.scheme, key.grid_cells, key.method) for key in agreements):
        keys = [MapKey(scheme, cells, passes, method) for passes in lengths]
        texts = [f"{agreements[key].mean():.3f}" if key in agreements else "" for key in keys]
        lines.append(f"| {scheme}, {cells} | {method} | {' | '.join(texts)} |")
    return "\n".join(lines)


def same_passes(key: MapKey) -> MapKey:
    """Return RISE's map of the same passes."""
    return MapKey(key.scheme, key.grid_cells, key.passes, RISE)


def not_worse(
    found_q: npt.NDArray[np.float64], base_q: npt.NDArray[np.float64], larger_is_better: bool
) -> tuple[Interval, bool]:
    """Return the difference with its 90 % interval over queries, and whether it is worse by less than the margin.

    The interval's worse end is that of a one-sided test at 5 %.
    """
    ones_q = np.ones(len(found_q))
    test = equivalence(
        (Ratio(found_q, ones_q), Ratio(base_q, ones_q)), np.arange(len(found_q)), MARGIN, seed=0, samples=SAMPLES
    )
    return test.interval, test.is_not_lower if larger_is_better else test.is_not_higher


def _cell(of_map: Mapping[MapKey, npt.NDArray[np.float64]], key: MapKey, base: MapKey, larger_is_better: bool) -> str:
    figure = clustered_interval(of_map[key], np.arange(len(of_map[key])), seed=0, samples=1).value
    if key == base:
        return f"{100 * figure:.1f}"
    return f"{100 * figure:.1f}, {_difference(of_map[key], of_map[base], larger_is_better)}"


def _difference(found_q: npt.NDArray[np.float64], base_q: npt.NDArray[np.float64], larger_is_better: bool) -> str:
    interval, is_within = not_worse(found_q, base_q, larger_is_better)
    end = interval.low if larger_is_better else interval.high
    text = f"{100 * interval.value:+.2f} ({100 * end:+.2f})"
    return f"**{text}**" if is_within else text
