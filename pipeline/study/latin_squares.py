"""Latin squares in which every symbol follows every other equally often."""

import numpy as np
import numpy.typing as npt

from pipeline.errors import BadSetting


def williams_square(order: int) -> npt.NDArray[np.int64]:
    """Return a Latin square, (row, position) int64 with symbols 0 to order - 1.

    Every symbol is once in each row and at each position, and over all rows each symbol comes directly after each other
    symbol exactly once, so that what one question does to the next one falls on all alike.

    Source: Williams 1949, Experimental designs balanced for the estimation of residual effects of treatments.

    Raises:
        BadSetting: the order is odd or below 2; one square is not enough there.
    """
    if order < 2 or order % 2:
        raise BadSetting(
            expected="an even number of questions, at least 2",
            found=str(order),
            where="the design of the study",
            remedy="choose an even number",
        )
    # 0, 1, n - 1, 2, n - 2, ...: every difference between neighbours is there once.
    first = [(step + 1) // 2 if step % 2 else (order - step // 2) % order for step in range(order)]
    square_rp: npt.NDArray[np.int64] = (np.arange(order)[:, None] + np.array(first)[None]) % order
    return square_rp
