"""GrabCut finds what the seeds point at, and finds the same whatever was drawn before."""

from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest

from pipeline.errors import BadDataset, BadSetting
from pipeline.evaluation.segmentation import grabcut
from pipeline.evaluation.segmentation.grabcut import GrabCutSpec, cut_out
from tests.pipeline.evaluation.broken_copy import broken_copy


def red_square() -> tuple[np.ndarray, np.ndarray]:
    """Return a noisy picture of a red square on green, and where the square is."""
    rng = np.random.default_rng(0)
    is_square = np.zeros((40, 40), dtype=bool)
    is_square[12:28, 8:30] = True
    picture = np.where(is_square[..., None], [200, 40, 40], [40, 160, 60]) + rng.integers(-20, 20, (40, 40, 3))
    return picture.astype(np.uint8), is_square


def test_a_few_seeds_give_the_whole_object() -> None:
    picture, is_square = red_square()
    seeds = np.full((40, 40), cv2.GC_PR_BGD, dtype=np.uint8)
    seeds[18:22, 16:22] = cv2.GC_FGD
    seeds[:4] = cv2.GC_BGD
    found = cut_out(picture, seeds, GrabCutSpec())
    assert found.dtype == bool
    assert (found == is_square).mean() > 0.99
    # Seeds on the ground give the ground.
    turned = cut_out(picture, np.where(seeds == cv2.GC_FGD, cv2.GC_BGD, seeds[::-1]).astype(np.uint8), GrabCutSpec())
    assert (turned == is_square).mean() < 0.9


def cuts_after_other_draws(tested: ModuleType) -> set[bytes]:
    """Return the masks of one picture of many colours with OpenCV's generator left in several states."""
    rng = np.random.default_rng(0)
    patches = np.kron(rng.integers(0, 256, (8, 8, 3)), np.ones((6, 6, 1)))
    picture = np.clip(patches + rng.normal(0, 10, patches.shape), 0, 255).astype(np.uint8)
    seeds = np.full((48, 48), cv2.GC_PR_BGD, dtype=np.uint8)
    seeds[12:36, 12:36] = cv2.GC_PR_FGD
    seeds[20:28, 20:28] = cv2.GC_FGD
    found = set()
    for drawn in range(8):
        cv2.setRNGSeed(drawn)
        found.add(tested.cut_out(picture, seeds, GrabCutSpec()).tobytes())
    return found


def test_the_same_picture_and_seeds_give_the_same_mask(tmp_path: Path) -> None:
    assert len(cuts_after_other_draws(grabcut)) == 1
    broken = broken_copy(grabcut, tmp_path, "cv2.setRNGSeed(spec.seed)", "pass")
    assert len(cuts_after_other_draws(broken)) > 1


def test_seeds_stay_as_they_are_and_too_few_are_taken_as_they_are() -> None:
    picture, _ = red_square()
    seeds = np.full((40, 40), cv2.GC_BGD, dtype=np.uint8)
    seeds[0, :4] = cv2.GC_PR_FGD
    kept = seeds.copy()
    found = cut_out(picture, seeds, GrabCutSpec())
    assert np.flatnonzero(found).tolist() == [0, 1, 2, 3]
    assert (seeds == kept).all()


def test_seeds_of_another_size_and_settings_out_of_range_are_refused() -> None:
    picture, _ = red_square()
    with pytest.raises(BadDataset, match="place the map"):
        cut_out(picture, np.zeros((40, 39), dtype=np.uint8), GrabCutSpec())
    for spec in ({"iterations": 0}, {"seed": -1}):
        with pytest.raises(BadSetting, match="iteration"):
            GrabCutSpec(**spec)
