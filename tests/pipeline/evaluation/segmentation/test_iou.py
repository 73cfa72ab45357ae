"""IoU by hand and against loops over pixels; broken copies and figures without an interval are noticed."""

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from pipeline.evaluation.bootstrap import Resampling
from pipeline.evaluation.segmentation import iou
from tests.oracles import segmentation as oracle
from tests.pipeline.evaluation.broken_copy import broken_copy

# One row of six pixels: class 3 is sought, 7 is another class, 255 the border.
LABELS = np.array([[3, 3, 0, 7, 255, 255]], dtype=np.uint8)
FOUND = np.array([[True, False, True, True, True, False]])


def segmented(seed: int = 5) -> list[tuple[int, int, np.ndarray, np.ndarray]]:
    """Return episodes of two folds and of classes with unequally many episodes."""
    rng = np.random.default_rng(seed)
    return [
        (fold, target, rng.random((6, 7)) < 0.4, rng.choice([0, 1, 2, 8, 255], (6, 7)).astype(np.uint8))
        for fold, target in [(0, 1), (0, 2), (0, 2), (0, 2), (1, 8), (0, 1), (1, 8)]
    ]


def scored(tested: ModuleType = iou) -> iou.Scored:
    episodes = segmented()
    folds, targets = (np.array(column) for column in list(zip(*episodes, strict=True))[:2])
    counts = np.array([tested.pixel_counts(found, labels, target) for _, target, found, labels in episodes])
    found: iou.Scored = tested.Scored(folds, targets, np.array([0, 0, 1, 2, 3, 4, 4]), counts)
    return found


def assert_overlaps(tested: ModuleType = iou) -> None:
    assert tested.pixel_counts(FOUND, LABELS, 3).tolist() == [1, 2, 1, 0]
    assert tested.pixel_counts(FOUND, LABELS, 7).tolist() == [1, 2, 0, 1]
    loops = [(fold, target, mask.astype(int).tolist(), labels.tolist()) for fold, target, mask, labels in segmented()]
    rows = scored(tested).rows
    assert tested.mean_iou(rows) == pytest.approx(oracle.mean_iou(loops))  # type: ignore[arg-type]
    assert tested.binary_iou(rows) == pytest.approx(oracle.binary_iou(loops))  # type: ignore[arg-type]


def test_counts_by_hand_and_figures_by_loops() -> None:
    assert_overlaps()


def test_figures_by_hand() -> None:
    # Class 1: 2 of 4 pixels, class 2: 3 + 0 of 4 + 2 pixels; ground 10 of 13 in all.
    rows = np.array([[0, 1, 2, 1, 1, 4], [0, 2, 3, 0, 1, 4], [0, 2, 0, 1, 1, 2]], dtype=float)
    assert iou.mean_iou(rows) == pytest.approx((2 / 4 + 3 / 6) / 2)
    assert iou.binary_iou(rows) == pytest.approx((5 / 10 + 10 / 15) / 2)
    assert np.isnan(iou.mean_iou(rows[:0]))


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("labels_yx != IGNORED", "labels_yx >= 0"),
        ("labels_yx == target", "(labels_yx > 0) & (labels_yx != IGNORED)"),
        ("found_yx & ~is_object_yx,\n        ~found_yx & is_object_yx", "~found_yx & is_object_yx,\n        found_yx"),
        ("counts_4[FALSE_OBJECT] + counts_4[MISSED_OBJECT])", "counts_4[FALSE_OBJECT])"),
        ("rows_e6[targets_e == one, 2:]", "rows_e6[targets_e != one, 2:]"),
        ("_class_ious(rows_e6[rows_e6[:, 0] == fold])", "_class_ious(rows_e6)"),
        ("[_object_iou(counts_4), _share(", "[_object_iou(counts_4), _object_iou(counts_4), _share("),
    ],
)
def test_a_broken_copy_is_found(tmp_path: Path, right: str, wrong: str) -> None:
    with pytest.raises(AssertionError):
        assert_overlaps(broken_copy(iou, tmp_path, right, wrong))


@pytest.mark.parametrize("cluster", ["image", "class"])
@pytest.mark.parametrize("measure", ["mean IoU", "binary IoU"])
def test_intervals_hold_the_figure_and_name_their_clusters(measure: str, cluster: str) -> None:
    of_fold = scored().of_fold(0)
    found = iou.iou_interval(of_fold, measure, cluster, Resampling(0, 200))
    assert found.value == pytest.approx(iou.MEASURES[measure](of_fold.rows))
    assert found.low <= found.value <= found.high
    assert found.low < found.high
    assert found.n_clusters == (4 if cluster == "image" else 2)


def test_a_difference_is_that_of_both_figures_and_none_of_equal_ones() -> None:
    first = scored()
    second = iou.Scored(first.folds_e, first.targets_e, first.images_e, first.counts_e4[:, [0, 2, 1, 3]] + 1)
    found = iou.iou_difference(first, second, iou.MEAN, Resampling(0, 200))
    assert found.value == pytest.approx(iou.mean_iou(first.rows) - iou.mean_iou(second.rows))
    nothing = iou.iou_difference(first, first, iou.BINARY, Resampling(0, 200))
    assert (nothing.value, nothing.low, nothing.high) == (0, 0, 0)
