"""An interval for the compatibility AUC of outfits, over outfits.

Must not import torch. Cost: a pass over the scores for each bootstrap sample.
"""

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.bootstrap import Interval, check_resampling, resampling_counts
from pipeline.evaluation.corrected_interval import Bootstrapped, corrected_ends, halving_weights
from pipeline.randomness import keyed_rng
from pipeline.similarity.compatibility.auc import compatibility_auc, weighted_compatibility_auc

# Weights held at once; bounds the memory at about 50 MB whatever the number of outfits.
_WEIGHTS_PER_BLOCK = 2_000_000


def compatibility_auc_interval(
    real_o: npt.NDArray[np.floating],
    replaced_o: npt.NDArray[np.floating],
    *,
    seed: int,
    samples: int = 1000,
    confidence: float = 0.95,
) -> Interval:
    """Return `compatibility_auc` with a corrected bootstrap interval over outfits.

    An outfit and its replaced copy are drawn together. n counts outfits. Outfits that share items are drawn
    as if they did not.

    Raises:
        BadSetting: samples or confidence out of range.
    """
    check_resampling(samples, confidence)
    n_outfits = len(real_o)
    value = compatibility_auc(real_o, replaced_o)
    if n_outfits < 2:
        return Interval(value, float("nan"), float("nan"), n_outfits, n_outfits)
    rng = keyed_rng(int(seed), "clustered bootstrap", n_outfits)
    block = max(1, _WEIGHTS_PER_BLOCK // (2 * n_outfits))
    areas = [
        weighted_compatibility_auc(real_o, replaced_o, resampling_counts(n_outfits, min(block, samples - start), rng))
        for start in range(0, samples, block)
    ]
    halved_g = weighted_compatibility_auc(real_o, replaced_o, halving_weights(n_outfits))
    ends = corrected_ends(Bootstrapped(value, np.concatenate(areas), halved_g, n_outfits), confidence)
    return Interval(value, *ends, n_outfits, n_outfits)
