"""How much it matters what removed pixels become: maps of the same matches with each fill, side by side.

    sane run CONFIG --until similarity_model
    python -m benchmarks.fill_effect CONFIG [--queries 24] [--generators sliding_window rise] [--set key=value]

Reads the images and the similarity model of a run, and explains test images against the image that the model itself
finds most similar. By generator and fill it prints, with 95 % intervals over queries:
1. the mean rank correlation of a map with that of the mean colour; beside it, where masks are drawn, the correlation
   of two seeds with the mean colour both, which is what noise alone costs;
2. of queries of which between a twentieth and nineteen twentieths are white background (all channels at least 250):
   the share of the positive saliency that lies on it, beside its share of the area; and in how many of them a pixel
   of the background is more salient on average than one of the item.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.randomisation_sanity import read_scorer
from flows.auto_compute.resolve import resolved
from flows.configured_runs import ConfiguredRun
from flows.engine.upstream import Upstream
from flows.settings.file import load_settings
from pipeline.evaluation.bootstrap import Interval, clustered_interval
from pipeline.evaluation.precision.agreement import ComparedQuery, with_nearest_references
from pipeline.evaluation.reference_dependence import map_rank_correlations
from pipeline.saliency.build import build_generator
from pipeline.saliency.catalogue import GENERATORS
from pipeline.saliency.contract import SaliencyRequest
from pipeline.saliency.declaration import FIXED
from pipeline.saliency.fill import BLACK, BLUR, MEAN, Fill
from pipeline.similarity.scorer import SimilarityScorer

WHITE_FROM = 250
LEAST_BACKGROUND, MOST_BACKGROUND = 0.05, 0.95
# Images among which queries and their references are found.
SAMPLE_IMAGES = 600
OTHER_SEED = 1
# Enough for a comparison of fills, and affordable for a model that is slow.
SPECS: dict[str, dict[str, Any]] = {
    "sliding_window": {"windows_per_side": 11},
    "rise": {"masks": 200, "scheme": "balanced_regression"},
    "lime": {"samples": 200},
    "mask": {"iterations": 100},
}


@dataclass(frozen=True)
class FillEffect:
    """What a fill does to the maps of a generator, each figure with its interval over queries.

    Attributes:
        agreement: mean rank correlation with the maps of the mean colour.
        on_background: share of the positive saliency on the white background.
        background_first: share of queries whose background is more salient than their item.
    """

    agreement: Interval
    on_background: Interval
    background_first: Interval


def fills_of(canvas_rgb: Sequence[int]) -> dict[str, Fill]:
    """Return the fills that are compared, by name, the mean colour first."""
    return {"mean": MEAN, "canvas": canvas_rgb, "blur": BLUR, "black": BLACK}


def background_of(pixels_hwc: np.ndarray) -> np.ndarray | None:
    """Return bool (y, x), True on the white background; None where that is nearly nothing or nearly all."""
    is_white_hw: np.ndarray = pixels_hwc.min(axis=2) >= WHITE_FROM
    return is_white_hw if LEAST_BACKGROUND <= is_white_hw.mean() <= MOST_BACKGROUND else None


def share_on(map_hw: np.ndarray, is_background_hw: np.ndarray) -> float:
    """Return the share of the positive saliency that lies on the background; NaN where none is positive."""
    positive_hw = np.maximum(map_hw.astype(np.float64), 0)
    total = positive_hw.sum()
    return float(positive_hw[is_background_hw].sum() / total) if total > 0 else float("nan")


def compare_fills(maps_fqhw: np.ndarray, pixels_qhwc: Sequence[np.ndarray], first: np.ndarray) -> list[FillEffect]:
    """Return what each fill does.

    Args:
        maps_fqhw: float (fill, query, y, x).
        pixels_qhwc: uint8 (y, x, 3) of each query.
        first: float (query, y, x), the maps that all are compared with.
    """
    backgrounds = [background_of(pixels) for pixels in pixels_qhwc]
    found = []
    for maps_qhw in maps_fqhw:
        agreements = [
            map_rank_correlations(one[None], other[None])[0, 0] for one, other in zip(maps_qhw, first, strict=True)
        ]
        shares, is_first = [], []
        for map_hw, is_background_hw in zip(maps_qhw, backgrounds, strict=True):
            if is_background_hw is not None:
                shares.append(share_on(map_hw, is_background_hw))
                is_first.append(float(map_hw[is_background_hw].mean() > map_hw[~is_background_hw].mean()))
        found.append(FillEffect(_interval(agreements), _interval(shares), _interval(is_first)))
    return found


def mean_background(pixels_qhwc: Sequence[np.ndarray]) -> Interval:
    """Return the background's share of the area, of the queries that have one."""
    backgrounds = [background_of(pixels) for pixels in pixels_qhwc]
    return _interval([float(one.mean()) for one in backgrounds if one is not None])


def maps_with(
    fill: Fill, generator: str, scorer: SimilarityScorer, queries: Sequence[ComparedQuery], seed: int
) -> np.ndarray:
    """Return float32 maps (query, y, x), each against the query's first reference."""
    size_px = queries[0].pixels_hwc.shape[0]
    generate = build_generator(generator, FIXED, {**SPECS.get(generator, {}), "fill": fill}, seed, scorer, size_px)
    requests = [
        SaliencyRequest(
            query.query_id,
            query.pixels_hwc,
            scorer.embed(query.reference_pixels_khwc[:1]),
            reference_ids=(f"of {query.query_id}",),
        )
        for query in queries
    ]
    return np.stack([maps.display_khw[0] for maps in generate(requests)])


def read_queries(upstream: Upstream, scorer: SimilarityScorer, count: int) -> list[ComparedQuery]:
    """Return test images, each with the one that the model finds most similar."""
    ids: list[str] = []
    pixels: list[np.ndarray] = []
    for commit in upstream.commits("images", "test"):
        ids += upstream.store.read_part_table(commit, "images", ["image_id"])["image_id"].to_pylist()
        pixels.append(upstream.store.read_part_arrays(commit, "pixels", ["pixels"])["pixels"])
        if len(ids) >= SAMPLE_IMAGES:
            break
    return with_nearest_references(scorer, ids, np.concatenate(pixels)[:SAMPLE_IMAGES], count, 1)


def _interval(values: Sequence[float]) -> Interval:
    # Every query is a cluster of its own: each has one reference.
    return clustered_interval(np.array(values, dtype=np.float64), np.arange(len(values)), seed=0)


def _cell(interval: Interval) -> str:
    return "" if interval.n == 0 else f"{interval.value:.2f} [{interval.low:.2f}, {interval.high:.2f}]"


def print_effects(
    generator: str, fills: Mapping[str, Fill], scorer: SimilarityScorer, queries: Sequence[ComparedQuery], seed: int
) -> None:
    """Make a generator's maps with each fill, and print a row of the table for each."""
    pixels_qhwc = [query.pixels_hwc for query in queries]
    maps_fqhw = np.stack([maps_with(fill, generator, scorer, queries, seed) for fill in fills.values()])
    for name, effect in zip(fills, compare_fills(maps_fqhw, pixels_qhwc, maps_fqhw[0]), strict=True):
        cells = (effect.agreement, effect.on_background, effect.background_first)
        print(f"| {generator} | {name} | {' | '.join(map(_cell, cells))} |", flush=True)
    if "seed" in GENERATORS[generator].spec.__dataclass_fields__:
        again_qhw = maps_with(MEAN, generator, scorer, queries, seed + OTHER_SEED)
        [noise] = compare_fills(again_qhw[None], pixels_qhwc, maps_fqhw[0])
        print(f"| {generator} | mean, other seed | {_cell(noise.agreement)} | | |", flush=True)


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", type=Path)
    parser.add_argument("--queries", type=int, default=24)
    parser.add_argument("--generators", nargs="+", default=["sliding_window", "rise"])
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="key=value")
    arguments = parser.parse_args()
    settings = load_settings(arguments.config, arguments.overrides)
    upstream = ConfiguredRun(resolved(settings)).current()
    missing = [stage for stage in ("images", "similarity_model") if stage not in upstream.manifests]
    if missing:
        sys.exit(f"not current: {', '.join(missing)}; sane run {arguments.config} --until similarity_model makes them")
    scorer = read_scorer(settings, upstream)
    queries = read_queries(upstream, scorer, arguments.queries)
    area = mean_background([query.pixels_hwc for query in queries])
    print(f"{len(queries)} queries, {area.n} with a white background, which is {_cell(area)} of their area\n")
    print("| generator | fill | agreement with mean | saliency on the background | background first |")
    print("| --- " * 5 + "|")
    for generator in arguments.generators:
        print_effects(generator, fills_of(settings.dataset.canvas), scorer, queries, settings.seed)
    return 0


if __name__ == "__main__":
    sys.exit(main())
