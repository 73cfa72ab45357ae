"""Is a component of a match more than two unrelated images give?"""

import numpy as np
import numpy.typing as npt


def p_values_of_components(
    joint_n: npt.NDArray[np.floating], unrelated_m: npt.NDArray[np.floating]
) -> npt.NDArray[np.float64]:
    """Return float64 (component,), the share of unrelated pairs whose largest component is at least as large.

    (1 + count) / (1 + pairs), so never 0. Later components of a match are held against the largest of unrelated pairs,
    which is cautious.

    Args:
        joint_n: (component,) joint effect of each component.
        unrelated_m: (pair,) joint effect of the largest component of pairs that do not match.
    """
    ordered_m = np.sort(np.asarray(unrelated_m, dtype=np.float64))
    at_least_n = len(ordered_m) - np.searchsorted(ordered_m, joint_n, side="left")
    p_n: npt.NDArray[np.float64] = (1 + at_least_n) / (1 + len(ordered_m))
    return p_n
