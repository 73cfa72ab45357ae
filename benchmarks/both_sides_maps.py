"""A map of one side of a match that joint effects and RISE's map agree on."""

import numpy as np
import numpy.typing as npt


def agreed_map(joint_u: npt.NDArray[np.floating], one_sided_u: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Return float64 (cell,): high where a cell adds to the score both with the other image's cells and by itself.

    The geometric mean of the image's joint map and its one-sided map, with the sign of the latter: a cell that by
    itself lowers the score is negative, the lower the larger both are.

    Args:
        joint_u: of joint_maps, at least 0.
        one_sided_u: of one_sided_map, of the same image.
    """
    agreed_u: npt.NDArray[np.float64] = np.sign(one_sided_u) * np.sqrt(np.abs(one_sided_u) * joint_u)
    return agreed_u
