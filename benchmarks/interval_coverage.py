"""How often the project's 95 % intervals hold the true value, in simulations where it is known: docs/statistics.md.

    python -m benchmarks.interval_coverage [--trials 400] [--map-trials 100]

Beside each corrected interval stands the percentile interval of the same resamples.
"""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from unittest.mock import patch

import numpy as np
from scipy import stats

from pipeline.evaluation import average_precision_interval, bootstrap
from pipeline.evaluation.average_precision_interval import map_interval
from pipeline.evaluation.bootstrap import Interval, Ratio, clustered_interval
from pipeline.evaluation.comparisons import paired_comparisons
from pipeline.evaluation.corrected_interval import Bootstrapped, corrected_ends
from pipeline.randomness import keyed_rng

SAMPLES, MAP_SAMPLES = 399, 999
MOST_PAIRS = 9
CLUSTERS = (6, 10, 30, 120)


def percentile_ends(bootstrapped: Bootstrapped, confidence: float) -> tuple[float, float]:
    """Return the quantiles of the resamples as they are: the uncorrected interval."""
    low, high = np.nanquantile(bootstrapped.resampled_s, [(1 - confidence) / 2, (1 + confidence) / 2]).tolist()
    return low, high


@dataclass(frozen=True)
class Population:
    """Clusters of 1 to 9 pairs: draws each cluster's level, and the true mean."""

    name: str
    true_mean: float
    levels: Callable[[np.random.Generator, int], np.ndarray]
    is_share: bool = False


POPULATIONS = (
    Population("normal", 0.0, lambda rng, n: rng.normal(size=n)),
    Population("exponential", 1.0, lambda rng, n: rng.exponential(size=n)),
    Population("log-normal", float(np.exp(0.5)), lambda rng, n: rng.lognormal(size=n)),
    Population("share of 10 %", 0.1, lambda rng, n: rng.beta(0.5, 4.5, size=n), is_share=True),
    Population("share of 50 %", 0.5, lambda rng, n: rng.beta(1, 1, size=n), is_share=True),
)


def drawn_pairs(population: Population, n_clusters: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return values and clusters of pairs, (pair,)."""
    sizes = rng.integers(1, MOST_PAIRS + 1, size=n_clusters)
    clusters = np.repeat(np.arange(n_clusters), sizes)
    levels = population.levels(rng, n_clusters)[clusters]
    if population.is_share:
        return (rng.random(len(levels)) < levels).astype(np.float64), clusters
    return levels + 0.5 * rng.normal(size=len(levels)), clusters


@dataclass(frozen=True)
class MeanCoverage:
    """Shares of trials: intervals that hold the true mean, and p-values of a true difference of 0 below 0.05."""

    corrected: float
    percentile: float
    rejected: float


def mean_coverage(population: Population, n_clusters: int, trials: int) -> MeanCoverage:
    """Return what was found in so many draws of clusters."""
    found = []
    for trial in range(trials):
        rng = keyed_rng(trial, "coverage of means", population.name, n_clusters)
        values, clusters = drawn_pairs(population, n_clusters, rng)
        corrected = clustered_interval(values, clusters, seed=trial, samples=SAMPLES)
        with patch.object(bootstrap, "corrected_ends", percentile_ends):
            percentile = clustered_interval(values, clusters, seed=trial, samples=SAMPLES)
        ones = np.ones(len(values))
        nothing = Ratio(population.true_mean * ones, ones)
        (difference,) = paired_comparisons([(values, nothing)], clusters, seed=trial, samples=SAMPLES)
        mean = population.true_mean
        found.append((holds(corrected, mean), holds(percentile, mean), difference.p_value < 0.05))
    return MeanCoverage(*np.mean(found, axis=0).tolist())


@dataclass(frozen=True)
class ScoredImages:
    """How images are scored in a simulation of mAP.

    Attributes:
        base_rate: share of images, or of classes, that have an attribute.
        n_classes: labels are those of so many classes; None for images of their own.
        n_images: in a draw.
        n_attributes: in a draw.
    """

    base_rate: float
    n_classes: int | None = None
    n_images: int = 300
    n_attributes: int = 20

    # Distance of positives from negatives in deviations of a class's images; classes deviate by 1 on top.
    SHIFT = 1.8

    @property
    def deviation(self) -> float:
        """Of scores with the label alike."""
        return 1.0 if self.n_classes is None else float(np.sqrt(2))

    def true_value(self) -> float:
        """Return average precision over endlessly many images of endlessly many classes, by integration."""
        threshold = np.linspace(12, -12, 100_001)
        found = stats.norm.sf(threshold, self.SHIFT, self.deviation) * self.base_rate
        wrong = stats.norm.sf(threshold, 0, self.deviation) * (1 - self.base_rate)
        return float(np.trapezoid(found / (found + wrong), found / self.base_rate))

    def drawn(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return logits (image, attribute), labels likewise and clusters (image,)."""
        n_units = self.n_classes or self.n_images
        clusters = np.arange(self.n_images) * n_units // self.n_images
        labels = (rng.random((n_units, self.n_attributes)) < self.base_rate)[clusters]
        logits = self.SHIFT * labels + rng.normal(size=labels.shape)
        if self.n_classes is not None:
            logits += rng.normal(size=(n_units, self.n_attributes))[clusters]
        return logits, labels, clusters


SCORED = (
    *(ScoredImages(0.05, classes) for classes in (None, 100, 30)),
    *(ScoredImages(0.3, classes) for classes in (None, 30, 10)),
)


@dataclass(frozen=True)
class MapCoverage:
    """Shares of draws in which the interval of mAP holds the true value."""

    corrected: float
    percentile: float


def map_coverage(case: ScoredImages, trials: int) -> MapCoverage:
    """Return what was found in so many draws of images, or of classes."""
    true_value, found = case.true_value(), []
    for trial in range(trials):
        drawn = case.drawn(keyed_rng(trial, "coverage of mAP", case.base_rate, str(case.n_classes)))
        uncorrected: list[tuple[float, float]] = []

        def both_ends(
            bootstrapped: Bootstrapped, confidence: float, seen: list[tuple[float, float]] = uncorrected
        ) -> tuple[float, float]:
            seen.append(percentile_ends(bootstrapped, confidence))
            return corrected_ends(bootstrapped, confidence)

        with patch.object(average_precision_interval, "corrected_ends", both_ends):
            interval = map_interval(*drawn, seed=trial, samples=MAP_SAMPLES)
        ((low, high),) = uncorrected
        found.append((holds(interval, true_value), low <= true_value <= high))
    return MapCoverage(*np.mean(found, axis=0).tolist())


def holds(interval: Interval, true_value: float) -> bool:
    """Return whether the true value lies in the interval."""
    return interval.low <= true_value <= interval.high


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=400)
    parser.add_argument("--map-trials", type=int, default=100)
    arguments = parser.parse_args()
    print_means(arguments.trials)
    print_maps(arguments.map_trials)
    return 0


def print_means(trials: int) -> None:
    print("| mean of | clusters | corrected | percentile | p < 0.05 where nothing differs |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for population in POPULATIONS:
        for n_clusters in CLUSTERS:
            one = mean_coverage(population, n_clusters, trials)
            cells = (
                population.name,
                n_clusters,
                *(f"{100 * x:.1f}" for x in (one.corrected, one.percentile, one.rejected)),
            )
            print("| " + " | ".join(map(str, cells)) + " |", flush=True)


def print_maps(map_trials: int) -> None:
    print("\n| base rate | clusters | corrected | percentile |\n| ---: | --- | ---: | ---: |")
    for case in SCORED:
        one = map_coverage(case, map_trials)
        units = f"{case.n_images} images" if case.n_classes is None else f"{case.n_classes} classes"
        print(f"| {case.base_rate} | {units} | {100 * one.corrected:.1f} | {100 * one.percentile:.1f} |", flush=True)


if __name__ == "__main__":
    sys.exit(main())
