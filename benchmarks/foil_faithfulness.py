"""What maps say of the match and of the match against foils: insertion less deletion of either score, by kind of map.

    python -m benchmarks.foil_faithfulness CONFIG [--queries 60] [--steps 20] [--set key=value]

Reads a finished run with saliency.rise.modes = ["fixed", "foil"]; passes 2 + 2 (steps - 1) images a ranking. Figures
are areas between the two curves, in units of the score x 100: how much better showing the pixels that a map ranks
first keeps the score than hiding them does. A random map has about 0. Intervals cluster by query, so that they hold
for the classes at hand.
"""

import argparse
import sys
from collections import defaultdict
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.randomisation_sanity import read_scorer
from flows.auto_compute.resolve import resolved
from flows.configured_runs import ConfiguredRun
from flows.engine.upstream import Upstream
from flows.readers.conditions import read_condition_masks, read_references
from flows.readers.image_lookup import EmbeddingLookup, PixelLookup
from flows.readers.saliency_maps import maps_stage, read_maps
from flows.settings.configuration import Settings
from flows.settings.file import load_settings, run_seeds
from flows.stages.negatives import STAGE as NEGATIVES
from pipeline.evaluation.bootstrap import Interval, clustered_interval
from pipeline.evaluation.comparisons import Difference, paired_comparisons
from pipeline.evaluation.faithfulness import faithfulness_of_query
from pipeline.similarity.conditions import project

FIXED, FOIL = ("rise", "fixed"), ("rise", "foil")
SCORES = ("match", "match less foils")
Kind = tuple[str, str]


@dataclass(frozen=True)
class FoilFigures:
    """What was found.

    Attributes:
        areas: of each kind of map and score, its mean area.
        differences: of each score, mode foil less mode fixed, corrected together.
    """

    areas: dict[tuple[Kind, str], Interval]
    differences: dict[str, Difference]


def compare_with_foils(settings: Settings, queries: int, steps: int) -> FoilFigures:
    """Return the figures of one seed's run."""
    upstream = ConfiguredRun(resolved(settings)).current()
    kinds = [kind for kind in settings.saliency.generator_modes if maps_stage(*kind) in upstream.manifests]
    if not {FIXED, FOIL} <= set(kinds) or NEGATIVES not in upstream.manifests:
        sys.exit("not current: maps of rise in the modes fixed and foil; run this configuration first")
    pairs = _chosen_pairs(upstream, queries)
    clusters_p = np.repeat(np.arange(len(pairs)), [len(own) for own in pairs])
    measure = _Measure(settings, upstream, steps)
    areas = {}
    for kind in kinds:
        maps = read_maps(upstream, *kind, [pair["pair_id"] for own in pairs for pair in own])
        of_queries = [np.stack([maps[pair["pair_id"]] for pair in own]) for own in pairs]
        areas[kind] = np.concatenate(
            [measure.areas(own, maps_khw) for own, maps_khw in zip(pairs, of_queries, strict=True)]
        )
    seed, samples = settings.seed, settings.evaluation.bootstrap_samples
    found = {
        (kind, score): clustered_interval(areas[kind][:, number], clusters_p, seed=seed, samples=samples)
        for kind in kinds
        for number, score in enumerate(SCORES)
    }
    measures = [(areas[FOIL][:, number], areas[FIXED][:, number]) for number in range(len(SCORES))]
    differences = paired_comparisons(measures, clusters_p, seed=seed, samples=samples)
    return FoilFigures(found, dict(zip(SCORES, differences, strict=True)))


def _chosen_pairs(upstream: Upstream, queries: int) -> list[list[dict[str, Any]]]:
    of_query: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for pair in upstream.rows("pairs.test", "pairs"):
        of_query[pair["query"]].append(pair)
    return [of_query[name] for name in sorted(of_query, key=lambda name: sha256(name.encode()).digest())[:queries]]


class _Measure:
    """Areas of the maps of one query at a time."""

    def __init__(self, settings: Settings, upstream: Upstream, steps: int) -> None:
        self._settings, self._upstream, self._steps = settings, upstream, steps
        self._scorer = read_scorer(settings, upstream)
        self._images = PixelLookup(upstream, upstream.shard_of_rows("images", "images", "image_id", "test"))
        shards = upstream.shard_of_rows("embeddings", "image_embeddings", "image_id", "test")
        self._embeddings = EmbeddingLookup(upstream, shards)
        self._masks = read_condition_masks(upstream)
        self._foils: dict[str, list[str]] = defaultdict(list)
        for row in upstream.rows(NEGATIVES, "negatives"):
            if row["rank"] <= settings.saliency.rise.foils:
                self._foils[row["pair_id"]].append(row["image_id"])

    def areas(self, pairs: list[dict[str, Any]], maps_khw: np.ndarray) -> np.ndarray:
        """Return (pair, score) areas of the maps of a query's pairs."""
        references_kd, masks_kd = read_references(self._embeddings, pairs, self._masks)
        mean_foils = []
        for slot, pair in enumerate(pairs):
            own_md = self._embeddings.of(self._foils[pair["pair_id"]]).astype(np.float64)
            mean_foils.append((own_md if masks_kd is None else project(own_md, masks_kd[slot])).mean(axis=0))
        # A score is linear in what it is taken against, so the foils' mean stands for all of them; both scores share
        # their passes, because their maps rank alike.
        found = faithfulness_of_query(
            self._scorer,
            self._images.of(pairs[0]["query"]),
            np.concatenate([maps_khw, maps_khw]),
            np.concatenate([references_kd, references_kd - np.stack(mean_foils)]),
            self._settings.dataset.canvas,
            (self._settings.seed, pairs[0]["query"]),
            self._steps,
            None if masks_kd is None else np.concatenate([masks_kd, masks_kd]),
        )
        areas = [float(one.insertion_curve.mean() - one.deletion_curve.mean()) for one in found.curves]
        return np.array(areas).reshape(len(SCORES), len(pairs)).T


def markdown(found: FoilFigures) -> str:
    """Return the table, areas x 100."""
    lines = [f"| generator | mode | {' | '.join(SCORES)} | pairs |", "| --- " * (2 + len(SCORES)) + "| ---: |"]
    for kind in dict.fromkeys(kind for kind, _ in found.areas):
        own = [found.areas[kind, score] for score in SCORES]
        cells = [f"{100 * one.value:.1f} [{100 * one.low:.1f}, {100 * one.high:.1f}]" for one in own]
        lines.append(f"| {kind[0]} | {kind[1]} | {' | '.join(cells)} | {own[0].n} |")
    cells = []
    for score in SCORES:
        one = found.differences[score]
        sign, ends = "≤" if one.is_bound else "=", one.interval
        cells.append(
            f"{100 * ends.value:+.1f} [{100 * ends.low:+.1f}, {100 * ends.high:+.1f}], p {sign} {one.p_value:.3f}"
        )
    return "\n".join(
        [*lines, f"| rise | foil − fixed | {' | '.join(cells)} | {found.differences[SCORES[0]].interval.n} |"]
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", type=Path)
    parser.add_argument("--queries", type=int, default=60)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--set", action="append", default=[], dest="overrides", metavar="KEY=VALUE")
    args = parser.parse_args()
    for seed in run_seeds(load_settings(args.config, args.overrides)):
        settings = load_settings(args.config, [*args.overrides, f"seed={seed}", "evaluation.seeds=[]"])
        print(markdown(compare_with_foils(settings, args.queries, args.steps)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
