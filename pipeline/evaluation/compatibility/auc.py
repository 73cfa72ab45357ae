"""Area under the ROC curve of outfits against their replaced copies, with a bootstrap interval over outfits.

Must not import torch. Cost: one sort, then a pass over the scores for each bootstrap sample.
"""

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.bootstrap import Interval, check_resampling, resampling_counts
from pipeline.randomness import keyed_rng

# Weights held at once; bounds the memory at about 50 MB whatever the number of outfits.
_WEIGHTS_PER_BLOCK = 2_000_000


def compatibility_auc(real_o: npt.NDArray[np.floating], replaced_o: npt.NDArray[np.floating]) -> float:
    """Return the share (0 to 1) of (real, replaced) combinations in which the real outfit scores higher.

    Equal scores count one half. NaN without outfits.

    Args:
        real_o: score of each outfit.
        replaced_o: score of each outfit's replaced copy.
    """
    return float(_weighted_auc(real_o, replaced_o, np.ones((1, len(real_o))))[0]) if len(real_o) else float("nan")


def compatibility_auc_interval(
    real_o: npt.NDArray[np.floating],
    replaced_o: npt.NDArray[np.floating],
    *,
    seed: int,
    samples: int = 1000,
    confidence: float = 0.95,
) -> Interval:
    """Return the same with a percentile bootstrap interval: an outfit and its replaced copy are drawn together.

    n counts outfits. Outfits that share items are drawn as if they did not.

    Raises:
        BadSetting: samples or confidence out of range.
    """
    check_resampling(samples, confidence)
    n_outfits = len(real_o)
    value, low, high = compatibility_auc(real_o, replaced_o), float("nan"), float("nan")
    if n_outfits > 1:
        rng = keyed_rng(int(seed), "clustered bootstrap", n_outfits)
        block = max(1, _WEIGHTS_PER_BLOCK // (2 * n_outfits))
        areas = [
            _weighted_auc(real_o, replaced_o, resampling_counts(n_outfits, min(block, samples - start), rng))
            for start in range(0, samples, block)
        ]
        low, high = np.quantile(np.concatenate(areas), [(1 - confidence) / 2, (1 + confidence) / 2]).tolist()
    return Interval(value, low, high, n_outfits, n_outfits)


def _weighted_auc(
    real_o: npt.NDArray[np.floating], replaced_o: npt.NDArray[np.floating], counts_so: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return the area for each sample, (sample,), whose outfits occur as often as `counts_so` says."""
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
