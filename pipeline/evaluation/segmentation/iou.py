"""Overlap of found and true masks: mean IoU over classes, and binary IoU of object and ground, per fold.

Pixels are summed over all episodes before they are divided, as PASCAL-5i's evaluation does (Shaban et al. 2017): of the
class for mean IoU, of the fold for binary IoU (Rakelly et al. 2018). SAM's Table 4 says binary IoU, its text mean IoU.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.bootstrap import Interval, Resampling, clustered_interval
from pipeline.evaluation.clustered_statistic import clustered_statistic
from pipeline.evaluation.segmentation.voc import IGNORED, Labels

MEAN, BINARY = "mean IoU", "binary IoU"
IMAGE, CLASS = "image", "class"
# Columns of the counts of an episode.
TRUE_OBJECT, FALSE_OBJECT, MISSED_OBJECT, TRUE_GROUND = range(4)

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Scored:
    """Episodes that were segmented.

    Attributes:
        folds_e: int64 (episode,).
        targets_e: int64 (episode,) the class that was sought.
        images_e: int64 (episode,) a number of the test image.
        counts_e4: int64 (episode, 4), see pixel_counts.
    """

    folds_e: npt.NDArray[np.int64]
    targets_e: npt.NDArray[np.int64]
    images_e: npt.NDArray[np.int64]
    counts_e4: npt.NDArray[np.int64]

    def of_fold(self, fold: int) -> "Scored":
        """Return the episodes of a fold."""
        kept_e = self.folds_e == fold
        return Scored(self.folds_e[kept_e], self.targets_e[kept_e], self.images_e[kept_e], self.counts_e4[kept_e])

    @property
    def rows(self) -> Floats:
        """float64 (episode, 6): fold, class, counts."""
        return np.column_stack([self.folds_e, self.targets_e, self.counts_e4]).astype(np.float64)


def pixel_counts(found_yx: npt.NDArray[np.bool_], labels_yx: Labels, target: int) -> npt.NDArray[np.int64]:
    """Return int64 (4,): pixels found rightly, found wrongly, missed, and rightly left out; the border counts nowhere.

    Args:
        found_yx: the object as found.
        labels_yx: true indices of classes, of the same shape.
        target: the class that was sought; all others are ground.
    """
    is_counted_yx = labels_yx != IGNORED
    is_object_yx = labels_yx == target
    cases = (
        found_yx & is_object_yx,
        found_yx & ~is_object_yx,
        ~found_yx & is_object_yx,
        ~found_yx & ~is_object_yx,
    )
    return np.array([np.count_nonzero(case & is_counted_yx) for case in cases], dtype=np.int64)


def mean_iou(rows_e6: Floats) -> float:
    """Return the mean over folds of the mean over their classes of the object's IoU, 0 to 1; NaN of nothing.

    Args:
        rows_e6: (episode, 6) fold, class, counts.
    """
    folds = np.unique(rows_e6[:, 0])
    return _mean([_mean(list(_class_ious(rows_e6[rows_e6[:, 0] == fold]).values())) for fold in folds])


def binary_iou(rows_e6: Floats) -> float:
    """Return the mean over folds of the mean of the object's and the ground's IoU, whatever the class, 0 to 1."""
    folds = np.unique(rows_e6[:, 0])
    return _mean([_both_ious(rows_e6[rows_e6[:, 0] == fold, 2:].sum(axis=0)) for fold in folds])


MEASURES = {MEAN: mean_iou, BINARY: binary_iou}


def iou_interval(scored: Scored, measure: str, cluster: str, resampling: Resampling) -> Interval:
    """Return a measure, 0 to 1, with its 95 % bootstrap interval over test images or over classes.

    Args:
        scored: of one fold, or of several, whose figures are averaged.
        measure: one of MEASURES.
        cluster: "image", or "class": then the interval speaks of other classes, but there are only five in a fold.
        resampling: seed and number of samples.
    """
    if cluster == CLASS and measure == MEAN and len(np.unique(scored.folds_e)) == 1:
        # A class drawn twice has to count twice in a mean over classes.
        values_c = np.array(list(_class_ious(scored.rows).values()))
        return clustered_interval(values_c, np.arange(len(values_c)), seed=resampling.seed, samples=resampling.samples)
    clusters_e = scored.images_e if cluster == IMAGE else scored.targets_e
    return clustered_statistic(scored.rows, clusters_e, MEASURES[measure], resampling)


def iou_difference(first: Scored, second: Scored, measure: str, resampling: Resampling) -> Interval:
    """Return the first's measure less the second's, on the same episodes, with an interval over test images."""
    together = np.column_stack([first.rows, second.counts_e4])

    def difference(rows_em: Floats) -> float:
        return MEASURES[measure](rows_em[:, :6]) - MEASURES[measure](rows_em[:, [0, 1, 6, 7, 8, 9]])

    return clustered_statistic(together, first.images_e, difference, resampling)


def _class_ious(rows_e6: Floats) -> dict[int, float]:
    """Return the object's IoU of each class by its index, pixels summed over its episodes."""
    targets_e = rows_e6[:, 1]
    return {int(one): _object_iou(rows_e6[targets_e == one, 2:].sum(axis=0)) for one in np.unique(targets_e)}


def _both_ious(counts_4: Floats) -> float:
    ground = counts_4[TRUE_GROUND], counts_4[FALSE_OBJECT] + counts_4[MISSED_OBJECT]
    return _mean([_object_iou(counts_4), _share(ground[0], ground[0] + ground[1])])


def _object_iou(counts_4: Floats) -> float:
    return _share(counts_4[TRUE_OBJECT], counts_4[TRUE_OBJECT] + counts_4[FALSE_OBJECT] + counts_4[MISSED_OBJECT])


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole else float("nan")


def _mean(values: list[float]) -> float:
    return float(np.mean(values)) if values else float("nan")
