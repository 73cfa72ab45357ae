"""Tables of what vocabularies know of the truth, which rendered items have: drivers found, regret of what is named."""

from collections.abc import Sequence

import numpy as np

from benchmarks.both_sides_figures import table
from benchmarks.discovered_effects import Replaced
from benchmarks.discovered_truth import (
    Vocabulary,
    best_meanings,
    driver_agreement,
    f1_scores,
    meanings,
    named_truths,
    set_information,
)
from pipeline.evaluation.audit.measures import regret_ratio
from pipeline.evaluation.audit.outcomes import TrueEffects, audit_outcomes
from pipeline.evaluation.bootstrap import Interval, Ratio, clustered_ratio_interval


def truth_table(
    replaced: Replaced,
    vocabularies: Sequence[Vocabulary],
    labels: Vocabulary,
    drivers: Sequence[str],
    truth: TrueEffects,
) -> str:
    """Return what each vocabulary knows of the drivers, and its regret."""
    heads = ["attributes", "number", "an image has", "AMI of sets", "AMI by driver", "F1 by driver", "drivers found"]
    heads += ["regret of the named", "of the best", "of a random one"]
    columns = [list(labels.names).index(one) for one in drivers]
    rows = []
    for vocabulary in vocabularies:
        agreed = [driver_agreement(vocabulary, labels.train_na[:, a], labels.test_na[:, a]) for a in columns]
        cells = [str(len(vocabulary.names)), f"{vocabulary.test_na.sum(axis=1).mean():.1f}"]
        cells += [f"{100 * set_information(vocabulary, labels.test_na[:, columns]):.0f}"]
        cells += [f"{100 * np.mean([getattr(one, what) for one in agreed]):.0f}" for what in ("information", "f1")]
        cells += [f"{sum(one.is_found for one in agreed)} of {len(agreed)}"]
        rows.append([vocabulary.name, *cells, *_regrets(replaced, vocabulary, labels, truth)])
    every = np.mean(
        [float(f1_scores(np.ones((len(labels.test_na), 1), bool), labels.test_na[:, [a]])[0, 0]) for a in columns]
    )
    return table(heads, rows) + f"\n\nF1 by driver of an attribute that every image has: {100 * every:.0f}."


def _regrets(replaced: Replaced, vocabulary: Vocabulary, labels: Vocabulary, truth: TrueEffects) -> list[str]:
    """Return normalised regret of the named attribute, of the best of the vocabulary, and of one at random."""
    meaning_k = meanings(vocabulary, labels.train_na)
    has_pk = vocabulary.test_na[replaced.frame.query_p]
    delta_pa = np.where(truth.present_pa, truth.delta_pa, 0.0)
    _, named_p = named_truths(replaced.predicted(vocabulary), has_pk, meaning_k)
    best_p = best_meanings(delta_pa, has_pk, meaning_k)
    draws_p = [
        named_truths(np.random.default_rng(seed).random(has_pk.shape), has_pk, meaning_k)[1] for seed in range(20)
    ]
    found = [audit_outcomes(truth, one) for one in (named_p, best_p, *draws_p)]
    intervals = [_regret(replaced, regret_ratio(one)) for one in found]
    drawn = float(np.mean([one.value for one in intervals[2:]]))
    return [*(f"{one.value:.2f} [{one.low:.2f}, {one.high:.2f}]" for one in intervals[:2]), f"{drawn:.2f}"]


def _regret(replaced: Replaced, ratio: Ratio) -> Interval:
    resampling = replaced.resampling
    return clustered_ratio_interval(
        ratio.numerator_p,
        ratio.denominator_p,
        replaced.frame.query_p,
        seed=resampling.seed,
        samples=resampling.samples,
    )


def drivers_table(vocabularies: Sequence[Vocabulary], labels: Vocabulary, drivers: Sequence[str]) -> str:
    """Return F1 of each driver's best attribute; the first column has the labels of everything else instead."""
    rows = []
    for driver in drivers:
        column = list(labels.names).index(driver)
        factor = driver.partition(":")[0] + ":"
        own = [one for one in labels.names if one == driver or (factor != "part:" and one.startswith(factor))]
        cells = []
        for vocabulary in (labels.without(own, "labels of everything else"), *vocabularies):
            one = driver_agreement(vocabulary, labels.train_na[:, column], labels.test_na[:, column])
            cells.append(f"**{100 * one.f1:.0f}**" if one.is_found else f"{100 * one.f1:.0f}")
        every = float(f1_scores(np.ones((len(labels.test_na), 1), bool), labels.test_na[:, [column]])[0, 0])
        rows.append([driver, f"{100 * every:.0f}", *cells])
    heads = ["driver", "every image", "labels of everything else", *(vocabulary.name for vocabulary in vocabularies)]
    return table(heads, rows)
