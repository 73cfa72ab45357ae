"""bfloat16 only where it is faster by enough, and where each figure stays within half of the seeds' noise."""

from dataclasses import replace

import pytest

from pipeline.evaluation.precision.verdict import (
    BFLOAT16,
    FLOAT32,
    Agreement,
    MapDifference,
    judge,
    shares_of_noise,
    too_slow,
)

NOISE = MapDifference(error=0.08, top_lost=0.3, insertion_change=0.04, deletion_change=0.02)
HALF = MapDifference(error=0.04, top_lost=0.15, insertion_change=0.02, deletion_change=0.01)
NOTHING = MapDifference(0.0, 0.0, 0.0, 0.0)
FIGURES = ("error", "top_lost", "insertion_change", "deletion_change")


def test_half_of_the_noise_in_every_figure_is_allowed() -> None:
    assert judge(1.25, Agreement(HALF, NOISE, 16)).precision == BFLOAT16


@pytest.mark.parametrize(
    ("figure", "name"), list(zip(FIGURES, ("error", "top 10 %", "insertion", "deletion"), strict=True))
)
def test_a_single_figure_above_half_is_not(figure: str, name: str) -> None:
    beyond = replace(NOTHING, **{figure: getattr(HALF, figure) * 1.02})
    verdict = judge(9.0, Agreement(beyond, NOISE, 16))
    assert verdict.precision == FLOAT32
    assert f"{name} 0.51" in verdict.reason
    within = replace(NOTHING, **{figure: getattr(HALF, figure) * 0.98})
    assert judge(9.0, Agreement(within, NOISE, 16)).precision == BFLOAT16


@pytest.mark.parametrize("figure", FIGURES)
def test_noise_of_one_figure_excuses_nothing_in_another(figure: str) -> None:
    silent = replace(NOISE, **{figure: 0.0})
    assert judge(9.0, Agreement(HALF, silent, 16)).precision == FLOAT32
    assert judge(9.0, Agreement(replace(HALF, **{figure: 0.0}), silent, 16)).precision == BFLOAT16


def test_maps_that_are_alike_do_not_make_up_for_too_little_speed() -> None:
    assert judge(1.24, Agreement(NOTHING, NOISE, 16)).precision == FLOAT32
    slow = too_slow(1.24)
    assert slow is not None
    assert slow.precision == FLOAT32
    assert "1.24 times as fast" in slow.reason
    assert too_slow(1.25) is None


def test_figures_that_are_not_numbers_are_no_agreement() -> None:
    assert judge(9.0, Agreement(replace(HALF, error=float("nan")), NOISE, 16)).precision == FLOAT32


def test_shares_are_told_for_both_verdicts() -> None:
    agreement = Agreement(HALF, NOISE, 16)
    assert shares_of_noise(agreement) == pytest.approx((0.5, 0.5, 0.5, 0.5))
    assert "2.00 times as fast" in judge(2.0, agreement).reason
    assert "deletion 0.50" in judge(2.0, agreement).reason
