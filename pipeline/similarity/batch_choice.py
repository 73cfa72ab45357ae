"""Images per forward pass, chosen by timing: the smallest batch that is about as fast as any."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pipeline.errors import BadSetting

SMALLEST_FIRST = 8
# Rates this close to the best count as the best: a smaller batch takes less memory.
TOLERANCE = 0.03
# After so many doublings in a row that are not faster, larger ones are not tried.
DOUBLINGS_WITHOUT_GAIN = 2
# Where one pass takes longer, larger ones are not tried either: the choice should cost seconds.
LONGEST_PASS_S = 2.0


@dataclass(frozen=True)
class BatchChoice:
    """A batch size, and images per second of every batch size that was timed, in the order of sizes."""

    batch_size: int
    images_per_second: Mapping[int, float]


def choose_batch_size(measure: Callable[[int], float | None], largest: int) -> BatchChoice:
    """Return the smallest batch size whose rate is within 3 % of the best: 8, 16, ... are timed, and 4, 2, 1 at need.

    Args:
        measure: seconds of one pass of so many images; None where they do not fit into the device's memory.
        largest: no batch beyond it is timed.

    Raises:
        BadSetting: not even one image fits.
    """
    rates: dict[int, float] = {}
    batch, without_gain = min(SMALLEST_FIRST, largest), 0
    while batch <= largest and without_gain < DOUBLINGS_WITHOUT_GAIN:
        seconds = measure(batch)
        if seconds is None:
            break
        rate = batch / seconds
        is_gain = not rates or rate > (1 + TOLERANCE) * max(rates.values())
        without_gain = 0 if is_gain else without_gain + 1
        rates[batch] = rate
        if seconds > LONGEST_PASS_S:
            break
        batch *= 2
    if not rates:
        return largest_that_fits(measure, batch // 2)
    enough = (1 - TOLERANCE) * max(rates.values())
    return BatchChoice(min(size for size, rate in rates.items() if rate >= enough), rates)


def largest_that_fits(measure: Callable[[int], float | None], batch: int) -> BatchChoice:
    """Return the largest batch that fits, timed alone, halving from the given one.

    Raises:
        BadSetting: not even one image fits.
    """
    while batch >= 1:
        seconds = measure(batch)
        if seconds is not None:
            return BatchChoice(batch, {batch: batch / seconds})
        batch //= 2
    raise BadSetting(
        expected="a device whose memory holds the similarity model and one image",
        found="out of memory with one image at a time",
        where='compute.batch_size = "auto"',
        remedy="free the device of other programs, use one with more memory, or a smaller dataset.image_size_px",
    )
