"""The smallest batch that is about as fast as any, found with a clock and a memory that are made up."""

import pytest

from pipeline.errors import BadSetting
from pipeline.similarity.batch_choice import LONGEST_PASS_S, choose_batch_size


class Clock:
    """Gives the seconds of a pass by images per second, and None beyond what fits."""

    def __init__(self, rates: dict[int, float], fits: int = 10**6) -> None:
        self.rates = rates
        self.fits = fits
        self.tried: list[int] = []

    def __call__(self, batch: int) -> float | None:
        self.tried.append(batch)
        return batch / self.rates[batch] if batch <= self.fits else None


def test_the_best_is_taken_and_two_doublings_without_gain_end_the_search() -> None:
    clock = Clock({8: 5000.0, 16: 9000.0, 32: 12000.0, 64: 10000.0, 128: 9000.0, 256: 99999.0})
    choice = choose_batch_size(clock, 512)
    assert choice.batch_size == 32
    assert clock.tried == [8, 16, 32, 64, 128]
    assert list(choice.images_per_second) == clock.tried
    assert choice.images_per_second[64] == pytest.approx(10000)


def test_a_smaller_batch_within_three_per_cent_is_preferred() -> None:
    near = choose_batch_size(Clock({8: 5000.0, 16: 9710.0, 32: 10000.0, 64: 10000.0}), 512)
    assert near.batch_size == 16
    far = choose_batch_size(Clock({8: 5000.0, 16: 9690.0, 32: 10000.0, 64: 10000.0, 128: 1.0}), 512)
    assert far.batch_size == 32


def test_one_doubling_without_gain_is_no_reason_to_stop() -> None:
    assert choose_batch_size(Clock({8: 5000.0, 16: 4000.0, 32: 9000.0}), 32).batch_size == 32


def test_nothing_beyond_the_largest_is_timed() -> None:
    clock = Clock({size: 1000.0 * size for size in (4, 8, 16, 32, 64)})
    assert choose_batch_size(clock, 32).batch_size == 32
    assert clock.tried == [8, 16, 32]
    assert choose_batch_size(clock, 4).batch_size == 4


def test_memory_ends_the_search_and_what_fitted_is_judged() -> None:
    clock = Clock({8: 5000.0, 16: 9000.0, 32: 20000.0}, fits=16)
    assert choose_batch_size(clock, 512).batch_size == 16
    assert clock.tried == [8, 16, 32]


def test_where_eight_do_not_fit_fewer_are_tried() -> None:
    clock = Clock({2: 300.0}, fits=2)
    choice = choose_batch_size(clock, 512)
    assert (choice.batch_size, clock.tried) == (2, [8, 4, 2])


def test_where_one_image_does_not_fit_the_message_says_so() -> None:
    clock = Clock({}, fits=0)
    with pytest.raises(BadSetting, match="one image at a time"):
        choose_batch_size(clock, 512)
    assert clock.tried == [8, 4, 2, 1]


def test_a_slow_model_is_not_timed_for_minutes() -> None:
    clock = Clock({8: 5.0, 16: 7.0, 32: 9.0})
    assert 8 / 5 < LONGEST_PASS_S < 16 / 7
    assert choose_batch_size(clock, 512).batch_size == 16
    assert clock.tried == [8, 16]
