"""Correction of p-values for how many there are. Must not import torch."""

import numpy as np
import numpy.typing as npt


def holm(p_values: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Return Holm's step-down adjusted p-values, in the order given; NaN stays NaN and is not counted.

    Source: Holm 1979, A simple sequentially rejective multiple test procedure.
    """
    adjusted = np.full(p_values.shape, np.nan)
    tested = np.flatnonzero(~np.isnan(p_values))
    order = tested[np.argsort(p_values[tested], kind="stable")]
    still_open = np.arange(order.size, 0, -1)
    adjusted[order] = np.maximum.accumulate(np.minimum(1.0, p_values[order] * still_open))
    return adjusted
