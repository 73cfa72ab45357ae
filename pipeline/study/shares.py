"""Shares of answers that chose what counts, by dataset, condition and group, with intervals clustered by subject."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.bootstrap import Interval, Ratio, Resampling, clustered_interval
from pipeline.evaluation.comparisons import Difference, paired_comparisons
from pipeline.study.judged import JudgedAnswer

EVERYONE: Final = "all"


@dataclass(frozen=True)
class Share:
    """A share.

    Attributes:
        dataset: of the questions.
        kind: of the dataset.
        condition: in which they were shown.
        group: of the subjects, or `all`.
        interval: the share with its 95 % interval over subjects, who are resampled whole.
    """

    dataset: str
    kind: str
    condition: str
    group: str
    interval: Interval


@dataclass(frozen=True)
class ConditionDifference:
    """How much more often what counts is chosen in one condition than in another, by the same subjects.

    Attributes:
        dataset: of the questions.
        first: condition.
        second: condition, whose share is subtracted.
        difference: with interval over subjects and p-value, Holm-corrected over the dataset's differences from its
            first condition, or over all others.
    """

    dataset: str
    first: str
    second: str
    difference: Difference


def shares(judged: Sequence[JudgedAnswer], resampling: Resampling) -> list[Share]:
    """Return the share of each dataset, condition and group, `all` groups first; only of what there are answers."""
    found = []
    for answers in by_dataset(judged):
        for condition in conditions_of(answers):
            in_condition = [answer for answer in answers if answer.condition == condition]
            for group in (EVERYONE, *sorted({answer.group for answer in in_condition})):
                of_group = [answer for answer in in_condition if group in (EVERYONE, answer.group)]
                chosen_a = np.array([answer.chose_target for answer in of_group], dtype=np.float64)
                interval = clustered_interval(
                    chosen_a, session_numbers(of_group), seed=resampling.seed, samples=resampling.samples
                )
                found.append(Share(of_group[0].dataset, of_group[0].kind, condition, group, interval))
    return found


def condition_differences(judged: Sequence[JudgedAnswer], resampling: Resampling) -> list[ConditionDifference]:
    """Return the difference of every two conditions of each dataset; none where there is one condition.

    Differences from the first condition, `nothing` where it was shown, come first and are a family of their own for
    Holm's correction; those between the others are another. Both shares are of the same resampled subjects, so that
    what subjects differ in is in neither's favour.
    """
    found = []
    for answers in by_dataset(judged):
        conditions = conditions_of(answers)
        for names in ([(conditions[0], other) for other in conditions[1:]], list(combinations(conditions[1:], 2))):
            if names:
                found += _differences(answers, names, resampling)
    return found


def _differences(
    answers: Sequence[JudgedAnswer], names: Sequence[tuple[str, str]], resampling: Resampling
) -> list[ConditionDifference]:
    """Return the second condition minus the first of each two, which are one family."""
    chosen_a = np.array([answer.chose_target for answer in answers], dtype=np.float64)
    shown_a = np.array([answer.condition for answer in answers])
    ratios = {
        condition: Ratio(chosen_a * (shown_a == condition), (shown_a == condition).astype(np.float64))
        for condition in {condition for two in names for condition in two}
    }
    measures = [(ratios[second], ratios[first]) for first, second in names]
    clusters_a = session_numbers(answers)
    differences = paired_comparisons(measures, clusters_a, seed=resampling.seed, samples=resampling.samples)
    return [
        ConditionDifference(answers[0].dataset, second, first, difference)
        for (first, second), difference in zip(names, differences, strict=True)
    ]


def session_numbers(answers: Sequence[JudgedAnswer]) -> npt.NDArray[np.int64]:
    """Return (answer,) int64: the number of each answer's session, in alphabetical order of the sessions."""
    numbers: npt.NDArray[np.int64] = np.unique([answer.session for answer in answers], return_inverse=True)[1]
    return numbers


def by_dataset(judged: Sequence[JudgedAnswer]) -> Iterator[list[JudgedAnswer]]:
    """Yield the answers of each dataset, by name."""
    for name in _in_order([answer.dataset for answer in judged]):
        yield [answer for answer in judged if answer.dataset == name]


def conditions_of(answers: Sequence[JudgedAnswer]) -> list[str]:
    """Return the conditions that there are answers of, `nothing` first, then alphabetically."""
    return _in_order([answer.condition for answer in answers])


def _in_order(names: Sequence[str]) -> list[str]:
    """Return the names once each, alphabetically, but `nothing` first."""
    return sorted(set(names), key=lambda name: (name != "nothing", name))
