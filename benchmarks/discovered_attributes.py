"""Attributes found without labels, beside those of labels: do they explain, and do they know what drives the model?

    python -m benchmarks.discovered_attributes CONFIG [--settings patches "discovery.neighbours=10" ...]
        [--set key=value]

of rendered items. Makes what is not current of the run and of discovery by every method, and prints Markdown tables:
1. What the score owes to the attribute that is named (rows of the papers' Table 5 and ECCV Table 2), x 100, beside one
   of the query's attributes at random. Named: of the query's attributes the one with the largest effect that the
   embedding predicts, from the vocabulary's own labels of training images. A query without any attribute counts as 0
   where something would be taken from it. Replacements are found in one space for all vocabularies, that of the
   predictors of the supervised attributes, so that no vocabulary chooses its own. Then paired differences.
2. Truth: what vocabularies know of the drivers, and the regret of what is named, by the rendered attribute that each
   agrees with most.
3. Each driver, with the labels of everything else in place of its own.
With --settings METHOD "key=value key=value", repeatedly, tables 1 and 2 have a row for discovery with these settings.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.both_sides_figures import table
from benchmarks.discovered_effects import Replaced, effects_of, replaced_pairs
from benchmarks.discovered_truth import (
    Vocabulary,
    best_meanings,
    driver_agreement,
    f1_scores,
    meanings,
    named_truths,
    set_information,
)
from benchmarks.quiet_runs import run_until
from flows.engine.upstream import Upstream
from flows.readers.pair_frame import PairFrame, read_labels, read_pair_frame
from flows.readers.true_effects import read_truth
from flows.settings.file import load_settings
from pipeline.datasets.planted.drivers import driver_attributes
from pipeline.discovery.methods import COMPONENTS, FACTORS, FULL_FRAME, METHODS, PATCHES, RANDOM
from pipeline.evaluation.audit.measures import regret_ratio
from pipeline.evaluation.audit.outcomes import TrueEffects, audit_outcomes
from pipeline.evaluation.bootstrap import Interval, Ratio, clustered_ratio_interval

STAGES = ("replacements.test", "true_effects.test")
SUPERVISED = "supervised"
COMPARED = (
    (PATCHES, RANDOM),
    (PATCHES, FULL_FRAME),
    (COMPONENTS, PATCHES),
    (FACTORS, PATCHES),
    (COMPONENTS, FULL_FRAME),
    (SUPERVISED, COMPONENTS),
)


def read_vocabulary(upstream: Upstream, name: str, is_exclusive: bool) -> Vocabulary:
    """Return discovered labels of both splits, in the order of the images."""
    names = upstream.table("discovered_attributes", "clusters")["attribute"].to_pylist()
    column = {one: number for number, one in enumerate(names)}
    rows = upstream.rows("discovered_attributes", "labels")
    has_of = {(row["split"], row["image_id"]): [column[one] for one in row["attributes"]] for row in rows}
    groups = [0 if is_exclusive else -1] * len(names)

    def labels(split: str) -> np.ndarray:
        ids = read_labels(upstream, split)[0]
        labels_nk = np.zeros((len(ids), len(names)), dtype=bool)
        for number, image_id in enumerate(ids):
            labels_nk[number, has_of[split, image_id]] = True
        return labels_nk

    return Vocabulary(name, labels("train"), labels("test"), groups, names)


def discovered(config: Path, overrides: Sequence[str], method: str, asked: Sequence[str] = ()) -> Vocabulary:
    """Return what a method discovers, made if it is not current."""
    wanted = (*overrides, "discovery.enabled=true", f"discovery.method={method}", *asked)
    upstream = run_until(config, wanted, ["discovered_attributes"])
    return read_vocabulary(upstream, " ".join([method, *asked]).strip(), method in (FULL_FRAME, RANDOM))


def effects_table(replaced: Replaced, vocabularies: Sequence[Vocabulary]) -> str:
    """Return the rows of Table 5 and ECCV Table 2."""
    heads = ["attributes", "queries with one, %", "removal, drop ↑", "a random one", "insertion ↑", "deletion ↓"]
    heads += ["matched effect, drop ↑", "a random one"]
    rows = []
    for vocabulary in vocabularies:
        found = effects_of(replaced, vocabulary)
        cells = [_percent(replaced.mean(values_p)) for values_p in found.columns()]
        rows.append([vocabulary.name, f"{100 * found.has_p.mean():.0f}", *cells])
    return table(heads, rows)


def differences_table(replaced: Replaced, vocabularies: Sequence[Vocabulary], labels: Vocabulary) -> str:
    """Return paired differences of what is named, x 100; all are one family for Holm's correction."""
    found = {one.name: effects_of(replaced, one) for one in (*vocabularies, labels)}
    pairs = [(first, second) for first, second in COMPARED if first in found and second in found]
    keys = [(measure, first, second) for measure in ("matched_p", "removal_p") for first, second in pairs]
    measures = [(getattr(found[first], measure), getattr(found[second], measure)) for measure, first, second in keys]
    rows = []
    for (measure, first, second), one in zip(keys, replaced.compare(measures), strict=True):
        sign = "≤" if one.is_bound else "="
        name = {"matched_p": "matched effect", "removal_p": "removal"}[measure]
        rows.append([name, f"{first} − {second}", _percent(one.interval), f"{sign} {one.p_value:.3f}"])
    return table(["measure", "difference", "x 100", "p"], rows)


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


def _percent(interval: Interval) -> str:
    return f"{100 * interval.value:.1f} [{100 * interval.low:.1f}, {100 * interval.high:.1f}]"


def supervised(upstream: Upstream, frame: PairFrame) -> Vocabulary:
    """Return the vocabulary of the labels."""
    train_na = read_labels(upstream, "train")[1]
    return Vocabulary(SUPERVISED, train_na, frame.labels_na, frame.attribute_groups, frame.attribute_names)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", type=Path)
    parser.add_argument("--settings", nargs=2, action="append", default=[], metavar=("METHOD", "SETTINGS"))
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="key=value")
    arguments = parser.parse_args()
    settings = load_settings(arguments.config, arguments.overrides)
    upstream = run_until(arguments.config, arguments.overrides, STAGES)
    frame = read_pair_frame(upstream, "test")
    labels, truth = supervised(upstream, frame), read_truth(upstream, frame)
    found = [discovered(arguments.config, arguments.overrides, method) for method in METHODS]
    others = [
        discovered(arguments.config, arguments.overrides, method, asked.split()) for method, asked in arguments.settings
    ]
    replaced = replaced_pairs(upstream, frame, settings)
    drivers = driver_attributes(settings.dataset.model_dump()["drivers"])
    rows = [*found, *others, labels]
    print(f"{len(frame.pair_ids)} pairs of {len(set(frame.queries))} queries\n")
    print(effects_table(replaced, rows), differences_table(replaced, found, labels), sep="\n\n", end="\n\n")
    print(truth_table(replaced, rows, labels, drivers, truth))
    print("", drivers_table(found, labels, drivers), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
