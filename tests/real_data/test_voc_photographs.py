"""Real photographs in VOC's layout, where SANE_REAL_DATA names the folder that holds them."""

import os
from collections import Counter
from pathlib import Path

import pytest

from pipeline.errors import BadDataset
from pipeline.evaluation.segmentation.episodes import EpisodeDraw, check_episodes, draw_episodes
from pipeline.evaluation.segmentation.voc import VocFolder, classes_in, read_voc

pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def folder() -> VocFolder:
    """Return the photographs; a folder that is named but missing is a failure, not a reason to skip."""
    named = os.environ.get("SANE_REAL_DATA")
    if not named:
        pytest.skip("SANE_REAL_DATA is not set: it names the folder that holds voc")
    return read_voc(Path(named) / "voc", "trainval")


def test_masks_and_episodes_of_every_fold(folder: VocFolder) -> None:
    classes_of = {name: classes_in(folder.labels(name)) for name in folder.names}
    shown = Counter(one for found in classes_of.values() for one in found)
    assert len(classes_of) == 97
    # Cow and sheep have no image; of horses there is one, which nothing can support.
    assert set(range(1, 21)) - set(shown) == {10, 17}
    assert shown[13] == 1
    drawn = [draw_episodes(classes_of, fold, EpisodeDraw(0)) for fold in range(4)]
    assert sum(len(one.episodes) for one in drawn) == sum(shown.values()) - 1
    assert [one.undrawn for one in drawn] == [0, 0, 1, 0]
    for one in drawn:
        check_episodes(classes_of, one.episodes)


def test_masks_of_coco_are_refused(folder: VocFolder, tmp_path: Path) -> None:
    for name, source in (("JPEGImages",) * 2, ("ImageSets",) * 2, ("SegmentationClass", "SegmentationClassCOCO")):
        (tmp_path / name).symlink_to(folder.root / source)
    with pytest.raises(BadDataset):
        read_voc(tmp_path, "trainval")
