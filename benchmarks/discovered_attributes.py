"""Attributes found without labels, beside those of labels: do they explain, and do they know what drives the model?

    python -m benchmarks.discovered_attributes CONFIG [--settings patches "discovery.neighbours=10" ...]
        [--sane patches components ...] [--set key=value]

Makes what is not current of the run and of discovery by every method, and prints Markdown tables:
1. What the score owes to the attribute that is named (rows of the papers' Table 5 and ECCV Table 2), x 100, beside one
   of the query's attributes at random. Named: of the query's attributes the one with the largest effect that the
   embedding predicts, from the vocabulary's own labels of training images. A query without any attribute counts as 0
   where something would be taken from it. Replacements are found in one space for all vocabularies, that of the
   predictors of the supervised attributes, so that no vocabulary chooses its own; of a catalogue they are items of the
   query's own type. Then paired differences.
2. Of rendered items the truth: what vocabularies know of the drivers, and the regret of what is named, by the rendered
   attribute that each agrees with most. Of others how well vocabularies agree with the dataset's labels.
3. Each driver, with the labels of everything else in place of its own; of other datasets the labels known best.
4. With --sane METHOD...: table 1 with the papers' full SANE model, which is trained on the attributes of each method
   and on the labels, naming attributes; what it names first among all, and what it names of the query's own.
With --settings METHOD "key=value key=value", repeatedly, tables 1 and 2 have a row for discovery with these settings.
Intervals resample what pairs share: the query, the class or the outfit.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.discovered_effects import Replaced, effects_of, replaced_pairs
from benchmarks.discovered_label_tables import agreement_table, best_known_table
from benchmarks.discovered_tables import differences_table, effects_table, sane_table
from benchmarks.discovered_truth import Vocabulary
from benchmarks.discovered_truth_tables import drivers_table, truth_table
from benchmarks.discovered_vocabularies import discovered, discovered_with_sane, supervised, supervised_sane
from benchmarks.quiet_runs import run_until
from flows.engine.upstream import Upstream
from flows.readers.pair_frame import read_pair_frame
from flows.readers.true_effects import read_truth
from flows.settings.configuration import Settings
from flows.settings.file import load_settings
from pipeline.datasets.planted.drivers import driver_attributes
from pipeline.discovery.methods import METHODS

REPLACEMENTS, TRUTH = "replacements.test", "true_effects.test"


def knowledge_tables(
    upstream: Upstream,
    settings: Settings,
    replaced: Replaced,
    found: Sequence[Vocabulary],
    others: Sequence[Vocabulary],
) -> str:
    """Return tables 2 and 3: of the truth where it is known, else of the dataset's labels.

    Args:
        upstream: of the run with labels.
        settings: of that run.
        replaced: its test pairs.
        found: what each method discovers.
        others: what it discovers with other settings, which table 3 leaves out.
    """
    labels = supervised(upstream, replaced.frame)
    if not settings.dataset.declared.is_audited:
        classes: list[str] = upstream.table("images", "images", "test")["label"].to_pylist()
        return agreement_table([*found, *others], labels, classes) + "\n\n" + best_known_table(found, labels)
    drivers = driver_attributes(settings.dataset.model_dump()["drivers"])
    truth = truth_table(replaced, [*found, *others, labels], labels, drivers, read_truth(upstream, replaced.frame))
    return truth + "\n\n" + drivers_table(found, labels, drivers)


def sane_tables(
    config: Path, overrides: Sequence[str], replaced: Replaced, labels: Vocabulary, methods: Sequence[str]
) -> str:
    """Return table 4, training what is not trained."""
    scored = [discovered_with_sane(config, overrides, method, replaced.frame) for method in methods]
    scored.append((labels, supervised_sane(config, overrides, replaced.frame)))
    of_sane = {one.name: effects_of(replaced, one, scores_pk) for one, scores_pk in scored}
    return sane_table(replaced, of_sane, {one.name: effects_of(replaced, one) for one, _ in scored})


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", type=Path)
    parser.add_argument("--settings", nargs=2, action="append", default=[], metavar=("METHOD", "SETTINGS"))
    parser.add_argument("--sane", nargs="*", choices=METHODS, default=[], metavar="METHOD")
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="key=value")
    arguments = parser.parse_args()
    config, overrides = arguments.config, arguments.overrides
    settings = load_settings(config, overrides)
    upstream = run_until(config, overrides, [REPLACEMENTS, *([TRUTH] if settings.dataset.declared.is_audited else [])])
    frame = read_pair_frame(upstream, "test")
    labels, replaced = supervised(upstream, frame), replaced_pairs(upstream, frame, settings)
    found = [discovered(config, overrides, method) for method in METHODS]
    others = [discovered(config, overrides, method, asked.split()) for method, asked in arguments.settings]
    effects = {one.name: effects_of(replaced, one) for one in (*found, *others, labels)}
    compared = {one.name: effects[one.name] for one in (*found, labels)}
    print(f"{len(frame.pair_ids)} pairs of {len(set(frame.queries))} queries\n")
    print(effects_table(replaced, effects), differences_table(replaced, compared), sep="\n\n", end="\n\n")
    print(knowledge_tables(upstream, settings, replaced, found, others))
    if arguments.sane:
        print("", sane_tables(config, overrides, replaced, labels, arguments.sane), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
