"""Tables of what the score owes to the attributes of vocabularies: rows of the papers' Table 5 and ECCV Table 2."""

from collections.abc import Mapping, Sequence

import numpy as np

from benchmarks.both_sides_figures import table
from benchmarks.discovered_effects import Replaced, VocabularyEffects
from pipeline.discovery.methods import COMPONENTS, FACTORS, FULL_FRAME, PATCHES, RANDOM
from pipeline.evaluation.bootstrap import Interval

SUPERVISED = "supervised"
COMPARED = (
    (PATCHES, RANDOM),
    (PATCHES, FULL_FRAME),
    (COMPONENTS, PATCHES),
    (FACTORS, PATCHES),
    (COMPONENTS, FULL_FRAME),
    (SUPERVISED, COMPONENTS),
)
MEASURES = {"matched_p": "matched effect", "removal_p": "removal"}
# What a difference is of: the measure in words, the two sides, and the values of pairs of both.
Compared = tuple[str, str, np.ndarray, np.ndarray]


def effects_table(replaced: Replaced, found: Mapping[str, VocabularyEffects]) -> str:
    """Return the rows of Table 5 and ECCV Table 2."""
    heads = ["attributes", "queries with one, %", "removal, drop ↑", "a random one", "insertion ↑", "deletion ↓"]
    heads += ["matched effect, drop ↑", "a random one"]
    rows = []
    for name, effects in found.items():
        cells = [percent(replaced.mean(values_p)) for values_p in effects.columns()]
        rows.append([name, f"{100 * effects.has_p.mean():.0f}", *cells])
    return table(heads, rows)


def differences_table(replaced: Replaced, found: Mapping[str, VocabularyEffects]) -> str:
    """Return paired differences of what is named, x 100; all are one family for Holm's correction."""
    return _differences(replaced, _between_vocabularies(found))


def sane_table(
    replaced: Replaced, of_sane: Mapping[str, VocabularyEffects], of_embedding: Mapping[str, VocabularyEffects]
) -> str:
    """Return what the full SANE model names, of all attributes and of the query's own, and paired differences.

    Args:
        replaced: the pairs.
        of_sane: of each vocabulary.
        of_embedding: of the same vocabularies, what the embedding's effects name.
    """
    heads = ["attributes", "first is the query's, %", "removal of the first, drop ↑", "removal, drop ↑", "insertion ↑"]
    heads += ["deletion ↓", "matched effect, drop ↑"]
    rows = []
    for name, effects in of_sane.items():
        shown = (effects.first_removal_p, effects.removal_p, effects.insertion_p, effects.deletion_p, effects.matched_p)
        cells = [percent(replaced.mean(values_p)) for values_p in shown]
        rows.append([name, f"{100 * effects.has_first_p.mean():.0f}", *cells])
    against: list[Compared] = []
    for name, effects in of_sane.items():
        matched = MEASURES["matched_p"]
        against += [
            (matched, f"{name}: SANE − a random one", effects.matched_p, effects.random_matched_p),
            (matched, f"{name}: embedding − SANE", of_embedding[name].matched_p, effects.matched_p),
        ]
    return table(heads, rows) + "\n\n" + _differences(replaced, [*_between_vocabularies(of_sane), *against])


def percent(interval: Interval) -> str:
    """Return a value with its interval, x 100."""
    return f"{100 * interval.value:.1f} [{100 * interval.low:.1f}, {100 * interval.high:.1f}]"


def _between_vocabularies(found: Mapping[str, VocabularyEffects]) -> list[Compared]:
    pairs = [(first, second) for first, second in COMPARED if first in found and second in found]
    return [
        (words, f"{first} − {second}", getattr(found[first], measure), getattr(found[second], measure))
        for measure, words in MEASURES.items()
        for first, second in pairs
    ]


def _differences(replaced: Replaced, compared: Sequence[Compared]) -> str:
    found = replaced.compare([(first_p, second_p) for _, _, first_p, second_p in compared])
    rows = [
        [words, name, percent(one.interval), f"{'≤' if one.is_bound else '='} {one.p_value:.3f}"]
        for (words, name, _, _), one in zip(compared, found, strict=True)
    ]
    return table(["measure", "difference", "x 100", "p"], rows)
