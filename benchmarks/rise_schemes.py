"""Fewer passes for the same RISE map: the whole curve of quality against passes, and paired tests of the maps' use.

python benchmarks/rise_schemes.py CONFIG [key=value ...] [pairs=300] [exact=24] [exact_masks=50000]

Reads the model, images and pairs of a finished run (--until similarities.test is enough), one reference a query.
1. Error against a map of very many masks, for `exact` queries: rank correlation, and root mean square over range.
2. Insertion and deletion of `pairs` pairs, each scheme against independent masks of the papers' number: paired
   differences with a 95 % interval; a scheme is not inferior where the interval's worse end is within the margin.
"""

import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from scipy.stats import spearmanr

from benchmarks.randomisation_sanity import read_scorer
from flows.current import current_artifacts
from flows.jobs.image_lookup import EmbeddingLookup, PixelLookup
from flows.settings import Settings
from flows.settings_file import load_settings
from pipeline.evaluation.faithfulness import faithfulness_of_query
from pipeline.randomness import keyed_rng
from pipeline.saliency.masks import draw_masks
from pipeline.saliency.perturbed_embeddings import embed_perturbations
from pipeline.saliency.rise import mask_coverage, reduce_scores
from pipeline.saliency.score_regression import prepare_regression, regress_maps

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
OPTIONS = {"pairs": 300, "exact": 24, "exact_masks": 50_000}
Pair = tuple[str, str]


class Explained:
    """The explained model with its images and pairs."""

    def __init__(self, settings: Settings) -> None:
        upstream = current_artifacts(settings)
        self.size = settings.dataset.image_size_px
        self.canvas = settings.dataset.canvas
        self.scorer = read_scorer(settings, upstream)
        self.images = PixelLookup(upstream, upstream.shard_of_rows("images", "images", "image_id", "test"))
        shards = upstream.shard_of_rows("embeddings", "image_embeddings", "image_id", "test")
        self.embeddings = EmbeddingLookup(upstream, shards)
        first: dict[str, str] = {}
        for row in upstream.rows("pairs.test", "pairs"):
            first.setdefault(row["query"], row["reference"])
        names = list(first)
        order = keyed_rng(0, "schemes").permutation(len(names))
        self.pairs: list[Pair] = [(names[number], first[names[number]]) for number in order]

    def scores(self, pair: Pair, masks: "Masks") -> torch.Tensor:
        """Return float32 (mask,) scores of the masked query against its reference, by the general embedding."""
        embeddings_nd = embed_perturbations(self.scorer, self.images.of(pair[0]), masks.draws).cpu()
        return embeddings_nd @ torch.tensor(self.embeddings.of([pair[1]])[0])

    def curves(self, pair: Pair, maps_khw: np.ndarray) -> np.ndarray:
        """Return (map, 2) insertion and deletion."""
        query = self.images.of(pair[0])
        reference_1d = self.embeddings.of([pair[1]])
        references_kd = np.repeat(reference_1d, len(maps_khw), axis=0)
        found = faithfulness_of_query(self.scorer, query, maps_khw, references_kd, self.canvas, (0, pair[0]))
        return np.array([(curve.insertion_auc, curve.deletion_auc) for curve in found.curves])


class Masks:
    """A set of masks with both ways to turn scores into a map."""

    def __init__(self, design: str, masks: int, size: int, seed: int = 0) -> None:
        self.draws = draw_masks(seed, masks, CELLS, KEEP, size, is_balanced=design == "balanced")
        self.coverage_hw = mask_coverage(self.draws, "cpu")
        # Not for masks whose mean is all that is asked for: there may be very many of them.
        self.regression = prepare_regression(self.draws, KEEP, design == "balanced") if masks <= PAPERS_MASKS else None

    def map(self, estimate: str, scores_n: torch.Tensor) -> np.ndarray:
        """Return the map (y, x) of an estimate by name: the papers' mean, or the regression's."""
        if estimate == "mean":
            mean_hw: np.ndarray = reduce_scores(scores_n[:, None], self.draws, self.coverage_hw)[0].numpy()
            return mean_hw
        assert self.regression is not None, f"{len(self.draws)} masks are not regressed on"
        regressed_hw: np.ndarray = regress_maps(scores_n[:, None].numpy(), self.regression)[0][0]
        return regressed_hw


def main() -> int:
    """Print both tables."""
    options = dict(OPTIONS)
    overrides = []
    for word in sys.argv[2:]:
        name, _, value = word.partition("=")
        if name in OPTIONS:
            options[name] = int(value)
        else:
            overrides.append(word)
    explained = Explained(load_settings(Path(sys.argv[1]), overrides))
    if options["exact"]:
        _print_errors(explained, options["exact"], options["exact_masks"])
    if options["pairs"]:
        _print_tests(explained, explained.pairs[: options["pairs"]])
    return 0


def _print_errors(explained: Explained, queries: int, exact_masks: int) -> None:
    pairs = explained.pairs[-queries:]
    many = Masks("independent", exact_masks, explained.size, seed=99)
    exact = [many.map("mean", explained.scores(pair, many)) for pair in pairs]
    print(f"\nAgainst maps of {exact_masks} masks, mean over {len(pairs)} queries: rank correlation, error / range\n")
    print("| passes | independent, mean | independent, regression | balanced, mean | balanced, regression |")
    print("| ---: | --- | --- | --- | --- |")
    for passes in CURVE:
        cells = []
        for design in ("independent", "balanced"):
            masks = Masks(design, passes, explained.size)
            scores = [explained.scores(pair, masks) for pair in pairs]
            for estimate in ("mean", "regression"):
                figures = [_error(masks.map(estimate, one), other) for one, other in zip(scores, exact, strict=True)]
                rank, error = np.mean(figures, axis=0)
                cells.append(f"{rank:.3f}, {error:.4f}")
        print(f"| {passes} | " + " | ".join(cells) + " |", flush=True)


def _print_tests(explained: Explained, pairs: Sequence[Pair]) -> None:
    papers, again = (Masks("independent", PAPERS_MASKS, explained.size, seed) for seed in (0, 1))
    fewer = {key: Masks(key[0], key[2], explained.size) for key in TESTED}
    found, started = [], time.monotonic()
    for number, pair in enumerate(pairs, start=1):
        maps = [masks.map("mean", explained.scores(pair, masks)) for masks in (papers, again)]
        maps += [masks.map(key[1], explained.scores(pair, masks)) for key, masks in fewer.items()]
        found.append(explained.curves(pair, np.stack(maps)))
        if number % 25 == 0:
            print(f"{number} of {len(pairs)} pairs, {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    measures_pk2 = np.stack(found)
    names = ["independent, mean, 2000", "the same, other masks", *(f"{d}, {e}, {n}" for d, e, n in TESTED)]
    print(f"\nAgainst independent, mean, {PAPERS_MASKS}, x 100, {len(pairs)} pairs of as many queries; margin 0.3\n")
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
