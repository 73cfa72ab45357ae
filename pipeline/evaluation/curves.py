"""Areas under insertion and deletion curves: how faithful a map is, from scores alone."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

# Of a curve by default, as in the papers: one per cent of the pixels each.
CURVE_STEPS = 100
# Below this range of its own scores a curve says nothing; below this gap the end points do not anchor it.
FLAT_RANGE = 1e-4
SMALLEST_ANCHOR_GAP = 0.02


@dataclass(frozen=True)
class CurvePair:
    """Insertion and deletion of one map against one reference; areas are fractions, not percent.

    Attributes:
        insertion_curve: (steps + 1,) float64 cosine with the reference, from the blank to the full image.
        deletion_curve: (steps + 1,) float64, from the full to the blank image.
        insertion_auc: area under the curve scaled by its own range (larger = more faithful).
        deletion_auc: likewise (smaller = more faithful).
        insertion_auc_anchored: area under the curve scaled by the end points; NaN where their gap is small.
        deletion_auc_anchored: likewise.
        insertion_is_flat: the curve's range is under 1e-4, so its area was set to 0.5.
        deletion_is_flat: likewise.
        is_constant: all values of the map are equal, so that the ranking is the tie-breaking permutation.
    """

    insertion_curve: npt.NDArray[np.float64]
    deletion_curve: npt.NDArray[np.float64]
    insertion_auc: float
    deletion_auc: float
    insertion_auc_anchored: float
    deletion_auc_anchored: float
    insertion_is_flat: bool
    deletion_is_flat: bool
    is_constant: bool


def curve_pair(insertion: npt.NDArray[np.float64], deletion: npt.NDArray[np.float64], is_constant: bool) -> CurvePair:
    """Return both curves with their areas; insertion begins with the blank image's score and ends with the query's."""
    blank_score, full_score = float(insertion[0]), float(insertion[-1])
    insertion_auc, insertion_is_flat = curve_measures(insertion)
    deletion_auc, deletion_is_flat = curve_measures(deletion)
    return CurvePair(
        insertion_curve=insertion,
        deletion_curve=deletion,
        insertion_auc=insertion_auc,
        deletion_auc=deletion_auc,
        insertion_auc_anchored=anchored_auc(insertion, blank_score, full_score),
        deletion_auc_anchored=anchored_auc(deletion, blank_score, full_score),
        insertion_is_flat=insertion_is_flat,
        deletion_is_flat=deletion_is_flat,
        is_constant=is_constant,
    )


def curve_measures(curve: npt.NDArray[np.floating]) -> tuple[float, bool]:
    """Return the area under a curve scaled to its own range, in [0, 1], and whether the curve is flat.

    Args:
        curve: (steps + 1,) scores at equally spaced fractions 0..1 of manipulated pixels.

    Source: v1 4.1 and Table 1 (there x 100). Averaging scaled curves and then integrating, as the paper
    does, equals averaging these areas. A range under 1e-4 is noise: its area is 0.5, to be counted.
    """
    scores = np.asarray(curve, dtype=np.float64)
    lowest, spread = scores.min(), scores.max() - scores.min()
    if spread < FLAT_RANGE:
        return 0.5, True
    return _trapezoid((scores - lowest) / spread), False


def anchored_auc(curve: npt.NDArray[np.floating], blank_score: float, full_score: float) -> float:
    """Return the area under (s_t - s_blank) / (s_full - s_blank), unclipped; NaN if |gap| is under 0.02.

    Own measure: with the same end points for all generators it is monotone in the scores, whereas scaling
    by a curve's own range punishes a curve that falls below the blank score and recovers.
    """
    gap = full_score - blank_score
    if abs(gap) < SMALLEST_ANCHOR_GAP:
        return float("nan")
    return _trapezoid((np.asarray(curve, dtype=np.float64) - blank_score) / gap)


def _trapezoid(values: npt.NDArray[np.float64]) -> float:
    """Return the integral over 0..1 of equally spaced values."""
    return float(np.trapezoid(values, dx=1 / (values.size - 1)))
