"""How concentrated a map is, whatever it points at."""

import numpy as np
import numpy.typing as npt

from pipeline.errors import BadDataset


def gini_index(map_hw: npt.NDArray[np.floating]) -> float:
    """Return the Gini index of the sizes of a map's values: 0 all equal, near 1 all in one pixel.

    A map of zeros has 0.

    Args:
        map_hw: (y, x) saliency.

    Raises:
        BadDataset: a value is not finite.

    Source: Chalasani et al., Concise Explanations of Neural Networks using Adversarial Training, ICML 2020, section 5,
    after Hurley and Rickard 2009, Table I.
    """
    sizes = np.sort(np.abs(np.asarray(map_hw, dtype=np.float64)).ravel())
    if not np.isfinite(sizes).all():
        raise BadDataset(
            expected="a map of finite values",
            found=f"{int((~np.isfinite(sizes)).sum())} that are not",
            where="the sparseness of a map",
            remedy="leave out the empty slots of queries that have fewer references than others",
        )
    total = sizes.sum()
    if total == 0:
        return 0.0
    n = sizes.size
    places = (n - np.arange(1, n + 1) + 0.5) / n
    return float(1 - 2 * (sizes / total) @ places)
