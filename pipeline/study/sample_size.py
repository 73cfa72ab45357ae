"""How many subjects a study needs, by simulating studies."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import stats
from scipy.special import expit

from pipeline.randomness import keyed_rng

CHANCE: Final = 0.5
SUBJECTS: Final = (5, 10, 15, 20, 30, 40, 60, 80, 120, 160, 240, 320)
_LEVEL: Final = 0.05


@dataclass(frozen=True)
class AssumedAnswers:
    """How subjects are taken to answer.

    Attributes:
        log_odds: of choosing what counts, average subject and item.
        baseline_log_odds: in the condition that it is compared with; None: it is compared with chance.
        subject_spread: standard deviation of subjects, log odds.
        item_spread: of items.
        questions: that a subject answers, in each condition.
        items: in the pool; each subject sees as many of them as there are questions.
        guessing: share of answers that are given at random.
    """

    log_odds: float
    baseline_log_odds: float | None
    subject_spread: float
    item_spread: float
    questions: int
    items: int
    guessing: float = 0.0


@dataclass(frozen=True)
class Power:
    """How often studies of a size tell the effect from none.

    Attributes:
        subjects: in a study.
        power: share of simulated studies with p < 0.05.
    """

    subjects: int
    power: float


def power_by_subjects(
    assumed: AssumedAnswers, seed: int, simulations: int = 400, sizes: Sequence[int] = SUBJECTS
) -> list[Power]:
    """Return the power of studies by their number of subjects.

    The test is Student's over the subjects' own shares, or their differences: close to the interval over subjects, and
    fast enough to be repeated.

    Args:
        assumed: what is simulated.
        seed: keys the draws together with the size.
        simulations: studies of each size; the power's own standard error is at most 0.5 / sqrt(simulations).
        sizes: numbers of subjects.
    """
    return [Power(size, _power(assumed, size, seed, simulations)) for size in sizes]


def subjects_needed(powers: Sequence[Power], wanted: float) -> int | None:
    """Return the least number of subjects from which on the power is at least so large; None where none is."""
    least = None
    for power in sorted(powers, key=lambda found: -found.subjects):
        if power.power < wanted:
            break
        least = power.subjects
    return least


def _power(assumed: AssumedAnswers, subjects: int, seed: int, simulations: int) -> float:
    rng = keyed_rng(seed, "study power", subjects)
    found = 0
    for values_s in _simulated(assumed, subjects, rng, simulations):
        mean, error = abs(values_s.mean()), values_s.std(ddof=1) / np.sqrt(subjects)
        # Subjects who all answer alike tell any difference from none.
        is_found = mean > 0 if error == 0 else 2 * stats.t.sf(mean / error, subjects - 1) < _LEVEL
        found += bool(is_found)
    return found / simulations


def _simulated(
    assumed: AssumedAnswers, subjects: int, rng: np.random.Generator, simulations: int
) -> Iterator[npt.NDArray[np.float64]]:
    """Yield of each study (subject,) share above chance, or the difference of two conditions."""
    for _ in range(simulations):
        subject_s1 = rng.normal(0, assumed.subject_spread, (subjects, 1))
        item_i = rng.normal(0, assumed.item_spread, assumed.items)

        def share(log_odds: float, subject_s1: npt.NDArray[np.float64], item_i: npt.NDArray[np.float64]) -> np.ndarray:
            # The questions of a subject are different items.
            drawn_sq = rng.random((subjects, assumed.items)).argsort(axis=1)[:, : assumed.questions]
            chance_sq = expit(log_odds + subject_s1 + item_i[drawn_sq])
            chance_sq = (1 - assumed.guessing) * chance_sq + assumed.guessing * CHANCE
            return np.asarray((rng.random(chance_sq.shape) < chance_sq).mean(axis=1), dtype=np.float64)

        first_s = share(assumed.log_odds, subject_s1, item_i)
        if assumed.baseline_log_odds is None:
            yield first_s - CHANCE
        else:
            yield first_s - share(assumed.baseline_log_odds, subject_s1, item_i)
