"""Area under the ROC curve of outfits against their replaced copies.

Must not import torch. Cost: one sort, then a pass over the scores for each sample of weights.
"""

import numpy as np
import numpy.typing as npt


def compatibility_auc(real_o: npt.NDArray[np.floating], replaced_o: npt.NDArray[np.floating]) -> float:
    """Return the share (0 to 1) of (real, replaced) combinations in which the real outfit scores higher.

    Equal scores count one half. NaN without outfits.

    Args:
        real_o: score of each outfit.
        replaced_o: score of each outfit's replaced copy.
    """
    return (
        float(weighted_compatibility_auc(real_o, replaced_o, np.ones((1, len(real_o))))[0])
        if len(real_o)
        else float("nan")
    )


def weighted_compatibility_auc(
    real_o: npt.NDArray[np.floating], replaced_o: npt.NDArray[np.floating], counts_so: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return the area for each sample, (sample,) float64, whose outfits occur as often as `counts_so` says.

    Args:
        real_o: score of each outfit.
        replaced_o: score of each outfit's replaced copy, drawn with it.
        counts_so: (sample, outfit) whole numbers.
    """
    scores = np.concatenate([real_o, replaced_o])
    order = np.argsort(scores, kind="stable")
    first_of_level = np.flatnonzero(np.diff(scores[order], prepend=-np.inf))
    is_real = order < len(real_o)
    # Whole numbers in float64: every sum is exact.
    counts_sm = counts_so[:, order % len(real_o)]
    real_sl = np.add.reduceat(counts_sm * is_real, first_of_level, axis=1)
    replaced_sl = np.add.reduceat(counts_sm * ~is_real, first_of_level, axis=1)
    below_sl = np.cumsum(replaced_sl, axis=1) - replaced_sl / 2
    total_s = counts_so.sum(axis=1)
    areas: npt.NDArray[np.float64] = (real_sl * below_sl).sum(axis=1) / total_s**2
    return areas
