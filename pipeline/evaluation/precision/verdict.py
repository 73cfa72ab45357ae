"""Whether a run may go at reduced precision: judged against the noise that maps have anyway. Needs no torch."""

from dataclasses import astuple, dataclass

FLOAT32, BFLOAT16 = "float32", "bfloat16"

# Half the noise of another mask seed, added in quadrature, makes 1.25 times its variance, which 1 / 1.25 of the masks
# would have as well: where bfloat16 were not faster by as much, fewer masks would be the better bargain.
LARGEST_SHARE_OF_NOISE = 0.5
LEAST_SPEEDUP = 1 + LARGEST_SHARE_OF_NOISE**2


@dataclass(frozen=True)
class MapDifference:
    """How far apart two maps of the same pairs are, each figure a mean over pairs; all 0 where they are equal.

    Attributes:
        error: mean absolute difference of pixels, as a share of the first map's range.
        top_lost: share of the first map's top 10 % of pixels that are not in the other's.
        insertion_change: absolute difference of the areas under their insertion curves.
        deletion_change: likewise of deletion.
    """

    error: float
    top_lost: float
    insertion_change: float
    deletion_change: float


@dataclass(frozen=True)
class Agreement:
    """What reduced precision changes, beside what chance changes.

    Attributes:
        reduced: bfloat16 against float32, with the same masks.
        other_seed: float32 against float32 with the masks of another seed.
        maps: compared.
    """

    reduced: MapDifference
    other_seed: MapDifference
    maps: int


@dataclass(frozen=True)
class Verdict:
    """The precision of a run's similarity passes, and why in words, with the figures behind it."""

    precision: str
    reason: str


# In the order of MapDifference.
NAMES = ("error", "top 10 %", "insertion", "deletion")


def too_slow(speedup: float) -> Verdict | None:
    """Return the verdict where speed settles it: float32; None where maps have to be compared.

    Args:
        speedup: images per second in bfloat16 by those in float32, on the device of the run.
    """
    if speedup >= LEAST_SPEEDUP:
        return None
    return Verdict(
        FLOAT32, f"bfloat16 is {speedup:.2f} times as fast on this device; at least {LEAST_SPEEDUP:.2f} is asked of it"
    )


def judge(speedup: float, agreement: Agreement) -> Verdict:
    """Return bfloat16 where it is fast enough and none of its figures exceeds half of the seeds' own noise.

    Args:
        speedup: see `too_slow`.
        agreement: of maps at both precisions.
    """
    slow = too_slow(speedup)
    if slow is not None:
        return slow
    shares = shares_of_noise(agreement)
    listed = ", ".join(f"{name} {share:.2f}" for name, share in zip(NAMES, shares, strict=True))
    beyond = [name for name, share in zip(NAMES, shares, strict=True) if not share <= LARGEST_SHARE_OF_NOISE]
    figures = f"{speedup:.2f} times as fast, and of what another mask seed changes in maps it changes {listed}"
    if beyond:
        return Verdict(FLOAT32, f"bfloat16 is {figures}; at most {LARGEST_SHARE_OF_NOISE} is allowed")
    return Verdict(BFLOAT16, f"it is {figures}")


def shares_of_noise(agreement: Agreement) -> tuple[float, ...]:
    """Return each figure of reduced precision by that of another seed; infinite where only the first is above 0."""
    pairs = zip(astuple(agreement.reduced), astuple(agreement.other_seed), strict=True)
    return tuple(_share(change, noise) for change, noise in pairs)


def _share(change: float, noise: float) -> float:
    if change == 0:
        return 0.0
    return change / noise if noise > 0 else float("inf")
