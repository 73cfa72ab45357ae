"""VOC's layout as written by the test: indices of masks, folds, and one message for whatever is malformed."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.errors import BadDataset, BadImage, BadSetting, PipelineError
from pipeline.evaluation.segmentation.voc import CLASSES, classes_in, fold_classes, read_voc
from tests.pipeline.evaluation.segmentation.voc_layout import SIDE_PX, write_voc


def test_masks_are_indices_and_the_border_is_no_class(tmp_path: Path) -> None:
    folder = read_voc(write_voc(tmp_path, {"2007_1": (1, 20), "2007_2": ()}), "val")
    assert folder.names == ("2007_1", "2007_2")
    labels = folder.labels("2007_1")
    assert labels.shape == SIDE_PX
    assert set(np.unique(labels)) == {0, 1, 20, 255}
    assert classes_in(labels) == {1, 20}
    assert classes_in(labels, 0.3) == frozenset()
    assert classes_in(folder.labels("2007_2")) == frozenset()
    assert folder.photograph("2007_1").size == SIDE_PX[::-1]


def test_folds_split_the_classes_in_their_order() -> None:
    assert [one for fold in range(4) for one in fold_classes(fold)] == list(range(1, 21))
    # Shaban et al. 2017, Table 1.
    assert [CLASSES[one - 1] for one in fold_classes(2)] == ["diningtable", "dog", "horse", "motorbike", "person"]
    with pytest.raises(BadSetting, match="fold from 0 to 3"):
        fold_classes(4)


def resize_mask(root: Path) -> None:
    path = root / "SegmentationClass/a.png"
    Image.open(path).resize((24, 18)).save(path)


def colour_mask(root: Path) -> None:
    path = root / "SegmentationClass/a.png"
    Image.open(path).convert("RGB").save(path)


def foreign_class(root: Path) -> None:
    Image.fromarray(np.full(SIDE_PX, 62, dtype=np.uint8)).save(root / "SegmentationClass/a.png")


def cut_photograph(root: Path) -> None:
    path = root / "JPEGImages/a.jpg"
    path.write_bytes(path.read_bytes()[:200])


def listed(text: str) -> Callable[[Path], None]:
    return lambda root: (root / "ImageSets/Segmentation/val.txt").write_text(text) and None  # type: ignore[func-returns-value]


@pytest.mark.parametrize(
    ("damage", "error", "message"),
    [
        (resize_mask, BadDataset, "24 x 18 px"),
        (colour_mask, BadDataset, "mode RGB"),
        (foreign_class, BadDataset, "62"),
        (cut_photograph, BadImage, "a.jpg"),
        (listed("a\na\n"), BadDataset, "twice"),
        (listed("a\nb\n"), BadDataset, "no JPEGImages/b.jpg"),
        (listed("../a\n"), BadDataset, "../a"),
        (listed("\n"), BadDataset, "empty"),
    ],
)
def test_what_is_malformed_is_refused(
    tmp_path: Path, damage: Callable[[Path], None], error: type[PipelineError], message: str
) -> None:
    write_voc(tmp_path, {"a": (5,)})
    read_voc(tmp_path, "val").labels("a")
    damage(tmp_path)
    with pytest.raises(error, match=message):
        read_voc(tmp_path, "val").labels("a")


def test_a_list_that_is_not_there_is_named(tmp_path: Path) -> None:
    write_voc(tmp_path, {"a": (5,)})
    with pytest.raises(BadDataset, match="test.txt"):
        read_voc(tmp_path, "test")
    with pytest.raises(BadDataset, match="name of a list"):
        read_voc(tmp_path, "../val")
