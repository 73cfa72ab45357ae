"""The power of simulated studies: none without an effect, that of the formula without spreads, less with them."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit

from pipeline.study.sample_size import AssumedAnswers, Power, power_by_subjects, subjects_needed

PLAIN = AssumedAnswers(0.5, None, 0.0, 0.0, questions=10, items=40)


def powers(assumed: AssumedAnswers, sizes: tuple[int, ...] = (20,)) -> list[float]:
    return [found.power for found in power_by_subjects(assumed, 0, 300, sizes)]


def test_without_an_effect_one_study_in_twenty_finds_one() -> None:
    for assumed in (replace(PLAIN, log_odds=0.0, subject_spread=1.0), replace(PLAIN, baseline_log_odds=0.5)):
        # 15 of 300 on average; more than 27 once in 500 times.
        assert powers(assumed)[0] <= 0.09


def test_without_spreads_it_is_the_power_of_a_share() -> None:
    share, answers = float(expit(0.5)), 20 * 10
    error = np.sqrt(share * (1 - share) / answers)
    wanted = float(stats.norm.sf(1.96 - (share - 0.5) / error))
    assert powers(PLAIN)[0] == pytest.approx(wanted, abs=0.07)
    # A broken copy that counts each subject once is far from it.
    assert abs(wanted - float(stats.norm.sf(1.96 - (share - 0.5) / (error * np.sqrt(10))))) > 0.2


def test_more_subjects_help_and_spread_guessing_and_smaller_effects_cost() -> None:
    found = powers(PLAIN, (5, 10, 20, 40))
    assert found == sorted(found)
    for costly in (
        replace(PLAIN, subject_spread=1.5),
        replace(PLAIN, guessing=0.4),
        replace(PLAIN, log_odds=0.2),
        replace(PLAIN, questions=3),
    ):
        assert powers(costly)[0] < found[2] - 0.1


def test_draws_are_those_of_seed_and_size() -> None:
    assert powers(PLAIN, (10, 20)) == powers(PLAIN, (20, 10))[::-1]


def test_needed_is_the_size_from_which_on_the_power_suffices() -> None:
    found = [Power(5, 0.4), Power(10, 0.81), Power(20, 0.79), Power(40, 0.9), Power(80, 1.0)]
    assert subjects_needed(found, 0.8) == 40
    assert subjects_needed(found, 0.95) == 80
    assert subjects_needed(found[:3], 0.8) is None
