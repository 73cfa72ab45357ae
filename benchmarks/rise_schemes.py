"""Fewer passes for the same RISE map: the whole curve of quality against passes, and paired tests of the maps' use.

python benchmarks/rise_schemes.py CONFIG [key=value ...] [queries=300] [references=1] [exact=24] [exact_masks=50000]

Reads the model, images and pairs of a finished run (--until similarities.test is enough).
1. Error against a map of very many masks, for `exact` queries with their first reference: rank correlation, and root
   mean square over range.
2. Insertion and deletion of `queries` queries with at most `references` each, every scheme against independent masks
   of the papers' number: paired differences, a query's pairs averaged first, with a 95 % interval over queries; a
   scheme is not inferior where the interval's worse end is within the margin.
"""

import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from scipy.stats import spearmanr

from benchmarks.pair_conditions import PairConditions
from benchmarks.randomisation_sanity import read_scorer
from flows.auto_compute.resolve import resolved
from flows.configured_runs import ConfiguredRun
from flows.readers.image_lookup import EmbeddingLookup, PixelLookup
from flows.settings.configuration import Settings
from flows.settings.file import load_settings
from flows.stages.generator_spec import chosen_fill
from pipeline.evaluation.faithfulness import faithfulness_of_query
from pipeline.randomness import keyed_rng
from pipeline.saliency.fill import MEAN, Fill
from pipeline.saliency.perturbed_embeddings import embed_perturbations
from pipeline.saliency.rise.maps import mask_coverage, reduce_scores
from pipeline.saliency.rise.masks import draw_masks
from pipeline.saliency.rise.score_regression import prepare_regression, regress_maps

PAPERS_MASKS = 2000
MARGIN = 0.003
CELLS, KEEP = 8, 0.5
CURVE = (100, 200, 400, 600, 800, 1000, 2000)
TESTED = (
    ("independent", "mean", 400),
    ("independent", "regression", 400),
    ("independent", "regression", 2000),
    *(("balanced", "regression", masks) for masks in (200, 400, 600, 800)),
)
OPTIONS = {"queries": 300, "references": 1, "exact": 24, "exact_masks": 50_000}
Query = tuple[str, tuple[str, ...]]


class Explained:
    """The explained model with its images and pairs.

    Attributes:
        conditions: of the model.
        condition_of: condition of each pair by (query, reference), None where it has none.
    """

    def __init__(self, settings: Settings) -> None:
        upstream = ConfiguredRun(resolved(settings)).current()
        self.size = settings.dataset.image_size_px
        self.canvas = settings.dataset.canvas
        self.fill: Fill = chosen_fill(settings) or MEAN
        self.scorer = read_scorer(settings, upstream)
        self.images = PixelLookup(upstream, upstream.shard_of_rows("images", "images", "image_id", "test"))
        shards = upstream.shard_of_rows("embeddings", "image_embeddings", "image_id", "test")
        self.embeddings = EmbeddingLookup(upstream, shards)
        self.conditions = PairConditions(upstream)
        self.condition_of: dict[tuple[str, str], str | None] = {}
        references: dict[str, list[str]] = {}
        for row in upstream.rows("pairs.test", "pairs"):
            references.setdefault(row["query"], []).append(row["reference"])
            self.condition_of[row["query"], row["reference"]] = row["condition"]
        names = list(references)
        order = keyed_rng(0, "schemes").permutation(len(names))
        self.queries: list[Query] = [(names[number], tuple(references[names[number]])) for number in order]

    def compared(self, embeddings_nd: np.ndarray, pair: tuple[str, str]) -> np.ndarray:
        """Return unit-norm embeddings (image, D) as a pair (query, reference) is compared, under its condition."""
        return self.conditions.compared(embeddings_nd, self.condition_of[pair])

    def reference(self, pair: tuple[str, str]) -> np.ndarray:
        """Return float32 (D,), the embedding of a pair's reference as it is compared."""
        found: np.ndarray = self.compared(self.embeddings.of([pair[1]]), pair)[0]
        return found

    def scores(self, query: Query, masks: "Masks") -> torch.Tensor:
        """Return float32 (mask, reference) scores of the masked query, by the general embedding."""
        embeddings_nd = embed_perturbations(self.scorer, self.images.of(query[0]), masks.draws, self.fill).cpu()
        return embeddings_nd @ torch.tensor(self.embeddings.of(query[1])).T

    def curves(self, query: Query, maps_skhw: np.ndarray) -> np.ndarray:
        """Return (scheme, 2) insertion and deletion, means over the references."""
        references_kd = np.tile(self.embeddings.of(query[1]), (len(maps_skhw), 1))
        found = faithfulness_of_query(
            self.scorer,
            self.images.of(query[0]),
            maps_skhw.reshape(-1, *maps_skhw.shape[2:]),
            references_kd,
            self.canvas,
            (0, query[0]),
        )
        measured = np.array([(curve.insertion_auc, curve.deletion_auc) for curve in found.curves])
        means_s2: np.ndarray = measured.reshape(*maps_skhw.shape[:2], 2).mean(axis=1)
        return means_s2


class Masks:
    """A set of masks with both ways to turn scores into a map."""

    def __init__(self, design: str, masks: int, size: int, seed: int = 0) -> None:
        self.draws = draw_masks(seed, masks, CELLS, KEEP, size, is_balanced=design == "balanced")
        self.coverage_hw = mask_coverage(self.draws, "cpu")
        # Not for masks whose mean is all that is asked for: there may be very many of them.
        self.regression = prepare_regression(self.draws, KEEP, design == "balanced") if masks <= PAPERS_MASKS else None

    def maps(self, estimate: str, scores_nk: torch.Tensor) -> np.ndarray:
        """Return the maps (reference, y, x) of an estimate by name: the papers' mean, or the regression's."""
        if estimate == "mean":
            means_khw: np.ndarray = reduce_scores(scores_nk, self.draws, self.coverage_hw).numpy()
            return means_khw
        assert self.regression is not None, f"{len(self.draws)} masks are not regressed on"
        return regress_maps(scores_nk.numpy(), self.regression)[0]


def options_and_overrides(words: Sequence[str], defaults: Mapping[str, int]) -> tuple[dict[str, int], list[str]]:
    """Return a benchmark's own numbers, given as name=number, and the other words, which override the configuration."""
    options, overrides = dict(defaults), []
    for word in words:
        name, _, value = word.partition("=")
        if name in defaults:
            options[name] = int(value)
        else:
            overrides.append(word)
    return options, overrides


def main() -> int:
    """Print both tables."""
    options, overrides = options_and_overrides(sys.argv[2:], OPTIONS)
    explained = Explained(load_settings(Path(sys.argv[1]), overrides))
    if options["exact"]:
        _print_errors(explained, options["exact"], options["exact_masks"])
    if options["queries"]:
        chosen = explained.queries[: options["queries"]]
        _print_tests(explained, [(name, references[: options["references"]]) for name, references in chosen])
    return 0


def _print_errors(explained: Explained, queries: int, exact_masks: int) -> None:
    chosen = [(name, references[:1]) for name, references in explained.queries[-queries:]]
    many = Masks("independent", exact_masks, explained.size, seed=99)
    exact = [many.maps("mean", explained.scores(query, many))[0] for query in chosen]
    print(f"\nAgainst maps of {exact_masks} masks, mean over {len(chosen)} queries: rank correlation, error / range\n")
    print("| passes | independent, mean | independent, regression | balanced, mean | balanced, regression |")
    print("| ---: | --- | --- | --- | --- |")
    for passes in CURVE:
        cells = []
        for design in ("independent", "balanced"):
            masks = Masks(design, passes, explained.size)
            scores = [explained.scores(query, masks) for query in chosen]
            for estimate in ("mean", "regression"):
                figures = [
                    _error(masks.maps(estimate, one)[0], other) for one, other in zip(scores, exact, strict=True)
                ]
                rank, error = np.mean(figures, axis=0)
                cells.append(f"{rank:.3f}, {error:.4f}")
        print(f"| {passes} | " + " | ".join(cells) + " |", flush=True)


def _print_tests(explained: Explained, queries: Sequence[Query]) -> None:
    papers, again = (Masks("independent", PAPERS_MASKS, explained.size, seed) for seed in (0, 1))
    sets = {(design, masks): Masks(design, masks, explained.size) for design, _, masks in TESTED}
    found, started = [], time.monotonic()
    for number, query in enumerate(queries, start=1):
        maps = [masks.maps("mean", explained.scores(query, masks)) for masks in (papers, again)]
        scores = {key: explained.scores(query, masks) for key, masks in sets.items()}
        maps += [sets[d, n].maps(estimate, scores[d, n]) for d, estimate, n in TESTED]
        found.append(explained.curves(query, np.stack(maps)))
        if number % 25 == 0:
            done = f"{number} of {len(queries)} queries, {time.monotonic() - started:.0f} s"
            print(done, file=sys.stderr, flush=True)
    measures_pk2 = np.stack(found)
    pairs = sum(len(references) for _, references in queries)
    names = ["independent, mean, 2000", "the same, other masks", *(f"{d}, {e}, {n}" for d, e, n in TESTED)]
    print(f"\nAgainst independent, mean, {PAPERS_MASKS}, x 100, {pairs} pairs of {len(queries)} queries; margin 0.3\n")
    print("| masks, estimate, passes | insertion | difference | deletion | difference | not inferior |")
    print("| --- | ---: | --- | ---: | --- | --- |")
    for number, name in enumerate(names):
        print(_test_row(name, measures_pk2[:, number], measures_pk2[:, 0]), flush=True)


def _test_row(name: str, measured_p2: np.ndarray, papers_p2: np.ndarray) -> str:
    difference_p2 = measured_p2 - papers_p2
    mean, half = difference_p2.mean(axis=0), 1.96 * difference_p2.std(axis=0, ddof=1) / np.sqrt(len(difference_p2))
    insertion = f"{100 * mean[0]:+.2f} [{100 * (mean[0] - half[0]):+.2f}, {100 * (mean[0] + half[0]):+.2f}]"
    deletion = f"{100 * mean[1]:+.2f} [{100 * (mean[1] - half[1]):+.2f}, {100 * (mean[1] + half[1]):+.2f}]"
    verdicts = (mean[0] - half[0] > -MARGIN, mean[1] + half[1] < MARGIN)
    words = ", ".join("yes" if verdict else "no" for verdict in verdicts)
    means = 100 * measured_p2.mean(axis=0)
    return f"| {name} | {means[0]:.1f} | {insertion} | {means[1]:.1f} | {deletion} | {words} |"


def _error(found_hw: np.ndarray, exact_hw: np.ndarray) -> tuple[float, float]:
    rank = float(spearmanr(found_hw.ravel(), exact_hw.ravel()).statistic)
    difference = (found_hw - found_hw.mean()) - (exact_hw - exact_hw.mean())
    return rank, float(np.sqrt((difference**2).mean()) / np.ptp(exact_hw))


if __name__ == "__main__":
    sys.exit(main())
