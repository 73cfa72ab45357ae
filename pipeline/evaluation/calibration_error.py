"""How far stated probabilities are from what happens. Must not import torch."""

import numpy as np
import numpy.typing as npt

CALIBRATION_BINS = 10


def expected_calibration_error(
    probability_p: npt.NDArray[np.floating], right_p: npt.NDArray[np.floating], bins: int = CALIBRATION_BINS
) -> float:
    """Return the mean distance of stated probability and share of right answers over bins of equally many pairs.

    Pairs where either is NaN are left out; NaN without any. With few pairs in a bin it is above 0 by chance alone.

    Source: Guo et al. (2017), with bins of equal size as in Nixon et al. (2019).
    """
    known_p = ~(np.isnan(probability_p) | np.isnan(right_p))
    if not known_p.any():
        return float("nan")
    order = np.argsort(probability_p[known_p], kind="stable")
    stated, right = probability_p[known_p][order], right_p[known_p][order]
    parts = [part for part in np.array_split(np.arange(len(stated)), bins) if len(part)]
    return float(sum(len(part) * abs(stated[part].mean() - right[part].mean()) for part in parts) / len(stated))
