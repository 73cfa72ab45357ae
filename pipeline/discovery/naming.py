"""Names of discovered attributes: given by hand, or by the label that each agrees with most."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.datasets.names import composed, is_name
from pipeline.errors import BadSetting

LONGEST_NAME = 80
# F1 closer than this counts as equal.
_TIED = 1e-9


@dataclass(frozen=True)
class ClosestLabel:
    """The label that a discovered attribute agrees with most.

    Attributes:
        label: its column.
        f1: of the two over images, 0 to 1.
    """

    label: int
    f1: float


def checked_name(text: str) -> str:
    """Return a name in Unicode's composed form, without white space around it.

    Raises:
        BadSetting: it is empty, longer than LONGEST_NAME characters, or holds control characters or line breaks.
    """
    name = composed(text.strip())
    if not is_name(name) or len(name) > LONGEST_NAME:
        raise BadSetting(
            expected=f"a name of 1 to {LONGEST_NAME} characters on one line",
            found=repr(text[: LONGEST_NAME + 1]),
            where="the name of a discovered attribute",
            remedy="give a shorter one, without control characters",
        )
    return name


def closest_labels(found_nk: npt.NDArray[np.bool_], labels_na: npt.NDArray[np.bool_]) -> list[ClosestLabel | None]:
    """Return for each discovered attribute the label of the highest F1 among those that it tells from others.

    F1 is high with whatever most images have: labels are left out whose F1 with an attribute of every image is as
    high. Ties go to the first; None where no label is left.

    Args:
        found_nk: (image, discovered attribute).
        labels_na: (image, label) of the same images.
    """
    both_ka = found_nk.T.astype(np.float64) @ labels_na.astype(np.float64)
    sizes_ka = found_nk.sum(axis=0)[:, None] + labels_na.sum(axis=0)[None, :]
    f1_ka = np.divide(2 * both_ka, sizes_ka, out=np.zeros_like(both_ka), where=sizes_ka > 0)
    if not f1_ka.shape[1]:
        return [None] * len(f1_ka)
    share_a = labels_na.mean(axis=0) if len(labels_na) else np.zeros(labels_na.shape[1])
    told_ka = np.where(f1_ka > 2 * share_a / (1 + share_a) + _TIED, f1_ka, 0.0)
    return [ClosestLabel(int(row.argmax()), float(row.max())) if row.max() > 0 else None for row in told_ka]
